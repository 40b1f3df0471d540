"""Run a lock on a machine and say what it did; a lock that is wrong is run again, the same, with the trace on."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emu.description import MachineFile
from emu.engine import records as rec
from emu.engine.machine import Machine, Options, Start
from emu.engine.probe_file import Probes, read_probes
from emu.engine.text import Text, build_text
from emu.engine.unicorn_core import register_id
from emu.errors import GuestFault
from emu.memory.bus import Bus
from emu.memory.store_buffer import drain_all
from emu.native import MASK64, address_of, signed
from emu.subjects.bench import program
from emu.subjects.bench.lock_file import LockFile
from emu.subjects.bench.plan import STARVED_CYCLES, Plan
from emu.subjects.bench.result import BenchResult, Distribution, WordUse, distribution

LOCK_CLASS = "lock"
Progress = Callable[[int, int], None]
Records = NDArray[np.void]
Sink = Callable[[Records], bool]


@cache
def load_probes() -> Probes:
    """The probes of `probes.toml`, read once in a process."""
    return read_probes(Path(str(files("emu.subjects.bench") / "probes.toml")))


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run came to its end: nothing is set when its rounds are done."""

    partial: bool = False
    never: str | None = None  # why the lock is at fault: nobody acquires any more
    bound: str | None = None  # how far it was when it had used up its cycles


@dataclass(slots=True)
class Contest:
    """A lock on a machine, wired and not yet started."""

    plan: Plan
    lock: LockFile
    description: MachineFile
    text: Text
    bus: Bus
    machine: Machine

    def count(self, event: str) -> int:
        """How often an event has come."""
        return int(self.machine.counts("marks.counts")[self.text.mark(event)]) if event in self.text.marks else 0


def prepare_contest(plan: Plan, lock: LockFile, description: MachineFile, *, trace: bool = False) -> Contest:
    """Assemble and wire; bad assembly is a `UserError` with file and line."""
    image = program.build_image(lock)
    load_probes().check(image, {LOCK_CLASS})
    text = build_text(image, description.costs)
    bus = Bus(description, plan.cores, program.RAM_BYTES)
    program.write_memory(bus.ram, image, plan)
    start = Start(
        cr3=0,
        primary_pc=program.TEXT,
        secondary_pc=program.TEXT,
        locks=[] if lock.word is None else [(program.LOCK, LOCK_CLASS)],
        lock_kind=image.lock_kind,
        probes=load_probes(),
    )
    options = Options(done_wanted=plan.rounds_wanted, max_cycles=plan.cycles_bound, trace=trace)
    machine = Machine(bus, text, start, options)
    for index, core in enumerate(machine.cores):
        core["status"], core["pc"] = rec.RUNNING, signed(image.symbols[program.HARNESS])
        for register, value in (("RBX", program.control_of(index)), ("RSP", program.stack_top(index))):
            machine.unicorns[index].uc.reg_write(register_id(register), value)
    return Contest(plan, lock, description, text, bus, machine)


def measure(contest: Contest, **watching: Any) -> BenchResult:
    """Run a lock to the end of its rounds, or until it is seen to be wrong or is stopped: the result is then partial.

    `watching` is what `drive` takes.
    """
    begin = time.perf_counter()
    ending = drive(contest, **watching)
    result = _result(contest, time.perf_counter() - begin, ending)
    if result.fault is None:
        return result
    from emu.subjects.bench.witness import schedule_of

    return replace(result, schedule=tuple(schedule_of(contest.plan, contest.lock, contest.description)))


def drive(
    contest: Contest,
    *,
    progress: Progress = lambda done, wanted: None,
    should_stop: Callable[[], bool] = lambda: False,
    sink: Sink = lambda records: False,
) -> Ending:
    """Run slice by slice until the rounds are done, the lock is seen to be wrong, or a bound is reached.

    `sink` takes the trace's records after each slice, and says whether it has seen enough.
    """
    seen_enough = False

    def look(*, last: bool) -> bool:
        nonlocal seen_enough
        seen_enough = seen_enough or sink(contest.machine.take_trace(last=last))
        return seen_enough

    ending = _advance(contest, progress, should_stop, lambda: look(last=False))
    look(last=True)
    return ending


