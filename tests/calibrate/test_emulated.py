"""Microbenchmarks on the real engine: every figure is there, and they follow the machine file."""

import tomllib

import pytest

from emu.calibrate import branch_loops, memory_loops, system_routines
from emu.calibrate.emulated import Emulated
from emu.calibrate.exchanges import ACROSS, SIBLING, exchanges, ping_pong, routines
from emu.calibrate.guest_program import Job
from emu.calibrate.instruction_loops import loops as instruction_loops
from emu.calibrate.memory_loops import L1_CHASE
from emu.calibrate.routine import timed
from emu.calibrate.suite import measure_emulated
from emu.description import load_machine
from emu.description.machine_file import MachineFile, machine_path
from emu.errors import GuestFault
from emu.native.hot import JIT
from emu.runner.outcome import never
from emu.runner.runner import Runner, silent
from emu.runner.store import Store

pytestmark = pytest.mark.skipif(not JIT, reason="minutes without the compiler")
A10 = load_machine("a10-7800")


def changed(**latencies: int) -> MachineFile:
    """The A10-7800 with other latencies."""
    table = tomllib.loads(machine_path("a10-7800").read_text())
    for name, value in latencies.items():
        table["latencies"][name]["value"] = value
    return MachineFile.model_validate(table)


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """Measured, and taken from where it was kept: the same."""
    folder, found = tmp_path_factory.mktemp("results"), []
    for _ in range(2):
        steps: list[tuple[int, int]] = []
        runner = Runner.local(store=Store(folder))
        note = lambda done, total, steps=steps: steps.append((done, total))  # noqa: E731
        found.append(measure_emulated("a10-7800", runner, progress=note, should_stop=never))
        assert steps == [(number, steps[0][1]) for number in range(steps[0][1] + 1)]
    assert (runner.tally.done, runner.tally.kept) == (0, steps[0][1])
    assert found[0] == found[1]
    assert not found[0].partial
    return {each.name: each.cycles for each in found[0].figures}, found[0].heat_map


def test_stopped_early_it_is_what_there_is():
    measured = measure_emulated("a10-7800", Runner.local(), progress=silent, should_stop=lambda: True)
    assert measured == ([], {}, True)


def test_all_is_measured(everything):
    known, heat_map = everything
    wanted = {each.name for each in (*memory_loops.loops(1), *branch_loops.loops(), *instruction_loops(A10.instructions))}
    wanted |= {each.name for pair in (SIBLING, ACROSS) for each in (*exchanges(pair), ping_pong(pair))}
    wanted |= {system_routines.SYSTEM_CALL, *(each.name for each in system_routines.interrupts())}
    assert known.keys() == wanted
    assert heat_map.keys() == {(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)}
    assert min(heat_map.values()) > 0


def test_the_levels_of_memory_are_told_apart(everything):
    known, _ = everything
    latency = A10.latencies
    assert known["chase, 8 KiB"] == pytest.approx(latency.l1_hit.value, rel=0.1)
    assert known["chase, 512 KiB"] == pytest.approx(latency.l2_hit.value, rel=0.1)
    for name in ("chase, 4 MiB", "chase, 64 MiB"):
        assert known[name] == pytest.approx(latency.memory.value, rel=0.1)


def test_cores_of_a_module_are_nearer_to_each_other(everything):
    _, heat_map = everything
    assert max(heat_map[0, 1], heat_map[2, 3]) < min(heat_map[pair] for pair in ((0, 2), (0, 3), (1, 2), (1, 3)))


def test_serialising_instructions_cost_what_their_rows_say(everything):
    known, _ = everything
    for name, cycles in (("RDTSC: throughput", 78), ("MFENCE: throughput", 80), ("WRMSR: throughput", 130)):
        assert known[name] == pytest.approx(cycles, rel=0.05)


@pytest.mark.parametrize(
    ("latency", "name", "pair"),
    (
        ("remote_line", "load, dirty in other module", (0, 2)),
        ("memory", "load, clean in other module", (0, 2)),
        ("upgrade", "RMW, shared in other module", (0, 2)),
        ("sibling_line", "load, dirty in same module", (0, 1)),
    ),
)
def test_a_transfer_follows_its_latency(latency, name, pair):
    kind = name.split(" in ")[1]
    each = next(one for one in exchanges(kind) if one.name == name)
    figures = []
    for more in (0, 100):
        value = getattr(A10.latencies, latency).value + more
        emulated = Emulated(changed(**{latency: value}), list(routines()), 3)
        figures.append(emulated.exchange(each, pair))
    assert figures[1] - figures[0] == pytest.approx(100, abs=3)


def test_an_interrupt_follows_halt_exit():
    running, halted = system_routines.interrupts()
    texts = [running.receiver, halted.receiver, running.sender]
    first = Emulated(A10, texts, 2)
    second = Emulated(changed(halt_exit=A10.latencies.halt_exit.value + 5000), texts, 2)
    assert first.interrupt(running) == second.interrupt(running)
    assert second.interrupt(halted) - first.interrupt(halted) == pytest.approx(5000, abs=5)


def test_a_loop_that_faults_names_itself():
    bad = timed("bad_load", ("xor eax, eax",), ("mov rax, qword ptr [rax]",))
    with pytest.raises(GuestFault, match="bad_load"):
        Emulated(A10, [bad], 1).run({0: [Job("bad_load")]}, 0x1000)


def test_the_same_twice():
    loop = next(each for each in memory_loops.loops(1 << 10) if each.name == L1_CHASE)
    first, second = (Emulated(A10, [loop.routine], 1).loops([loop]) for _ in range(2))
    assert first == second
