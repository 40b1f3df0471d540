"""Inline routines: expanded where they are named, with the operands of the use; what is wrong is named by file and line."""

from pathlib import Path

import pytest

from emu.assembly.inline import load_inline, load_inlines
from emu.assembly.source import prepare
from emu.assembly.text import assemble_text
from emu.errors import UserError


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.S"
    path.write_text(text)
    return path


@pytest.fixture
def both(tmp_path: Path) -> dict[str, Path]:
    swap = "//@ inline swap_if one other\n    cmp \\one, \\other\n    jbe .Lin_order\n    xchg \\one, \\other\n.Lin_order:\n"
    return {"swap_if": write(tmp_path, "swap_if", swap), "nothing": write(tmp_path, "nothing", "//@ inline nothing\n")}


def test_a_use_becomes_the_lines_of_its_file(tmp_path: Path, both: dict[str, Path]) -> None:
    used = "sort:\n    swap_if rax, rbx  // once\n    nothing\n    swap_if rbx, rcx\n    ret\n"
    plain = """sort:
    cmp rax, rbx
    jbe .La
    xchg rax, rbx
.La:
    cmp rbx, rcx
    jbe .Lb
    xchg rbx, rcx
.Lb:
    ret
"""
    ours = prepare(write(tmp_path, "sort", used), load_inlines(both))
    (tmp_path / "plain").mkdir()
    theirs = prepare(write(tmp_path / "plain", "sort", plain))
    code = [assemble_text([each], 0x1000, {}).code for each in (ours, theirs)]
    assert code[0] == code[1]
    assert {number for number, _ in ours.lines} == {1, 2, 4, 5}, "what is expanded stands at the line of the use"


def test_a_memory_operand_is_one_operand(tmp_path: Path) -> None:
    path = write(tmp_path, "unlock", "//@ inline unlock lock how\n    mov byte ptr \\lock, \\how\n")
    assert load_inline(path).expand(" [rbx + rcx], al", "x.S:1", 0) == ["    mov byte ptr [rbx + rcx], al"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("    ret\n", r"unlock.S: one line must be `//@ inline unlock OPERAND…`, with the file's name"),
        ("//@ inline lock\n    ret\n", r"unlock.S: one line must be `//@ inline unlock"),
        ("//@ inline unlock\n//@ inline unlock\n", r"unlock.S: one line must be"),
        ("//@ inline unlock\n    inc \\lock\n", r"unlock.S:2: \\lock is no operand; line 1 names none"),
        ("//@ inline unlock a b\n\n    inc \\c\n", r"unlock.S:3: \\c is no operand; line 1 names a, b"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_inline(write(tmp_path, "unlock", text))


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere.S: cannot be read: No such file"):
        load_inline(tmp_path / "nowhere.S")


@pytest.mark.parametrize(("use", "given"), [("swap_if rax", 1), ("swap_if", 0), ("swap_if a, b, [c + d]", 3)])
def test_the_number_of_operands(tmp_path: Path, both: dict[str, Path], use: str, given: int) -> None:
    with pytest.raises(UserError, match=rf"sort.S:2: swap_if takes 2 operands \(.*swap_if.S\), not {given}"):
        prepare(write(tmp_path, "sort", f"sort:\n    {use}\n"), load_inlines(both))


def test_inline_routines_may_name_others(tmp_path: Path) -> None:
    """Each use has labels of its own, however deep it stands."""
    paths = {
        "leave": write(tmp_path, "leave", "//@ inline leave lock\n    release \\lock\n    poll\n    poll\n"),
        "release": write(tmp_path, "release", "//@ inline release word\n    mov byte ptr \\word, 0x0\n"),
        "poll": write(tmp_path, "poll", "//@ inline poll\n    jnz .Lon\n    nop\n.Lon:\n"),
    }
    text = "sort:\n    leave [rbx]\n    ret\n"
    source = prepare(write(tmp_path, "sort", text), load_inlines(paths))
    statements = [line for _, line in source.lines]
    assert statements[1] == "mov byte ptr [rbx], 0x0"
    labels = [line for line in statements if line.endswith(":")][1:]
    assert len(labels) == len(set(labels)) == 2
    assert {number for number, _ in source.lines[1:-1]} == {2}


def test_an_inline_routine_gives_names_to_numbers_of_its_user(tmp_path: Path) -> None:
    """Two routines name the same frame; labels of the caller pass through as operands."""
    paths = {
        "frame": write(tmp_path, "frame", "//@ inline frame\n.set FRAME__size, 0x38\n"),
        "unless": write(tmp_path, "unless", "//@ inline unless to\n    jz \\to\n"),
    }
    text = "{0}:\nframe\n    sub rsp, FRAME__size\n    unless .Lout\n    nop\n.Lout:\n    ret\n"
    used = [prepare(write(tmp_path, name, text.format(name)), load_inlines(paths)) for name in ("one", "two")]
    expanded = text.replace("frame\n", "").replace("FRAME__size", "0x38").replace("unless", "jz")
    (tmp_path / "plain").mkdir()
    theirs = [prepare(write(tmp_path / "plain", name, expanded.format(name))) for name in ("one", "two")]
    assert assemble_text(used, 0x1000, {}).code == assemble_text(theirs, 0x1000, {}).code


def test_a_circle_of_inline_routines_is_refused(tmp_path: Path) -> None:
    paths = {
        "one": write(tmp_path, "one", "//@ inline one\n    two\n"),
        "two": write(tmp_path, "two", "//@ inline two\n    one\n"),
    }
    with pytest.raises(UserError, match=r"sort.S:2: inline routines name each other in a circle: one, two, one"):
        prepare(write(tmp_path, "sort", "sort:\n    one\n    ret\n"), load_inlines(paths))
