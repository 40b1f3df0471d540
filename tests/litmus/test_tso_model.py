"""The oracle itself: against the public verdicts, against the axioms, and on the rules that tests of cycles do not reach."""

import csv
from functools import cache
from pathlib import Path

import pytest

from bench.litmus.generated_set import FOLDER
from bench.litmus.kinds import texts_in
from bench.litmus.tso_axioms import NotForAxioms, axiomatic_finals
from bench.litmus.tso_model import Judgement, Model, judge
from bench.litmus.tso_text import Text, read

PUBLIC = Path(__file__).parents[3] / "shared" / "litmus"
public = pytest.mark.skipif(not PUBLIC.is_dir(), reason="no public litmus tests in ../shared/litmus")


@cache
def dat3m() -> dict[str, tuple[Text, bool]]:
    """Each test of Dat3M, and whether its quantified condition holds."""
    with (PUBLIC / "dat3m" / "TSO-expected.csv").open() as rows:
        return {row[0]: (read((PUBLIC / "dat3m" / row[0]).read_text()), row[1] == "1") for row in csv.reader(rows)}


@public
def test_dat3m_verdicts():
    assert len(dat3m()) == 487
    assert [name for name, (text, holds) in dat3m().items() if judge(text).holds != holds] == []


@public
def test_machine_without_buffers_is_wrong_where_the_public_data_say_so():
    assert sum(judge(text, "sc").holds != holds for text, holds in dat3m().values()) == 73


@public
def test_herd_kinds():
    kinds = dict(line.split() for line in (PUBLIC / "herd" / "kinds.txt").read_text().splitlines() if line.strip())
    assert len(kinds) == 28
    got = {name: judge(read((PUBLIC / "herd" / f"{name}.litmus").read_text())).reachable for name in kinds}
    assert {name: "Allow" if reachable else "Forbid" for name, reachable in got.items()} == kinds


@public
def test_axioms_and_machine_agree_on_all_final_states():
    assert agreements([text for text, _ in dat3m().values()]) > 400


def test_axioms_and_machine_agree_on_locked_instructions():
    assert agreements([read(text) for name, text in texts_in(FOLDER).items() if "rmw" in name]) > 40


def agreements(texts: list[Text]) -> int:
    count = 0
    for text in texts:
        machine = Model(text)
        try:
            wanted = axiomatic_finals(machine)
        except NotForAxioms:
            continue
        assert machine.finals() == wanted, text.name
        count += 1
    return count


def one_thread(code: str, condition: str, initial: str = "") -> Judgement:
    rows = " ;\n ".join(["P0", *code.split("; ")])
    return judge(read(f"X86_64 one\n{{ {initial} }}\n {rows} ;\nforall ({condition})"))


@pytest.mark.parametrize(
    ("code", "condition", "initial"),
    [
        ("movl $-1,%eax", "0:rax=0xffffffff", "0:rax=-1"),
        ("movb $-1,%al", "0:rax=0x1ff /\\ 0:ah=1", "0:rax=0x100"),
        ("movzbl (x),%eax; movsbl (x),%ebx", "0:rax=0x80 /\\ 0:rbx=0xffffff80", "uint8_t x=0x80"),
        ("lock xaddl %eax,(x)", "[x]=12 /\\ 0:rax=5", "int x=5; 0:rax=7"),
        ("lock cmpxchgl %ebx,(x)", "[x]=9 /\\ 0:rax=5", "int x=5; 0:rax=5; 0:rbx=9"),
        ("lock cmpxchgl %ebx,(x)", "[x]=5 /\\ 0:rax=5", "int x=5; 0:rax=4; 0:rbx=9"),
        ("cmpl $2,%eax; setb %bl; setl %cl; seta %dl", "0:rbx=0 /\\ 0:rcx=1 /\\ 0:rdx=1", "0:rax=-1"),
        ("subl $1,(x); setc %al", "[x]=-1 /\\ 0:rax=1", ""),
        ("negl %eax; notl %ebx; xorl %ecx,%ecx", "0:rax=0xffffffff /\\ 0:rbx=0xfffffffe /\\ 0:rcx=0", "0:rax=1; 0:rbx=1; 0:rcx=5"),
        ("pushq $5; pushq %rsp; popq %rax; popq %rbx", "0:rbx=5", ""),
        ("rep stosl", "x[0]=3 /\\ x[1]=3 /\\ x[2]=0 /\\ 0:rcx=0", "int x[3]; 0:rdi=x; 0:rcx=2; 0:rax=3"),
        ("rep movsw", "y[0]=1 /\\ y[1]=2", "uint16_t x[2]={1,2}; uint16_t y[2]; 0:rsi=x; 0:rdi=y; 0:rcx=2"),
        ("movl 4(%rdi,%rcx,4),%eax", "0:rax=8", "int x[4]={5,6,7,8}; 0:rdi=x; 0:rcx=2"),
        ("L0: decl %ecx; jne L0; movl $1,%eax", "0:rax=1 /\\ 0:rcx=0", "0:rcx=3"),
        ("xchgl %eax,(x); xchgl (x),%ebx", "0:rax=4 /\\ 0:rbx=3 /\\ [x]=0", "int x=4; 0:rax=3"),
        ("lock btsl $3,(x); setc %al; lock btrl $0,(x); setc %bl", "[x]=8 /\\ 0:rax=0 /\\ 0:rbx=1", "int x=1"),
        ("cmpl %eax,%ebx; cmovel %ecx,%edx; leaq 4(%rcx),%rsi", "0:rdx=7 /\\ 0:rsi=11", "0:rcx=7"),
    ],
)
def test_instructions(code, condition, initial):
    assert one_thread(code, condition, initial).holds


def test_readings_of_a_test():
    text = read(
        'X86 name "words"\n{ x = 1; P1:EAX = 2; }\n P0 | P1 ;\n MOV [x],$2 | mov EBX, [y] ;\n MFENCE | ;\n'
        "locations [x;]\n~ exists (P1:EBX = 1 /\\ ~(x=2 \\/ x=3)) (* words *)"
    )
    assert (text.name, text.quantifier, len(text.code[0]), len(text.code[1])) == ("name", "~exists", 2, 1)
    assert text.condition == (
        "and",
        ("=", ("register", 1, "ebx"), ("number", 1)),
        ("not", ("or", ("=", ("cell", "x", 0), ("number", 2)), ("=", ("cell", "x", 0), ("number", 3)))),
    )


@pytest.mark.parametrize(
    "text",
    ["X86 n\n{}\n P0 ;\n BOUND EAX,[x] ;\nexists (x=1)", "X86 n\n{\n P0 ;\nexists (x=1)", "X86 n\n{}\n P0 ;\n"],
)
def test_what_cannot_be_read_is_refused(text):
    with pytest.raises(ValueError):
        read(text)
