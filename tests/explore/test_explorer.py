"""The explorer on small programs: which outcomes there are, in which model, and that it leaves everything as it was."""

import json
import subprocess
import sys

import pytest

from bench.explore.programs import Program, X, Y
from bench.processes import environment
from emu.errors import GuestFault
from emu.explore.explorer import RUNS, STANDS, WAITS, BoundReached, Bounds, Rules

SB = ("mov dword ptr [X], 0x1\n mov eax, dword ptr [Y]", "mov dword ptr [Y], 0x1\n mov eax, dword ptr [X]")
MP = ("mov dword ptr [X], 0x1\n mov dword ptr [Y], 0x1", "mov eax, dword ptr [Y]\n mov ebx, dword ptr [X]")
INCREMENTS = ("inc dword ptr [X]",) * 2
A, B = (0, "EAX"), (1, "EAX")

# programs, observed registers, observed memory, outcomes under x86-TSO, those that sequential consistency does not have
CASES = {
    "store buffering": (SB, [A, B], [], {(0, 0), (0, 1), (1, 0), (1, 1)}, {(0, 0)}),
    "message passing": (MP, [B, (1, "EBX")], [], {(0, 0), (0, 1), (1, 1)}, set()),
    "mfence on both sides": (
        tuple(text.replace("\n", "\n mfence\n") for text in SB), [A, B], [], {(0, 1), (1, 0), (1, 1)}, set(),
    ),
    "mfence on one side": ((SB[0].replace("\n", "\n mfence\n"), SB[1]), [A, B], [], {(0, 0), (0, 1), (1, 0), (1, 1)}, {(0, 0)}),
    "xchg instead of a store": (
        ("mov ecx, 0x1\n xchg dword ptr [X], ecx\n mov eax, dword ptr [Y]",
         "mov ecx, 0x1\n xchg dword ptr [Y], ecx\n mov eax, dword ptr [X]"),
        [A, B], [], {(0, 1), (1, 0), (1, 1)}, set(),
    ),
    "cpuid serialises": (
        ("mov dword ptr [X], 0x1\n xor eax, eax\n cpuid\n mov eax, dword ptr [Y]",
         "mov dword ptr [Y], 0x1\n xor eax, eax\n cpuid\n mov eax, dword ptr [X]"),
        [A, B], [], {(0, 1), (1, 0), (1, 1)}, set(),
    ),
    "an increment that is not locked may be lost": (INCREMENTS, [], [X], {(1,), (2,)}, set()),
    "a locked one may not": (tuple(f"lock {text}" for text in INCREMENTS), [], [X], {(2,)}, set()),
    "a store's bytes reach an overlapping load": (
        ("mov dword ptr [X], 0x1020304\n mov byte ptr [X + 0x1], 0x9\n mov eax, dword ptr [X]", ""),
        [A], [X], {(0x1020904, 0x1020904)}, set(),
    ),
    "one load from a buffered store and from memory": (
        ("mov byte ptr [X], 0x1\n mov eax, dword ptr [X]", "mov byte ptr [X + 0x1], 0x1\n mov eax, dword ptr [X]"),
        [A, B], [], {(0x1, 0x100), (0x1, 0x101), (0x101, 0x100), (0x101, 0x101)}, {(0x1, 0x100)},
    ),
    "a store across lines goes byte by byte": (
        ("mov word ptr [X + 0x3f], 0x101",
         "mov al, byte ptr [X + 0x40]\n mov bl, byte ptr [X + 0x3f]\n mov cl, byte ptr [X + 0x40]"),
        [(1, "AL"), (1, "BL"), (1, "CL")], [],
        {(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1), (1, 1, 1)}, set(),
    ),
    "push and pop": (
        (f"mov esp, {X + 8:#x}\n mov ecx, 0x7\n push rcx\n pop rax\n mov ebx, dword ptr [Y]",
         "mov dword ptr [Y], 0x1\n mov eax, dword ptr [X]"),
        [A, (0, "EBX"), B], [], {(7, 0, 0), (7, 0, 7), (7, 1, 0), (7, 1, 7)}, {(7, 0, 0)},
    ),
    "rep stos stores element by element": (
        (f"mov edi, {X:#x}\n mov eax, 0x1\n mov ecx, 0x2\n rep stosd",
         "mov eax, dword ptr [X + 0x4]\n mov ebx, dword ptr [X]"),
        [B, (1, "EBX")], [], {(0, 0), (0, 1), (1, 1)}, set(),
    ),
    "rep movs loads element by element": (
        (f"mov esi, {X:#x}\n mov edi, {Y:#x}\n mov ecx, 0x2\n rep movsq", "mov dword ptr [X], 0x1\n mov dword ptr [X + 0x8], 0x1"),
        [], [Y, Y + 8], {(0, 0), (0, 1), (1, 0), (1, 1)}, set(),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("reduced", [False, True])
def test_outcomes(name: str, reduced: bool) -> None:
    programs, registers, memory, expected, only_tso = CASES[name]
    program = Program(programs)
    assert set(program.explore(registers, memory, Rules(reduced=reduced)).outcomes) == expected
    assert set(program.explore(registers, memory, Rules(model="sc", reduced=reduced)).outcomes) == expected - only_tso


def test_a_search_leaves_everything_as_it_was_and_finds_the_same_again() -> None:
    program = Program(SB)
    before = program.machine.bus.ram.copy()
    found = [program.explore([A, B], [X, Y]) for _ in range(2)]
    assert found[0] == found[1]
    assert (program.machine.bus.ram == before).all()
    assert not program.machine.bus.arrays["line.pending"].any()
    assert not program.machine.bus.arrays["buffers"]["count"].any()


def test_a_schedule_leads_to_its_outcome_by_hand() -> None:
    found = Program(SB).explore([A, B])
    schedule = found.outcomes[(0, 0)].split()
    assert sorted(schedule) == ["0", "0", "0d", "1", "1", "1d"]
    assert schedule.index("0d") > [at for at, each in enumerate(schedule) if each == "1"][1], (
        "core 1 loads before core 0's store drains"
    )
    assert schedule.index("1d") > [at for at, each in enumerate(schedule) if each == "0"][1]


def test_six_cores() -> None:
    locations = [X + 0x40 * index for index in range(6)]
    texts = [
        f"mov dword ptr [{a:#x}], 0x1\n mov eax, dword ptr [{b:#x}]"
        for a, b in zip(locations, locations[1:] + locations[:1], strict=True)
    ]
    registers = [(core, "EAX") for core in range(6)]
    program = Program(texts)
    assert len(program.explore(registers).outcomes) == 64
    assert len(program.explore(registers, rules=Rules(model="sc")).outcomes) == 63


SPIN = (
    "mov dword ptr [X], 0x1\n mov dword ptr [Y], 0x1",
    "again:\n pause\n mov eax, dword ptr [Y]\n test eax, eax\n je again\n mov ebx, dword ptr [X]",
)


def test_a_loop_that_waits_is_left_when_its_state_comes_again() -> None:
    found = Program(SPIN).explore([B, (1, "EBX")])
    assert set(found.outcomes) == {(1, 1)}
    assert not found.endless


TAKEN = ".Lagain:\n mov eax, dword ptr [Y]\n test eax, eax\n jne .Lagain"
FREE = TAKEN.replace("jne", "je")
ROUND = ".Lround:\n mov ecx, 0x3\n.Ldown:\n dec ecx\n jne .Ldown\n jmp .Lround"


def take_both(first: str, second: str) -> str:
    return "".join(f".L{lock}:\n lock bts dword ptr [{lock}], 0x0\n jc .L{lock}\n" for lock in (first, second)) + "".join(
        f" mov dword ptr [{lock}], 0x0\n" for lock in (second, first)
    )


# programs, whether all can end too, ways of never ending each with its schedule under x86-TSO
FOR_EVER = {
    "what nobody takes back": (("mov dword ptr [Y], 0x1", TAKEN), True, {((1, WAITS),): "0 0d 1"}),
    "what nobody gives": (("", FREE), False, {((1, WAITS),): "1"}),
    "a store that is still to drain ends it": (("mov dword ptr [Y], 0x1\n mov dword ptr [Y], 0x0", TAKEN), True, {}),
    "each has what the other one wants": ((take_both("X", "Y"), take_both("Y", "X")), True, {((0, WAITS), (1, WAITS)): "0 1 0 1"}),
    "both take them in the same order": ((take_both("X", "Y"),) * 2, True, {}),
    "a core that halts at its end, or goes on": (
        ("mov dword ptr [X], 0x1", "mov eax, dword ptr [X]\n test eax, eax\n jne .Lover\n hlt\n.Lover:"),
        True, {((1, STANDS),): "0 1 0d 1"},
    ),
    "a core that halts": (("hlt\n nop", "mov dword ptr [X], 0x1"), False, {((0, STANDS),): "0 1 1d"}),
    "a loop in registers": (("mov dword ptr [Y], 0x1", f"{FREE}\n{ROUND}"), False, {((1, RUNS),): "0 0d 1"}),
    "two ways": (
        ("mov dword ptr [X], 0x1", f"mov eax, dword ptr [X]\n test eax, eax\n.Lstay: je .Lstay\n{FREE}", "hlt\n nop"),
        False, {((1, WAITS), (2, STANDS)): "0 0d 1 1 2", ((1, RUNS), (2, STANDS)): "0 1 0d 2"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FOR_EVER)
@pytest.mark.parametrize("model", ["tso", "sc"])
def test_states_from_which_no_end_can_be_reached(name: str, model: str) -> None:
    programs, can_end, endless = FOR_EVER[name]
    found = Program(programs).explore([A], rules=Rules(model=model))
    assert (found.outcomes != {}) == can_end
    assert found.endless.keys() == endless.keys()
    if model == "tso":
        assert found.endless == endless


def test_bounds_are_named() -> None:
    with pytest.raises(BoundReached, match="more than 10 states"):
        Program(SB).explore([A], bounds=Bounds(states=10))
    counting = "again:\n inc dword ptr [X]\n jmp again"
    with pytest.raises(BoundReached, match="a path of more than 100 transitions"):
        Program((counting,)).explore([A], bounds=Bounds(depth=100))
    with pytest.raises(BoundReached, match="has executed 1000000 instructions without touching memory: does a loop count"):
        Program(("again:\n inc rax\n jmp again",)).explore([A])


def test_a_fault_says_where_and_how() -> None:
    program = Program(("mov dword ptr [X], 0x1", "mov eax, dword ptr [X]\n test eax, eax\n je fine\n ud2\nfine:"))
    with pytest.raises(GuestFault, match=r"core 1 at 0x\w+ faulted \(exception 6, #UD\) after the schedule 0 0d 1"):
        program.explore([B])
    assert not program.machine.bus.arrays["buffers"]["count"].any()


TWIN = """
import sys, json
from explore.test_explorer import SB, A, B, Program, Rules
found = [Program(SB).explore([A, B], rules=rules) for rules in (Rules(), Rules(model="sc"), Rules(reduced=True))]
print(json.dumps([[each.states, each.transitions, sorted(each.outcomes.items())] for each in found]))
"""


def test_the_plain_python_twin_visits_the_same_states() -> None:
    def run(**more: str) -> object:
        done = subprocess.run([sys.executable, "-c", TWIN], env=environment(**more), capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    assert run(NUMBA_DISABLE_JIT="1") == run(NUMBA_DISABLE_JIT="0")
