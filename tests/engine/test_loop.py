"""The engine on small programs: the same result compiled and as plain Python, with and without run-ahead, in any slices."""

import json
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

from bench.engine import small_machine
from bench.export.lines import COUNTED
from bench.processes import environment
from emu.engine import records as rec
from emu.trace.record import Kind

SCENARIOS = ("locked_counter", "racing_counter", "private_work", "mended", "waiting")


@cache
def run(scenario: str, cores: int) -> dict[str, Any]:
    return small_machine.run(small_machine.program(scenario), cores)


def test_plain_python_gives_the_same_result() -> None:
    command = [sys.executable, "-m", "bench.engine.small_machine", *SCENARIOS]
    done = subprocess.run(command, env=environment(NUMBA_DISABLE_JIT="1"), capture_output=True, check=True, text=True)
    for scenario, found in json.loads(done.stdout).items():
        assert found == small_machine.run_traced(small_machine.program(scenario, short=True), 3)[0], scenario


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_trace_has_each_line_that_moved_and_changes_nothing(scenario: str) -> None:
    """Whether the stores that will move it have drained when a slice ends or not: it stands where they were made."""
    text = small_machine.program(scenario, short=True)
    found, records = small_machine.run_traced(text, 4)
    moved = records[records["kind"] == int(Kind.LINE_TRANSFER)]["detail"]
    counts: dict[str, int] = found.pop("lines")  # type: ignore[assignment]
    assert {kind: int((moved == kind).sum()) for kind in COUNTED} == {kind: counts[name] for kind, name in COUNTED.items()}
    _, in_pieces = small_machine.run_traced(text, 4, slice_cycles=97)
    assert sorted(in_pieces.tolist()) == sorted(records.tolist()), "cores take turns otherwise; each does the same"
    del found["trace"]
    assert found == small_machine.run(text, 4)


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("cores", [1, 4])
@pytest.mark.parametrize("way", [{"run_ahead": False}, {"interpret": False}, {"park": False}], ids=str)
def test_how_cores_take_turns_changes_nothing(scenario: str, cores: int, way: dict[str, bool]) -> None:
    program = small_machine.program(scenario)
    if way == {"interpret": False}:
        program = program.replace("lock neg", "neg")  # Unicorn loads twice for the first
    assert small_machine.run(program, cores) == small_machine.run(program, cores, **way)


@pytest.mark.parametrize("cores", [1, 2, 4, 8])
def test_states_sum_to_the_elapsed_cycles(cores: int) -> None:
    found = run("locked_counter", cores)
    assert [sum(core) for core in found["states"]] == [found["cycles"]] * cores


@pytest.mark.parametrize("cores", [2, 4])
def test_the_lock_excludes(cores: int) -> None:
    found = run("locked_counter", cores)
    acquisitions, contended, waited, held = found["lock"]
    assert found["counter"] == acquisitions == 0x40 * cores
    assert 0 < contended <= acquisitions
    assert 0 < held < found["cycles"]
    assert waited > 0


def test_without_a_lock_updates_are_lost() -> None:
    assert run("racing_counter", 1)["counter"] == 0x80
    assert 0x80 <= run("racing_counter", 4)["counter"] < 4 * 0x80


def test_slices_change_nothing() -> None:
    results = []
    for slice_cycles in (500, 10**7):
        machine = small_machine.make(small_machine.program("locked_counter"), 3, slice_cycles=slice_cycles)
        assert small_machine.drive(machine) == rec.RUN_DONE
        results.append(small_machine.summary(machine))
    assert results[0]["digests"] == results[1]["digests"]


def test_tracing_changes_nothing() -> None:
    machine = small_machine.make(small_machine.program("locked_counter"), 3, trace=True)
    assert small_machine.drive(machine) == rec.RUN_DONE
    assert small_machine.summary(machine)["digests"] == run("locked_counter", 3)["digests"]
    records = machine.trace[: int(machine.record["tracing"]["count"][0])]
    assert (records["kind"] == 0).sum() == machine.instructions


