"""The parser on a file with every form of the grammar, on wrong files, and on texts that no one would write."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emu.errors import UserError
from emu.litmus.parse import parse, parse_file
from emu.litmus.program import assemble
from emu.litmus.test import And, Cell, LitmusTest, Location, Register

DATA = Path(__file__).parent / "data"
SMALL = """X86 SB
{{ {initial} }}
 P0          | P1          ;
 MOV [x],$1  | MOV [y],$1  ;
 {cell} | MOV EAX,[x] ;
{final}
"""


def small(initial: str = "", cell: str = "MOV EAX,[y]", final: str = "exists (0:EAX=0 /\\ 1:EAX=0)") -> LitmusTest:
    return parse("SB.litmus", SMALL.format(initial=initial, cell=cell, final=final))


def test_every_form() -> None:
    test = parse_file(DATA / "everything.litmus")
    assert (test.name, test.architecture, test.quantifier) == ("every/form+of[the]-header:1", "X86_64", "forall")
    assert test.locations == (
        Location("x", 8, (0,)),
        Location("y", 4, (1,)),
        Location("z", 1, (0xFF,)),
        Location("w", 4, (3,)),
        Location("t", 4, (1, 2, 0xFFFFFFFD)),
        Location("p", 8, ("t[1]",)),
        Location("u", 8, ("y",)),
    )
    assert {(register.thread, register.text): value for register, value in test.registers.items()} == {
        (0, "rax"): "x",
        (0, "rbx"): 0,
        (1, "RCX"): 7,
        (1, "rdx"): "t[2]",
        (1, "esi"): 0xFFFFFFFF,
    }
    assert test.threads[0].lines == (
        (15, "lock inc dword ptr [riz*0x1 + {w}]"),
        (16, "mov qword ptr [rax], 0x2"),
        (18, "mov byte ptr [riz*0x1 + {z}], 0x1"),
        (19, "lock xadd qword ptr [riz*0x1 + {x}], rbx"),
    )
    assert test.threads[0].written[0] == "lock; incl (w)"
    assert [line for _, line in test.threads[1].lines] == [
        "{:L0}:",
        "mov eax, dword ptr [riz*0x1 + {y}]",
        "cmp eax, 0x0",
        "jne {:L1}",
        "{:L1}:",
        "{:L2}:",
        "mov ebx, dword ptr [rdx]",
    ]
    assert test.filter is not None
    assert test.condition_text.startswith("([x]=2 /\\ 0:rbx = 2 \\/ ~(w=5)") and test.condition_text.endswith("u=y")
    assert test.observed == (
        Cell("x"),
        Register(0, "rbx", 8, 0, "rbx"),
        Cell("w"),
        Cell("z"),
        Cell("p"),
        Cell("u"),
        Cell("t"),
        Cell("t", 1),
        Cell("t", 2),
        Register(1, "rbx", 4, 0, "ebx"),
        Cell("y"),
    )


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('X86 iwp2.5/amd8 (iwpTwoFive) "Stores"', "iwp2.5/amd8"),
        ("X86_64 MP+po+po.litmus", "MP+po+po"),
        ("\n X86\tSB\r", "SB"),
        ("\ufeffX86 SB;", "SB"),
        ('X86 LB \n"two\nlines {"\n', "LB"),
    ],
)
def test_header(header: str, name: str) -> None:
    assert parse("t", f"{header}\n{{}}\n P0 ;\n mfence ;\nforall (true)").name == name


def test_line_ends_and_tabs_do_not_matter() -> None:
    text = SMALL.format(initial="x=1;\ny=2;", cell="\tMOV\tEAX , [ y ]", final="exists (0:EAX=0)")
    unix, windows = parse("t", text), parse("t", text.replace("\n", "\r\n"))
    assert unix == windows
    assert unix.threads[0].lines[1] == (6, "mov eax, dword ptr [riz*0x1 + {y}]")


def test_a_true_condition_asks_for_the_final_states_alone() -> None:
    test = small(final="locations [x; 0:EAX;] forall (true)")
    assert (test.quantifier, test.condition, test.observed) == ("forall", And(()), (Cell("x"), Register(0, "rax", 4, 0, "EAX")))


def test_a_blank_cell_is_nothing_to_do() -> None:
    test = parse("t", "X86 t\n{}\n P0 | P1 ;\n MFENCE | ;\n ;\n | SFENCE ;\n LFENCE | ;\nforall (true)")
    assert [[line for _, line in thread.lines] for thread in test.threads] == [["mfence", "lfence"], ["sfence"]]


@pytest.mark.parametrize(
    ("code", "initial", "size"),
    [
        ("MOV [x],$1", "", 4),
        ("MOV [x],AL", "", 1),
        ("MOVQ [x],$1", "", 8),
        ("MOV [x],AL ; MOV EBX,[x]", "", 4),
        ("MOV [x],RAX", "int x;", 4),
        ("MOV [x],$1", "int8_t x;", 1),
        ("MOV RBX,[EAX]", "0:EAX=x;", 8),
        ("MOV EBX,[x+4]", "", 8),
        ("CLFLUSH [x]", "", 4),
        ("SETNE [x]", "", 1),
        ("MOVDQA [x],XMM0", "", 8),
        ("MFENCE", "x=0x100000000;", 8),
        ("MFENCE", "short *x;", 4),
    ],
)
def test_sizes_of_locations(code: str, initial: str, size: int) -> None:
    test = parse("t", f"X86 t\n{{ {initial} }}\n P0 ;\n {code} ;\nexists (x=1)")
    assert {each.name: each.size for each in test.locations} == {"x": size}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cell": "JMP L9"}, "SB.litmus:5: JMP L9: P0 has no label L9"),
        ({"cell": "L0: L0: MFENCE"}, "SB.litmus:5: the label L0 stands twice in P0"),
        ({"cell": "MOV EAX,y"}, "SB.litmus:5: MOV EAX,y: y is no register: a location is [y], its address $y"),
        ({"cell": "MOV EAX,%foo"}, "SB.litmus:5: MOV EAX,%foo: %foo is no register"),
        ({"cell": "LOCK MOV [x],$1"}, "SB.litmus:5: LOCK MOV [x],$1: LOCK belongs to"),
        ({"cell": "MOVB [x],$256"}, "256 does not fit into an operand of movb, which has 1 bytes"),
        ({"cell": "MOV EAX,[5]"}, "0x5 is an address of no location"),
        ({"cell": "MFENCE | MFENCE"}, "SB.litmus:5: 'MOV EAX,[x]' stands in column 3, but there are 2 threads"),
        ({"initial": "x=0; x=1;"}, "SB.litmus:2: x has an initial value already"),
        ({"initial": "x=0 y=1;"}, "SB.litmus:2: wanted ';' behind an initial value, got 'y'"),
        ({"initial": "2:EAX=1;"}, "there is no thread P2: the threads are P0, P1"),
        ({"initial": "0:FOO=1;"}, "SB.litmus:2: 0:FOO is no register to begin with or look at"),
        ({"initial": "float x;"}, "SB.litmus:2: the type float is not known; the types are"),
        ({"initial": "uint8_t x=256;"}, "256 does not fit into x, which has 1 bytes"),
        ({"initial": "int x[2]={1};"}, "x has 2 elements and 1 initial values"),
        ({"initial": "int x[9999999];"}, "an array has 1 to 4096 elements"),
        (
            {"initial": "".join(f"int x{number}[4096];" for number in range(20))},
            "SB.litmus:2: the locations of a test may take 512 KiB",
        ),
        ({"initial": "0:AL=x;"}, "0:AL has 1 bytes: an address takes 4 or more"),
        ({"initial": "p=x[1];"}, "x[1] is not there: x has 1 elements, from x[0]"),
        ({"initial": "x=?;"}, "SB.litmus:2: '?' has no meaning here"),
        ({"final": "exists (0:EAX=0"}, "SB.litmus:6: wanted ')' at the end of this part of the condition, got the end"),
        ({"final": "exists 0:EAX"}, "wanted = or != behind what a condition looks at"),
        ({"final": "\nexists 3:EAX=0"}, "SB.litmus:7: there is no thread P3: the threads are P0, P1"),
        ({"final": "exists x[1]=0"}, "SB.litmus:6: x[1] is not there"),
        ({"final": "exists (x=1) forall"}, "wanted the end of the condition, got 'forall'"),
        ({"final": "exists " + "(" * 200 + "x=1"}, "a condition may be nested 100 deep"),
        ({"final": "(* no end"}, "SB.litmus:6: this comment has no end"),
    ],
)
def test_refusals_name_line_and_reason(changes: dict[str, str], message: str) -> None:
    with pytest.raises(UserError) as refused:
        small(**changes)
    assert message in str(refused.value)
    assert str(refused.value).startswith("SB.litmus:") and "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "t:1: a litmus test begins with X86 or X86_64 and its name, got ''"),
        ("AArch64 MP\n{}", "got 'AArch64 MP'"),
        ("X86 t\nno braces", "the test has no initial state"),
        ("X86 t\n{ x=0;", "t:2: the initial state has no end"),
        ("X86 t\n{}\nexists (x=0)", "the test has no code"),
        ("X86 t\n{}\n P0 ;\nexists (x=0)", "t:3: no thread has an instruction"),
        ("X86 t\n{}\n P0 | P1 ;\n MFENCE ;\n | MFENCE ;\nexists (x=0)", "t:4: this row has 1 of 2 cells: | parts them"),
        ("X86 t\n{}\n P0 | P1 ;\n MFENCE | MFENCE\nexists (x=0)", "t:4: this row has no end: a row of cells ends with ;"),
        ("X86 t\n{}\n P0 ;\n MFENCE ;\n\n", "t:4: the test ends without a condition, such as exists (0:rax=0)"),
        ("X86 t\n{}\n P0 ;\n MFENCE ;\nlocations [x;]", "t:5: the test ends without a condition"),
        ("X86 t\n{}\n P0 ;\n MFENCE ;\nfilter (x=1)", "t:5: the test ends without a condition"),
        ("X86 t\n{}\n MFENCE ;\n", "t:3: wanted a row of threads, P0 | P1 ;, got 'MFENCE'"),
        ("X86 t\n{}\n P0 | P0 ;\n", "threads must be P0, P1 and so on from left to right, got P0, P0"),
        ("X86 t\n{}\n P1 | P2 ;\n", "got P1, P2"),
    ],
)
def test_what_is_no_test(text: str, message: str) -> None:
    with pytest.raises(UserError) as refused:
        parse("t", text)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    "final", ["exists (0:EAX=0 /\\ 1:EAX=0)", "locations [x;]\n~exists (x=1 \\/ ~(y=1))", "filter (x=1) forall (y=1)"]
)
def test_wherever_a_file_is_cut_off_it_is_refused_with_a_line(final: str) -> None:
    whole = SMALL.format(initial="x=0; int t[2]={1,2};", cell="MOV EAX,[y]", final=final).rstrip()
    parse("t", whole)
    for end in range(len(whole)):
        with pytest.raises(UserError, match=r"^t:\d+: "):
            parse("t", whole[:end])


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.litmus: cannot be read: No such file"):
        parse_file(tmp_path / "none.litmus")


REAL = [path.read_text() for path in sorted((Path(__file__).parent / "generated").glob("*.litmus"))[::40]]
REAL += [path.read_text() for path in sorted(DATA.glob("*.litmus"))]
PIECES = st.sampled_from(
    [*"{}[]()|;:=~*%$,.-+0123456789x\n\t\"'&é\0", "0:EAX", "P1", "(*", "*)", "exists", "lock;", "0x", "//", "<<", "\\/"]
)


def accept(text: str) -> None:
    try:
        assemble([parse("t", text)])
    except UserError as error:
        assert str(error).startswith("t:") and "\n" not in str(error)


@given(st.text(max_size=80) | st.lists(PIECES, max_size=40).map("".join))
@settings(deadline=None)
def test_any_text_parses_or_is_refused(text: str) -> None:
    accept(text)
    accept(f"X86 t\n{{ {text} }}\n P0 ;\n MFENCE ;\nexists (x=1)")
    accept(f"X86_64 t\n{{ }}\n P0 ;\n {text} ;\nexists (x=1)")
    accept(f"X86 t\n{{ x=1; }}\n P0 ;\n MOV [x],{text} ;\nexists ({text}=1)")
    accept(f"X86 t\n{{ x=1; }}\n P0 ;\n MOV [x],$1 ;\nexists {text}")


@given(st.data())
@settings(deadline=None)
def test_a_changed_test_parses_or_is_refused(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(REAL))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 12)))
        text = text[:start] + data.draw(st.just("") | PIECES | st.text(max_size=3)) + text[end:]
    accept(text)
