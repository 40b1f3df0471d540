"""Microbenchmarks on the machine under emu: the same text, called from pinned threads, medians of several repetitions.

The time-stamp counter need not count core cycles: a chain of additions, one cycle each on any core that runs the rest, is timed
beside each sample and says how many ticks a cycle has.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

from emu.calibrate import branch_loops, exchanges, instruction_loops, memory_loops
from emu.calibrate.benchmark import PAGE_BYTES, Exchange, HeatMap, Loop, Measurement, PingPong, of_samples, with_terms
from emu.calibrate.emulated import lay_lines
from emu.calibrate.host_facts import Facts, host_facts
from emu.calibrate.native_memory import Code, Data, pinned
from emu.calibrate.routine import CLOCK, function, timed
from emu.calibrate.system_routines import GROUP as SYSTEM
from emu.description.instruction_table import InstructionTable

SCHEMA = "emu-calibrate-host/1"
REPETITIONS = 9
CPUS_MAX = 8  # of the map between cores
CHAIN_ADDS, CHAIN_TURNS = 64, 512
PING_PONG_FACTOR = 50  # what the threads take to meet is small beside so many times the turns of the emulated machine
CLOCK_SECONDS = 0.05
SYSTEM_CALL = "system call round trip (getppid)"
GETPPID = 0x6E
Progress = Callable[[int, int], None]


def system_call() -> Loop:
    """A system call that does next to nothing; what the kernel does on the way in and out is in it."""
    routine = timed("native_system_call", (), (f"mov eax, {GETPPID:#x}", "syscall"))
    return Loop(SYSTEM_CALL, SYSTEM, routine, operations=1, lengths=(500, 1500), warm=500)


class Host:
    """Code and data of all benchmarks in this process."""

    def __init__(self, table: InstructionTable, facts: Facts | None = None) -> None:
        """Map them, loops of instructions for the rows of a table; a machine or kernel that does not allow it is a `UserError`."""
        by_user = [each for each in instruction_loops.loops(table) if each.native]
        self.loops = [*memory_loops.loops(0), *branch_loops.loops(), *by_user, system_call()]
        chain = timed("chain", ("mov ecx, 0x1",), ("add rax, rcx",) * CHAIN_ADDS)
        routines = [each.routine for each in self.loops]
        self.code = Code([chain, function("clock", CLOCK), *routines, *exchanges.routines()])
        self.facts = facts or host_facts()

    def ticks_a_cycle(self) -> float:
        """Time-stamp ticks of one core cycle, just now."""
        return self.code["chain"](0, CHAIN_TURNS, 0) / (CHAIN_ADDS * CHAIN_TURNS)

    def ticks_a_second(self) -> float:
        """Time-stamp ticks of one second of the kernel's clock."""
        clock = self.code["clock"]
        begin, first = time.perf_counter(), clock(0, 0, 0)
        time.sleep(CLOCK_SECONDS)
        return (clock(0, 0, 0) - first) / (time.perf_counter() - begin)

    def loop(self, each: Loop, repetitions: int) -> list[float]:
        """Samples of a loop in cycles of one operation, its `add` left out."""
        data = Data(each.data_bytes)
        routine, factor = self.code[each.routine.name], each.native_factor
        short, long = (length * factor for length in each.lengths)
        samples: list[float] = []
        done = 0

        def run(iterations: int) -> int:
            nonlocal done
            ticks = routine(data.address + each.place(done), iterations, 0)
            done += iterations
            return ticks

        for repetition in range(repetitions):
            if repetition == 0 or each.renew:
                if each.layout is not None:
                    each.layout(data.words[: each.data_bytes // 8], data.address, np.random.default_rng(repetition))
                done = 0
                run(each.native_warm or each.warm * factor)
            scale = self.ticks_a_cycle()
            first = run(short)
            samples.append((run(long) - first) / (each.operations * (long - short)) / scale)
        return samples

    def exchange(self, each: Exchange, threads: tuple[ThreadPoolExecutor, ThreadPoolExecutor], repetitions: int) -> list[float]:
        """Samples of an exchange in cycles of a line; the first thread asks."""
        data = Data(3 * PAGE_BYTES)
        lay_lines(data.words, data.address, PAGE_BYTES, each.lines)
        flag = 2 * PAGE_BYTES
        samples = []
        for _ in range(repetitions):
            data.words[flag // 8] = 0
            scale = threads[0].submit(self.ticks_a_cycle).result()
            calls = [
                thread.submit(self.code[routine.name], data.address, each.lines, data.address + flag)
                for thread, routine in zip(threads, (each.asker, each.holder), strict=True)
            ]
            samples.append(calls[0].result() / each.lines / scale)
            calls[1].result()
        return samples

    def ping_pong(self, each: PingPong, threads: tuple[ThreadPoolExecutor, ThreadPoolExecutor], repetitions: int) -> list[float]:
        """Samples of one way of a ping-pong in cycles: of a long run behind a short one, in which the threads have met."""
        data = Data(PAGE_BYTES)
        short, long = (length * PING_PONG_FACTOR for length in each.lengths)
        samples = []

        def play(name: str) -> int:
            self.code[name](data.address, short, 0)
            return self.code[name](data.address, long, 0)

        for _ in range(repetitions):
            scale = threads[0].submit(self.ticks_a_cycle).result()
            calls = [thread.submit(play, routine.name) for thread, routine in zip(threads, (each.first, each.second), strict=True)]
            ticks = [call.result() for call in calls]
            samples.append(ticks[0] / (2 * long) / scale)
        return samples


@dataclass(frozen=True, slots=True)
class HostResult:
    """What was measured of the machine under emu."""

    host: Facts
    clock_hz: int
    ticks_hz: int
    measured: list[Measurement]
    heat_map: HeatMap
    pairs: dict[str, tuple[int, int]]  # sibling and remote cores that the transfers were measured between
    partial: bool = False  # Ctrl-C ended it

    def known(self) -> dict[str, Measurement]:
        """Measurements by name."""
        return {each.name: each for each in self.measured}

    def facts(self) -> dict[str, str]:
        """For people."""
        pairs = ", ".join(f"{kind}: {first} and {second}" for kind, (first, second) in self.pairs.items())
        return {
            "processor": self.host.model,
            "cores": f"{len(self.host.cpus)}{f' ({pairs})' if pairs else ''}",
            "clock": f"{self.clock_hz / 1e9:.2f} GHz, time-stamp counter {self.ticks_hz / 1e9:.2f} GHz",
        }

    def to_dict(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "schema": SCHEMA,
            "machine": "host",
            "partial": self.partial,
            **self.facts(),
            "clock_hz": self.clock_hz,
            "rows": [
                {
                    "group": each.group,
                    "name": each.name,
                    "cycles": each.cycles,
                    "spread": [each.low, each.high],
                    "samples": each.samples,
                }
                for each in self.measured
            ],
            "core_to_core_cycles": [{"cores": list(pair), "one_way": cycles} for pair, cycles in sorted(self.heat_map.items())],
        }


def measure_host(host: Host, progress: Progress, repetitions: int = REPETITIONS) -> HostResult:
    """Run everything that user mode can; `progress(done, total)` after each benchmark. Ctrl-C leaves what there is."""
    facts = host.facts
    chosen = {exchanges.SIBLING: facts.module_pair(CPUS_MAX), exchanges.ACROSS: facts.remote_pair(CPUS_MAX)}
    pairs = {kind: pair for kind, pair in chosen.items() if pair is not None}
    known: dict[str, Measurement] = {}
    heat_map: HeatMap = {}
    partial = False
    with pinned(facts.cpus[0]) as thread:
        ticks_hz, scale = thread.submit(lambda: (host.ticks_a_second(), host.ticks_a_cycle())).result()
    try:
        for done, total in _steps(host, pairs, repetitions, known, heat_map):
            progress(done, total)
    except KeyboardInterrupt:
        partial = True
    return HostResult(facts, round(ticks_hz / scale), round(ticks_hz), list(known.values()), heat_map, pairs, partial)


def _steps(
    host: Host, pairs: dict[str, tuple[int, int]], repetitions: int, known: dict[str, Measurement], heat_map: HeatMap
) -> Iterator[tuple[int, int]]:
    """Run one benchmark after the other; how many are done, of how many."""
    every = host.facts.pairs(CPUS_MAX)
    total, done = len(host.loops) + 10 * len(pairs) + len(every), count(1)

    def add(name: str, group: str, samples: list[float], terms: tuple[tuple[str, float], ...] = ()) -> tuple[int, int]:
        known[name] = with_terms(of_samples(name, group, samples), terms, known)
        return next(done), total

    with pinned(host.facts.cpus[0]) as thread:
        for each in host.loops:
            yield add(each.name, each.group, thread.submit(host.loop, each, repetitions).result(), each.add)
    for kind, pair in pairs.items():
        with pinned(pair[0]) as first, pinned(pair[1]) as second:
            for exchange in exchanges.exchanges(kind):
                yield add(exchange.name, exchange.group, host.exchange(exchange, (first, second), repetitions), exchange.add)
            one_way = exchanges.ping_pong(kind)
            yield add(one_way.name, one_way.group, host.ping_pong(one_way, (first, second), repetitions))
    for pair in every:
        with pinned(pair[0]) as first, pinned(pair[1]) as second:
            heat_map[pair] = float(np.median(host.ping_pong(exchanges.ping_pong(exchanges.ACROSS), (first, second), repetitions)))
        yield next(done), total