def test_cpuid_and_clock_are_the_machines_own() -> None:
    machine = small_machine.make(small_machine.program("identity"), 3)
    assert small_machine.drive(machine) == rec.RUN_DONE
    for core in range(3):
        page = machine.bus.ram[0x300000 + 0x1000 * core - 0x100 :].view("<u4")
        assert int(page[0]) == 0x20444D41  # "AMD "
        assert int(page[2]) == core
        assert 0 < int(page[6]) - int(page[4]) < 1000  # cycles of this core, not of the host
        assert int(page[6]) < machine.cycles


# Each core adds to one counter under a lock, and fills two pages of its own behind it: more elements than a store buffer has slots.
STRINGS = """
    mov r12d, 0x4
.Lagain:
    mov edx, 0x1
.Ltry:
    xor eax, eax
    lock cmpxchg dword ptr [r15], edx
    je .Lgot
    pause
    jmp .Ltry
.Lgot:
    inc qword ptr [r14]
    mov byte ptr [r15], 0x0
    mov rdi, rsp
    add rdi, rsp
    mov ecx, 0x400
    mov rax, r12
    cld
    rep stosq
    dec r12d
    jne .Lagain
"""


@pytest.mark.parametrize("cores", [1, 2, 3])
def test_a_string_waits_for_room_in_the_store_buffer(cores: int) -> None:
    """Its elements are stores like any others: none before them is lost, and no more are pending than there is room for."""
    machine = small_machine.make(STRINGS, cores, slice_cycles=50)
    most = 0
    outcome = rec.SLICE_DONE
    while outcome == rec.SLICE_DONE:
        outcome = machine.run()
        most = max(most, int(machine.bus.arrays["buffers"]["count"].max()))
    assert outcome == rec.RUN_DONE
    found = small_machine.summary(machine)
    assert found["counter"] == 4 * cores
    assert 24 <= most <= 26, "as many as the buffer has, and what enters while the oldest ones are about to leave"
    for core in range(cores):
        page = 2 * (0x300000 + 0x1000 * core)
        assert set(machine.bus.ram[page : page + 0x2000].view("<u8").tolist()) == {1}


STALLED = """
    mov r12d, 0x20
.Lagain:
    mov rax, qword ptr [r13]
//@ point here
    add rax, qword ptr [r13 + r12*8]
    lock inc qword ptr [r14]
    dec r12d
    jne .Lagain
"""


@pytest.mark.parametrize(("cycles", "every", "times"), [(1, 1, 0x20), (700, 1, 0x20), (5000, 7, 4), (3, 0x21, 0)])
def test_a_stall_is_exactly_its_cycles(cycles: int, every: int, times: int) -> None:
    """However much is under way when it begins, its own cycles are stall, no more and no less."""
    from emu.trace.record import State

    machine = small_machine.make(STALLED, 1, stalls={"here": (cycles, every)})
    assert small_machine.drive(machine) == rec.RUN_DONE
    machine.finish()
    assert machine.cores[0]["cycles"][State.STALL] == cycles * times == machine.counts("stalls.total").sum()
    assert machine.cores[0]["cycles"].sum() == machine.cycles


LOST_LINE = """
    .set OTHER, 0x300800
    .set FAR, 0x1000
    .set MINE, 0x2000
    .set CODE, 0x4d
    cmp rsp, OTHER
    ja .Lother
    mov qword ptr [r13 + MINE], 0x1
    lock inc qword ptr [r14]
    mfence
    mov qword ptr [r13 + FAR], 0x1
    mov qword ptr [r13 + MINE], 0x2
    mov ecx, {wait:#x}
.Lwait:
    dec ecx
    jne .Lwait
    mov rbx, qword ptr [r13]
    lock inc qword ptr [r14]
    jmp .Ldone
.Lother:
    mov ecx, {delay:#x}
.Ldelay:
    dec ecx
    jne .Ldelay
    mov eax, CODE
    xchg rax, qword ptr [r13 + MINE]
    mov r8, rax
    mov r9, qword ptr [r14]
    mov r10, qword ptr [r13 + MINE]
.Ldone:
"""


