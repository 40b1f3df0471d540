"""House rules for the guest's own routines, which Keystone would not mind if broken."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from emu.assembly import guest_folder
from emu.assembly.constants import kernel_constants
from emu.assembly.fold import MEMORY, REGISTERS, SET

FOLDERS = (guest_folder("firmware"), guest_folder("kernel_snippets"))
ROUTINES = sorted(path for folder in FOLDERS for path in folder.rglob("*.S"))
BARE = re.compile(r"(?:^|[+-])\s*0x[0-9a-fA-F]+")
IMMEDIATE = re.compile(r"(?<![\w.])(-?)(0x[0-9a-fA-F]+)")
FLAGS = re.compile(r"(?:TI_flags|TASK_flags|TASK_state|TASK_exit_state|TASK_on_rq|TASK_policy|PTREGS_flags)\b[^,]*,\s*~?0x(?!0$)")
WORD = re.compile(r"(?<![\w.])[A-Za-z_.][\w.]*")


def numbered_code(path: Path) -> list[tuple[int, str]]:
    return [(number, line.split("//", 1)[0].strip()) for number, line in enumerate(path.read_text().splitlines(), 1)]


def test_offsets_are_named() -> None:
    """A displacement is a field of the struct table; numbers are for the stack frame and for the arithmetic of LEA."""
    offences = []
    for path in ROUTINES:
        for number, line in numbered_code(path):
            for inside in MEMORY.findall(line):
                words = set(WORD.findall(inside))
                bare = BARE.search(inside) and words <= REGISTERS and words.isdisjoint(("rsp", "rip"))
                if bare and not line.startswith("lea"):
                    offences.append(f"{path}:{number}: [{inside}]")
    assert not offences, "these displacements must be named by the struct table"


def test_a_header_says_where_the_routine_comes_from() -> None:
    headers = {path: path.read_text().split(f"\n{path.stem}:")[0] for path in ROUTINES}
    assert not [str(path) for path, text in headers.items() if "Source:" not in text]


def immediates(line: str) -> list[tuple[str, int]]:
    """The literals of a statement outside its addresses: sign and value."""
    return [(sign, int(digits, 16)) for sign, digits in IMMEDIATE.findall(MEMORY.sub("", line))]


def literals_with_a_name(text: str, where: str) -> Iterator[str]:
    """Numbers that stand where a constant's name belongs: an error, a flag of a task, what the comment calls by its name."""
    names = kernel_constants()
    errors = {value for name, value in names.items() if re.fullmatch("E[A-Z0-9]+", name)} - {1}  # -0x1 is many things
    for number, line in enumerate(text.splitlines(), 1):
        code, _, comment = line.partition("//")
        if not code.strip() or SET.match(code.strip()):
            continue
        found = immediates(code)
        called = [names[word] for word in re.findall(r"[A-Z_][A-Z0-9_]+", comment) if names.get(word)]
        is_error = code.split()[0] in ("mov", "cmp", "push") and any(sign and value in errors for sign, value in found)
        if is_error or any(value in called for _, value in found) or FLAGS.search(code.strip()):
            yield f"{where}:{number}: {line.strip()}"


def test_errors_flags_and_poison_have_their_names() -> None:
    offences = [each for path in ROUTINES for each in literals_with_a_name(path.read_text(), str(path))]
    assert not offences, "these numbers have names in firmware/constants.toml"


@pytest.mark.parametrize(
    "line",
    [
        "    mov rax, -0x16",
        "    mov eax, 0x16   // EINVAL",
        "    test byte ptr [rax + TI_flags], 0x4",
        "    lock and byte ptr [rax + TI_flags], ~0x8",
        "    mov rax, 0xdead000000000100   // LIST_POISON1",
    ],
)
def test_a_literal_with_a_name_is_found(line: str) -> None:
    assert list(literals_with_a_name(line, "f"))


def test_no_constant_is_set_in_two_files_and_none_of_the_table_is_unused() -> None:
    numbered = re.compile(r"^\s*\.set\s+(?:\.L)?([A-Z][A-Z0-9_]+),\s*-?0x", re.MULTILINE)
    texts = [path.read_text() for path in ROUTINES]
    named = Counter(name for text in texts for name in set(numbered.findall(text)))
    assert [name for name, files in named.items() if files > 1 or name in kernel_constants()] == []
    used = {word for text in texts for line in text.splitlines() for word in WORD.findall(line.split("//", 1)[0])}
    assert sorted(kernel_constants().keys() - used) == []


def test_a_barrier_says_what_it_orders_and_what_x86_makes_of_it() -> None:
    barriers = [line.strip() for path in ROUTINES for line in path.read_text().splitlines() if re.match(r"\s*// smp_\w+", line)]
    assert len(barriers) >= 12
    whole = re.compile(r"// smp_\w+: .+; (x86 keeps \w+ in order|the (lock's )?LOCK prefix does it)")
    assert [line for line in barriers if not whole.fullmatch(line)] == []
    there = {path.stem for path in ROUTINES if "// smp_" in path.read_text()}
    assert {
        "lockless_receive",
        "wake_receiver",
        "expunge_all",
        "try_to_wake_up",
        "set_task_cpu",
        "__schedule",
        "finish_task_switch",
    } <= there
