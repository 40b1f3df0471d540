"""Programs: where threads, ends and locations come to lie, and that every public test becomes one."""

from pathlib import Path

import pytest

from emu.errors import UserError
from emu.isa.decode import decode
from emu.litmus.parse import parse, parse_file
from emu.litmus.program import DATA_BASE, TEXT_BASE, assemble
from emu.litmus.test import LitmusTest

HERE = Path(__file__).parent
PUBLIC = HERE.parents[2] / "shared" / "litmus"


def read(code: str, initial: str = "", path: str = "t") -> LitmusTest:
    return parse(path, f"X86 t\n{{ {initial} }}\n{code}forall (true)")


def texts(tests: list[LitmusTest]) -> list[list[str]]:
    """The instructions of each routine of a batch."""
    image = assemble(tests).image
    found = decode(image)
    return [
        [each.text for at, each in found.items() if routine.address <= at < routine.address + routine.size]
        for routine in image.routines
    ]


def test_each_thread_is_a_routine_that_ends_in_hlt() -> None:
    tests = [read(" P0 | P1 ;\n MOV [x],$1 | ;\n MFENCE | MOV EAX,[y] ;\n"), read(" P0 ;\n MFENCE ;\n")]
    program = assemble(tests)
    assert texts(tests) == [
        ["mov dword ptr [0x200000], 1", "mfence", "hlt"],
        ["mov eax, dword ptr [0x200040]", "hlt"],
        ["mfence", "hlt"],
    ]
    found = decode(program.image)
    for placed, test in zip(program.tests, tests, strict=True):
        assert len(placed.starts) == len(placed.ends) == len(test.threads)
        assert all(found[end].text == "hlt" for end in placed.ends)
        assert all(start in found for start in placed.starts)
    assert program.tests[0].starts[0] == program.image.text.virtual == program.image.text.physical == TEXT_BASE
    starts = [start for placed in program.tests for start in placed.starts]
    assert starts == [routine.address for routine in program.image.routines]
    assert program.image.lines[starts[0]] == ("t", 4)
    assert program.image.lines[program.tests[0].ends[0]] == ("t", 5)


def test_locations_have_lines_of_their_own() -> None:
    placed = assemble([read(" P0 ;\n MOV [z],$1 ;\n", "int8_t x; uint64_t t[9]; y=1;")]).tests[0]
    at = {"x": 0, **{f"t[{index}]" if index else "t": 64 + 8 * index for index in range(9)}, "y": 192, "z": 256}
    assert placed.addresses == {name: DATA_BASE + offset for name, offset in at.items()}


def test_labels_belong_to_a_thread() -> None:
    loop = "L: MOV EAX,[x] | L: DEC EBX ;\n JNE L | JE M ;\n RET | MFENCE ;\n MFENCE | M: ;\n"
    tests = [read(f" P0 | P1 ;\n {loop}")] * 2
    (first, second, *_), addresses = texts(tests), assemble(tests).tests[0]
    assert first[1:3] == [f"jne {addresses.starts[0]:#x}", f"jmp {addresses.ends[0]:#x}"]
    assert second[1] == f"je {addresses.ends[1]:#x}"


def test_a_thread_without_code_and_names_that_look_like_others() -> None:
    code = " P0 | P1 ;\n | MOV [riz],$1 ;\n | MOV [rept],$1 ;\n | MOV [a.b-c],$1 ;\n | MOV [T0_P1],$1 ;\n | rax: JMP rax ;\n"
    program = assemble([read(code)])
    assert program.tests[0].starts[0] == program.tests[0].ends[0]
    assert texts([read(code)])[1][:4] == [f"mov dword ptr [{DATA_BASE + 64 * number:#x}], 1" for number in range(4)]


def test_the_statement_that_is_refused_is_named() -> None:
    good, bad = read(" P0 ;\n MFENCE ;\n", path="good"), read(" P0 | P1 ;\n MFENCE | L0: MOV EAX, BX ;\n", path="bad")
    with pytest.raises(UserError) as refused:
        assemble([good, bad, good])
    assert str(refused.value) == "bad:4: no such instruction, or not with these operands: MOV EAX, BX"


def test_too_much_code_for_one_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emu.litmus.program.DATA_BASE", TEXT_BASE + 64)
    test = read(" P0 ;\n MOV [x],$1 ;\n")
    assemble([test])
    with pytest.raises(UserError, match=r"9 tests have \d+ bytes of code and 64 is the most: assemble fewer at once"):
        assemble([test] * 9)


@pytest.mark.parametrize(
    "folder",
    [HERE / "data", HERE / "generated", HERE / "handwritten", PUBLIC / "dat3m", PUBLIC / "herd"],
    ids=lambda path: path.name,
)
def test_all_tests_of_a_folder_assemble(folder: Path) -> None:
    if not folder.exists():
        pytest.skip(f"{folder.parent.name}/{folder.name} is not here: the public tests lie beside the project, in shared/litmus")
    tests = [parse_file(path) for path in sorted(folder.glob("*.litmus"))]
    assert tests
    program = assemble(tests)
    found = decode(program.image)
    for placed in program.tests:
        assert all(found[end].mnemonic == "hlt" for end in placed.ends)
        assert all(start in found for start in placed.starts)