@pytest.mark.parametrize("wait", [0x1, 0x20, 0x60])
@pytest.mark.parametrize("delay", range(0x80, 0x110, 0x8))
def test_a_locked_instruction_waits_for_a_store_that_lost_its_line(delay: int, wait: int) -> None:
    """Who sees what the locked instruction wrote sees the stores before it, too, even one that had to ask for its line again."""
    from unicorn import x86_const as x86

    machine = small_machine.make(LOST_LINE.format(delay=delay, wait=wait), 2, cores_per_module=1)
    assert small_machine.drive(machine) == rec.RUN_DONE
    uc = machine.unicorns[1].uc
    swapped, counter, seen = (uc.reg_read(each) for each in (x86.UC_X86_REG_R8, x86.UC_X86_REG_R9, x86.UC_X86_REG_R10))
    assert swapped in (1, 2)
    assert counter == 1 or 2 in (swapped, seen)


INDEPENDENT = """
    add rax, 0x1
    add rbx, 0x1
    mov rdx, rbx
    mov rsi, rax
"""
CHAIN = "    imul rax, rax\n"


def ends(text: str, cores: int, **shape: int) -> list[int]:
    """When each core has come to the end of a program, in cycles, the first one first."""
    machine = small_machine.make(text, cores, trace=True, cores_per_module=1, **shape)
    small_machine.drive(machine)
    records = machine.trace[: int(machine.record["tracing"]["count"][0])]
    return sorted(int(each["cycle"]) for each in records[records["kind"] == int(Kind.MARK)])


def loop(body: str, rounds: int) -> str:
    """A program that goes round a long body."""
    return f"    mov ecx, {rounds:#x}\n.Lround:\n{body * 8}    dec ecx\n    jne .Lround\n"


def cycles_a_round(body: str, cores: int, **shape: int) -> list[float]:
    """Of each core, without what comes before and behind."""
    short, long = (ends(loop(body, rounds), cores, **shape) for rounds in (0x20, 0x60))
    return [(after - before) / 0x40 for before, after in zip(short, long, strict=True)]


def test_threads_of_a_core_share_its_dispatch() -> None:
    """Two that fill it take twice as long each; two on cores of their own, and one alone, do not."""
    (alone,) = cycles_a_round(INDEPENDENT, 1, threads_per_core=2)
    assert cycles_a_round(INDEPENDENT, 2) == [pytest.approx(alone, rel=0.02)] * 2
    assert cycles_a_round(INDEPENDENT, 2, threads_per_core=2) == [pytest.approx(2 * alone, rel=0.1)] * 2


def test_threads_that_wait_for_themselves_are_not_in_each_others_way() -> None:
    (alone,) = cycles_a_round(CHAIN, 1, threads_per_core=2)
    assert cycles_a_round(CHAIN, 2, threads_per_core=2) == [pytest.approx(alone, rel=0.02)] * 2


def test_a_thread_that_pauses_leaves_the_core_to_the_other() -> None:
    first_pauses = "    mov eax, 0x1\n    lock xadd dword ptr [r14], eax\n    test eax, eax\n    jne .Lwork\n"
    before = first_pauses + "    pause\n" * 0x200 + "    jmp .Ldone\n.Lwork:\n"
    found = []
    for threads in (1, 2):
        texts = (f"{before}{loop(INDEPENDENT, rounds)}.Ldone:\n" for rounds in (0x20, 0x60))
        short, long = (ends(text, 2, threads_per_core=threads) for text in texts)
        found.append(long[0] - short[0])
    assert found[0] <= found[1] <= 1.35 * found[0]


@pytest.mark.parametrize("run_ahead", [False, True])
def test_threads_are_in_strict_time_order(run_ahead: bool) -> None:
    text = small_machine.program("locked_counter", short=True)
    shape = {"cores_per_module": 1, "threads_per_core": 2}
    assert small_machine.run(text, 4, run_ahead=run_ahead, **shape) == small_machine.run(text, 4, **shape)
