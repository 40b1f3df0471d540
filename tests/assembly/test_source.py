"""The rules for a routine's file: what is refused, with file and line, and what annotations and labels become."""

import re
from pathlib import Path

import pytest

from emu.assembly.source import prepare
from emu.errors import UserError


def write(folder: Path, text: str) -> Path:
    path = folder / "routine.S"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("mov eax, 10", "write 10 in hex as 0xa: Keystone misreads decimal literals"),
        ("mov eax, -1", "write 1 in hex as 0x1"),
        ("mov eax, 0", "write 0 in hex as 0x0"),
        ("mov eax, 010", "write 010 in hex as 0xa"),
        ("mov eax, 10h", "write 10h in hex"),
        ("mov eax, 0b11", "write 0b11 in hex"),
        ("mov eax, 0X10", "write 0X10 in hex"),
        ("mov eax, [rsp + 8]", "write 8 in hex as 0x8"),
        ("mov eax, [rsp*16]", "write 16 in hex as 0x10"),
        (".set SIZE, 4", "write 4 in hex as 0x4"),
        ("nop; mov eax, 3", "write 3 in hex"),
        ("1: nop", "label 1 must be a word (.L1 for a local one): Keystone knows no numeric labels"),
        (".section .text", ".section has no place in a routine; data belong into firmware/globals/*.toml"),
        (".quad 0x1", ".quad has no place in a routine"),
        ("nop # comment", "a comment begins with //"),
        ("nop /* comment */", "a comment begins with //"),
        ("//@ evnt wakeup", "an annotation must be event, point, load, fixup or state, not 'evnt'"),
        ("//@ event", "an annotation is `//@ event|point|load|fixup|state NAME [reg=R [zero]]`, not '//@ event'"),
        ("//@ event wakeup rdi", "an annotation is"),
        ("//@ state kernle", "state must be one of user, kernel, scheduler, interrupt, idle, not 'kernle'"),
        ("//@ event wakeup reg=dl", "reg= belongs to an event and names a register of 32 or 64 bits, not 'dl' on event"),
        ("//@ point window reg=rdi", "not 'rdi' on point"),
        ("//@ event wakeup zero", "an annotation is `//@ event|point|load|fixup|state NAME [reg=R [zero]]`"),
    ],
)
def test_a_broken_rule_is_named_with_its_line(tmp_path: Path, line: str, message: str) -> None:
    path = write(tmp_path, f"// int routine(void)\nroutine:\n    {line}\n    ret\n")
    with pytest.raises(UserError, match=re.escape(f"{path}:3: ") + ".*" + re.escape(message)):
        prepare(path)


@pytest.mark.parametrize(
    "line",
    [
        "mov eax, [rsp + 0x8]", "mov eax, [rcx*8 + NAME]", "mov eax, [rdi + TASK_x + 0x4]", "mov r8d, r10d",
        "nop // 10 is fine here", "lea rax, [rip + x2]", "mov eax, [rsi + 4*rcx + NAME]",
    ],
)  # fmt: skip
def test_what_is_allowed(tmp_path: Path, line: str) -> None:
    assert len(prepare(write(tmp_path, f"routine:\n    {line}\n")).lines) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nop", "the first label must be the file's name, routine, not none"),
        ("other:\nroutine:\nnop", "the first label must be the file's name, routine, not other"),
        ("routine:\nnop\n//@ point window\n", "routine.S:3: no instruction follows this annotation"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        prepare(write(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"routine.S: cannot be read: No such file"):
        prepare(tmp_path / "routine.S")


def test_statements_labels_and_annotations(tmp_path: Path) -> None:
    source = prepare(
        write(
            tmp_path, "//@ state scheduler\nroutine:\n.Lagain: dec rdi; jne .Lagain\n//@ event done reg=rdi zero\nentry:\n    ret\n"
        )
    )
    assert source.state == "scheduler"
    assert source.labels == ["routine", "entry"]
    assert source.lines == [
        (2, "routine:"),
        (3, "L__routine__again:"),
        (3, "dec rdi"),
        (3, "jne L__routine__again"),
        (4, ".Lmark__routine__0:"),
        (5, "entry:"),
        (6, "ret"),
    ]
    (note,) = source.annotations
    assert (note.kind, note.name, note.register, note.zero, note.line) == ("event", "done", "rdi", True, 4)
