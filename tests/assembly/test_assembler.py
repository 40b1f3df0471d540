"""Texts and images: addresses of labels, annotations and lines; names that clash or are missing; where an error is."""

import time
from pathlib import Path

import pytest

from emu.assembly import assemble, assemble_variant, load_globals
from emu.assembly.assembler import TEXT_PHYSICAL, TEXT_VIRTUAL, USER_VIRTUAL, undefined
from emu.assembly.source import prepare
from emu.errors import UserError
from emu.image import Field, Struct

TASK = Struct("task", "TASK", 0x40, "", {"pid": Field("pid", 0x10, 4)})


def write(folder: Path, **bodies: str) -> list[Path]:
    for name, body in bodies.items():
        (folder / f"{name}.S").write_text(f"{name}:\n{body}\n    ret\n")
    return [folder / f"{name}.S" for name in bodies]


def test_an_image(tmp_path: Path) -> None:
    (tmp_path / "g.toml").write_text('[counter]\nsize = 0x8\ninit = { at_0 = "&middle" }\n')
    kernel = write(
        tmp_path,
        first="//@ state scheduler\n    call second\n//@ event done reg=rax\n    lock inc qword ptr [counter]",
        second="    mov eax, dword ptr [rdi + TASK_pid]\nmiddle:\n//@ point window\n    nop",
    )
    structs = {"task": TASK}
    image = assemble(
        kernel,
        write(tmp_path, user="    syscall"),
        structs=structs,
        placed=load_globals([tmp_path / "g.toml"], structs),
        variant="v",
    )
    assert [(each.name, each.state) for each in image.routines] == [
        ("user", "kernel"),
        ("first", "scheduler"),
        ("second", "kernel"),
    ]
    assert image.symbols["first"] == TEXT_VIRTUAL
    assert image.symbols["second"] == TEXT_VIRTUAL + 0x10 + 0x10 * (image.routine_at(TEXT_VIRTUAL).size > 0x10)
    assert image.symbols["user"] == USER_VIRTUAL == image.user_text.virtual
    assert image.user_text.physical == TEXT_PHYSICAL + 0x1000
    assert int.from_bytes(image.data.data, "little") == image.symbols["middle"] == image.symbols["second"] + 3
    assert image.symbol_at(image.symbols["middle"]) == ("second", 3)
    assert image.symbol_at(image.symbols["second"] - 1) is None  # padding
    assert image.symbol_at(0) is None
    done, window = image.marks
    assert (done.kind, done.name, done.register, done.address) == ("event", "done", "rax", TEXT_VIRTUAL + 5)
    assert (window.kind, window.address) == ("point", image.symbols["middle"])
    assert image.points() == ("window",)
    assert image.lines[TEXT_VIRTUAL + 5] == (str(kernel[0]), 5)
    assert image.text.data[0] == 0xE8


def test_macros_repetitions_and_conditions(assembled, listing) -> None:
    text = assembled(
        {"SIZE": 0x20, "OFF": 0x8},
        f=".macro get register, base\n mov \\register, qword ptr [\\base + OFF + SIZE]\n.endm\n get rax, rdi\n get rcx, rsi\n"
        ".rept 0x2\n nop\n inc rax\n.endr\n.if SIZE > 0x10\n dec rax\n.else\n inc rcx\n.endif",
    )
    assert listing(text.code) == [
        "mov rax, qword ptr [rdi + 0x28]", "mov rcx, qword ptr [rsi + 0x28]", "inc rax", "inc rax", "dec rax", "ret",
    ]  # fmt: skip


def test_own_names_do_not_reach_into_the_next_file(assembled, listing) -> None:
    text = assembled(a=".set FRAME, 0x8\nsub rsp, FRAME", b="sub rsp, FRAME\n.set FRAME, 0x20")
    assert listing(text.code) == ["sub rsp, 8", "ret", "sub rsp, 0x20", "ret"]
    with pytest.raises(UserError, match=r"b.S:2: .*FRAME is not defined"):
        assembled(a=".set FRAME, 0x8\nsub rsp, FRAME", b="sub rsp, FRAME")


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("mov eax, rbx", r"b.S:4: Keystone cannot assemble 'mov eax, rbx'"),
        ("nosuch rax", r"b.S:4: Keystone cannot assemble 'nosuch rax'"),
        ("mov rax, MSG_size", r"b.S:4: .*: MSG_size is not defined"),
        ("lea rax, [rip + no_such_label]", r"b.S:4: .*: no_such_label is not defined"),
        ("call no_such_routine", r"b.S:4: no_such_routine is not defined: no file no_such_routine.S and no global"),
        ("jmp .Lnowhere", r"b.S:4: .*nowhere is not defined"),
        (".if 0x1\nnop\n", r"b.S:4: "),
        ("mov eax, 5", r"b.S:4: write 5 in hex as 0x5"),
    ],
)
def test_an_error_is_found_by_file_and_line(assembled, bad: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        assembled(a=".Lx: jmp .Lx", b=f"push rbp // in order\n.Lx: jne .Lx\n{bad}\ncall a", c="call b")


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ("b:", "nop", r"b.S:1: label b is already the name of a label at .*a.S:2"),
        (".Lx: nop\n.Lx:", "nop", r"a.S:3: label x is already the name of a label at .*a.S:2"),
        ("KNOWN:", "nop", r"a.S:2: label KNOWN is already the name of a struct offset or a global"),
        ("nop", "eax:", r"b.S:2: label eax is already the name of a register"),
    ],
)
def test_labels_that_clash(assembled, a: str, b: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        assembled({"KNOWN": 0x8}, a=a, b=b)


def test_a_global_must_not_have_the_name_of_an_offset_and_texts_share_no_label(tmp_path: Path) -> None:
    (tmp_path / "g.toml").write_text("[TASK_pid]\nsize = 0x8\n")
    structs = {"task": TASK}
    placed = load_globals([tmp_path / "g.toml"], structs)
    with pytest.raises(UserError, match=r"g.toml: TASK_pid: TASK_pid is already the name of a struct offset"):
        assemble([], structs=structs, placed=placed)
    files = write(tmp_path, twice="nop")
    with pytest.raises(UserError, match=r"twice is a label in the kernel's text and in the user's"):
        assemble(files, files, structs=structs, placed={})


def test_stubs_stand_for_routines_that_are_not_there(tmp_path: Path) -> None:
    files = write(tmp_path, caller="    call missing\n    jmp missing\n    call rax")
    assert undefined([prepare(path) for path in files], {}) == {"missing": [f"{files[0]}:2", f"{files[0]}:3"]}
    image = assemble(files, structs={}, placed={}, stubs=["missing"])
    assert image.text.data[:5] == b"\xe8" + (-5).to_bytes(4, "little", signed=True)


@pytest.mark.parametrize("variant", ["baseline", "wakeq"])
def test_a_variant_is_whole_and_the_same_each_time(variant: str) -> None:
    began = time.process_time()
    image = assemble_variant(variant)
    assert time.process_time() - began < 5  # 0.1 s where it was measured
    again = assemble_variant(variant)
    assert image.segments == again.segments
    assert image.marks == again.marks
    assert "handoff_window" in image.points()
    for each in image.routines:
        assert each.address % 16 == 0
        assert each.size > 0
