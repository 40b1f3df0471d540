"""Time of sequences on the real engine: as measured on Steamroller (Agner Fog, InstLatx64), or as its widths have it."""

import pytest

from bench.engine.small_machine import drive, make
from emu.engine import records as rec

COPIES = 0x80  # of a sequence in a row; the time of one is that of so many more over their number


def cycles_of(text: str, setup: str = "") -> float:
    """Cycles of one copy of a sequence among many; r13 points to memory of its own, rbx and rcx hold 1."""
    body = f"mov ebx, 0x1; mov ecx, 0x1; mov edx, 0x0; mov rax, r13; mov rdi, r13; mov rsi, r13; {setup}\n"
    times = []
    for copies in (COPIES, 2 * COPIES):
        machine = make(body + "mfence\n" + f"{text}\n" * copies + "mfence\n", 1)
        assert drive(machine) == rec.RUN_DONE
        times.append(int(machine.cores["retired_at"][0]))
    return (times[1] - times[0]) / COPIES


@pytest.mark.parametrize(
    ("text", "cycles"),
    [
        ("nop", 0.25),
        ("mov rdx, rbx", 0.25),
        ("add rdx, 0x1; add rbx, 0x1", 1),  # 2 ALUs
        ("add rdx, rbx", 1),  # a chain
        ("xor edx, edx; xor ebx, ebx", 1),  # no chain, but ALUs
        ("lea rdx, [rdx + rdx*4]", 2),
        ("mov rdx, [r13]; mov rbx, [r13 + 0x8]", 1),  # 2 loads a cycle
        ("mov [r13], rdx", 1),  # 1 store a cycle
        ("mov rdx, [r13]; mov [r13 + 0x40], rbx", 1),  # a load and a store
        ("add rdx, [r13]", 1),
        ("add [r13], rdx", 7),  # through the store buffer: InstLatx64 7.3
        ("push rdx; pop rdx", 7),
        ("imul rdx, rbx", 6),
        ("imul rdx, rbx, 0x8; imul rsi, rbx, 0x8", 8),  # 4 between two
        ("imul edx, ebx, 0x8", 2),
        ("bsf rdx, rbx", 3),
        ("cmp rdx, rbx; cmovb rdx, rbx", 2),
        ("lock inc dword ptr [r13]", 41),
        ("lock cmpxchg [r13], rbx", 40),
        ("xchg [r13], rbx", 40),
        ("pause", 4),
        ("mfence", 80),
    ],
)
def test_time_of_a_sequence(text: str, cycles: float) -> None:
    assert cycles_of(text) == pytest.approx(cycles, rel=0.03)


def test_chain_of_loads() -> None:
    """Load to use: 4 cycles, InstLatx64 4.00."""
    assert cycles_of("mov rax, [rax]", "mov [r13], r13") == 4


FAR = 0x1000  # from a line to the next that is touched: lines of pages of their own


def test_independent_misses_overlap_and_a_chase_does_not() -> None:
    """Sixteen lines from memory: one after the other when each load needs the last, several at once when none does."""
    chase = make("mov rax, r13\n" + "mov rdx, [rax]; lea rax, [rax + rdx + 0x1000]\n" * 16, 1)
    independent = make("".join(f"mov rdx, [r13 + {FAR * (n + 1):#x}]\n" for n in range(16)), 1)
    times = []
    for machine in (chase, independent):
        assert drive(machine) == rec.RUN_DONE
        times.append(int(machine.cores["retired_at"][0]))
    assert times[0] > 16 * 286
    assert 2 * 286 < times[1] < 4 * 286  # eight miss buffers


@pytest.mark.parametrize("end", ["lock inc dword ptr [r14]", "mfence", "cpuid"])
def test_what_ends_the_overlap(end: str) -> None:
    loads = "mov rdx, [r13 + 0x1000]\n{}\nmov rdx, [r13 + 0x2000]\n"
    times = []
    for text in ("nop", end):
        machine = make(loads.format(text), 1)
        assert drive(machine) == rec.RUN_DONE
        times.append(int(machine.cores["retired_at"][0]))
    assert times[1] >= times[0] + 286


def test_a_branch_that_waits_for_a_miss_and_is_mispredicted_ends_it() -> None:
    loads = "mov rdx, [r13 + 0x1000]\n{}\n.Lnext:\nmov rdx, [r13 + 0x2000]\n"
    predicted = "cmp rdx, 0x1\nje .Lnext\nnop"  # counters begin at not taken, and memory is zero
    times = []
    for text in (predicted, predicted.replace("je", "jne")):
        machine = make(loads.format(text), 1)
        assert drive(machine) == rec.RUN_DONE
        times.append(int(machine.cores["retired_at"][0]))
    assert times[1] - times[0] == pytest.approx(286 + 20, abs=8)


def test_the_reorder_buffer_bounds_the_overlap() -> None:
    """A second miss overlaps the first if it is near; behind more macro-ops than the reorder buffer holds it does not."""
    times = {}
    for distance in (0x20, 0x100):
        machine = make("mov rdx, [r13 + 0x1000]\n" + "nop\n" * distance + "mov rdx, [r13 + 0x2000]\n", 1)
        assert drive(machine) == rec.RUN_DONE
        times[distance] = int(machine.cores["retired_at"][0])
    assert times[0x100] - times[0x20] > 200


def test_every_cycle_has_a_cause() -> None:
    """The causes of a core's work sum to the cycles of its states, and the miss is the longest of them."""
    machine = make("mov rdx, [r13 + 0x1000]\nadd rdx, 0x1\nlock inc dword ptr [r14]\n", 1)
    assert drive(machine) == rec.RUN_DONE
    machine.finish()
    core = machine.cores[0]
    assert int(core["cycles_by_cause"].sum()) == int(core["cycles"][:4].sum())
    from emu.trace.record import Cause

    assert int(core["cycles_by_cause"][Cause.MEMORY]) > 3 * 280 - 300
    assert int(core["cycles_by_cause"][Cause.LOCKED]) == 41