def _advance(contest: Contest, progress: Progress, should_stop: Callable[[], bool], seen_enough: Callable[[], bool]) -> Ending:
    machine, wanted = contest.machine, contest.plan.rounds_wanted
    acquired, since = 0, 0
    while True:
        outcome = machine.run()
        if seen_enough() or contest.count("two_inside"):
            return Ending(partial=True)
        progress(min(contest.count("released"), wanted), wanted)
        if outcome == rec.RUN_DONE:
            return Ending()
        if outcome == rec.FAULT:
            raise GuestFault(f"{contest.lock.path}: {_fault(contest)}")
        if contest.count("acquired") > acquired:
            acquired, since = contest.count("acquired"), machine.cycles
        if outcome == rec.DEADLOCK or machine.cycles - since > STARVED_CYCLES:
            return Ending(partial=True, never=_standstill(contest, machine.cycles - since))
        if outcome == rec.LIMIT:
            return Ending(partial=True, bound=_bound(contest))
        if should_stop():
            return Ending(partial=True)


def _bound(contest: Contest) -> str:
    plan, done = contest.plan, contest.count("released")
    passed = f"{plan.cycles_bound:,} cycles (--max-cycles) passed with {done:,} of {plan.rounds_wanted:,} rounds done"
    return f"{contest.lock.name} on {plan.cores} cores: {passed}; {_places(contest)}"


def _standstill(contest: Contest, cycles: int) -> str:
    return f"nobody has acquired it for {cycles:,} cycles after {contest.count('acquired'):,} times; {_places(contest)}"


def _places(contest: Contest) -> str:
    where = "; ".join(f"core {int(core['index'])} {place(contest, int(core['pc']))}" for core in contest.machine.cores)
    word = int.from_bytes(contest.bus.ram[program.LOCK : program.LOCK + 8].tobytes(), "little")
    return f"its word is {word:#x}; {where}"


def place(contest: Contest, pc: int) -> str:
    """File and line of an instruction."""
    file, line = contest.text.image.lines.get(pc & MASK64, ("", 0))
    return f"at {Path(file).name}:{line}" if file else f"at {pc & MASK64:#x}"


def _fault(contest: Contest) -> str:
    core = contest.machine.cores[int(contest.machine.record["outcome_core"][0])]
    what = {rec.FAULT_FETCH: "jumps to where there is no code", rec.FAULT_MEMORY: "touches memory that is not there"}
    words = what.get(int(core["fault"]["kind"]), f"raises exception {int(core['fault']['code'])}")
    address = f" ({int(core['fault']['address']) & MASK64:#x})" if int(core["fault"]["kind"]) in what else ""
    return f"core {int(core['index'])} {words}{address} {place(contest, int(core['current_pc']))}"


def _result(contest: Contest, host_seconds: float, ending: Ending) -> BenchResult:
    machine, plan = contest.machine, contest.plan
    machine.finish()
    two_inside, moved = contest.count("two_inside"), contest.bus.counts()
    drain_all(address_of(contest.bus.record))  # what cores have stored and nobody has seen yet
    ram, cores = contest.bus.ram, range(plan.cores)
    counted = sum(program.field_of(ram, core, "COUNTED") for core in cores)
    seen = int(ram.view(np.int64)[(program.DATA + program.COUNT) // 8])
    return BenchResult(
        plan=plan,
        lock=contest.lock.name,
        machine=contest.description.name,
        clock_hz=contest.description.clock_hz.value,
        cycles=machine.cycles,
        rounds_by_core=tuple(program.field_of(ram, core, "ROUNDS") for core in cores),
        shared_rounds=sum(program.field_of(ram, core, "SHARED_ROUNDS") for core in cores),
        instructions=machine.instructions,
        host_seconds=host_seconds,
        trace_digest=machine.digest,
        think=_part(machine, "think"),
        wait=_part(machine, "wait"),
        hold=_part(machine, "hold"),
        spin_iterations=contest.count(program.SPIN),
        coherence={name: count for name, count in moved.items() if name != "write_backs"},
        word=_word_use(contest),
        two_inside=two_inside,
        lost_counts=max(counted - seen, 0),
        never=ending.never,
        bound=ending.bound,
        partial=ending.partial,
    )


def _part(machine: Machine, name: str) -> Distribution:
    """One part of all rounds."""
    return distribution(machine.probe("spans", name), [machine.cycles - int(since) for since in machine.begun(name) if since])


def _word_use(contest: Contest) -> WordUse | None:
    if contest.lock.word is None:
        return None
    row = contest.machine.locks[0]
    return WordUse(*(int(row[name]) for name in WordUse.__slots__))
