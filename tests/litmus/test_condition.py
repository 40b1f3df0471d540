"""Conditions: the grammar with herd's priorities, and what they say of a state."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.litmus.condition import evaluate, observables
from emu.litmus.parse import parse
from emu.litmus.test import And, Cell, Condition, LitmusTest, Not, Observable, Or, Register

ADDRESSES = {"x": 0x200000, "y": 0x200040, "t": 0x200080, "t[1]": 0x200084}
STATE: dict[Observable, int] = {
    Cell("x"): 1,
    Cell("y"): 0xFFFFFFFF,
    Cell("t"): 7,
    Cell("t", 1): 8,
    Register(0, "rax", 4, 0, "EAX"): 1,
    Register(0, "rax", 8, 0, "rax"): 0x200040,
    Register(1, "rbx", 1, 1, "BH"): 0xFE,
    Register(1, "rcx", 8, 0, "rcx"): 0x200084,
}


def read(final: str) -> LitmusTest:
    return parse("t", f"X86_64 t\n{{ int x; int y; int t[2]; 0:cs=3; }}\n P0 | P1 ;\n mfence | ;\n{final}")


def holds(text: str) -> bool:
    return evaluate(read(f"exists {text}").condition, STATE, ADDRESSES)


@pytest.mark.parametrize(
    "text",
    [
        "x=1",
        "[x]=1",
        "(x==1)",
        "x!=2",
        "x<>0x2",
        "y=-1",
        "y=4294967295",
        "y=0xffffffff",
        "x=4294967297",  # numbers count modulo the size of what they are compared with
        "t=7 /\\ t[0]=7 /\\ t[1]=8 /\\ [t[1]]=8",
        "t={7,8}",
        "t!={8,7}",
        "0:EAX=1",
        "P0:EAX = 1",
        "0:rax=y",
        "0:rax=&y",
        "0:%rax=y",
        "1:BH=-2",
        "1:BH=254",
        "1:rcx=t[1]",
        "1:rcx=&t[1]",
        "0:EAX=[x]",
        "0:EAX=*x",
        "x=0:EAX",
        "[x]=[x]",
        "not x=0:rax",
        "0:cs=3",
        "0:cs=0:cs",
        "1:rip=0",
        "true",
        "not false",
        "~ x=2",
        "~x=2 /\\ x=1",
        "~(x=1 /\\ x=2)",
        "~~x=1",
        "x=2 => x=3",
        "x=1 => x=1",
        "x=2 => x=1 => x=3",  # to the right
        "x=2 \\/ x=1 /\\ y=-1",
        "x=1 \\/ x=2 /\\ false",
        "~(false /\\ true => false)",  # => binds tighter than /\
        "x=1 (* a comment *) /\\\n y=-1",
        "x=1;",
    ],
)
def test_true(text: str) -> None:
    assert holds(text)


@pytest.mark.parametrize(
    "text", ["x=y", "x=2", "0:rax=x", "(x=1 /\\ x=2)", "x=1 => x=2", "false", "0:cs=4", "~x=2 => x=2", "t={7,7}"]
)
def test_false(text: str) -> None:
    assert not holds(text)


@pytest.mark.parametrize(
    ("final", "quantifier", "text"),
    [
        ("exists (x=1)", "exists", "(x=1)"),
        ("~exists x=1", "~exists", "x=1"),
        ("~ exists x=1", "~exists", "x=1"),
        ("not exists x=1", "~exists", "x=1"),
        ("forall x=1 /\\\n\n  y=-1", "forall", "x=1 /\\ y=-1"),
        ("final (x=1);", "exists", "(x=1)"),
        ("locations [x;] (x=1)", "exists", "(x=1)"),
        ("observed x=1; y=2; and x=1; y=-1;", "exists", "x=1; y=2; and x=1; y=-1;"),
        ("exists (x=1)\nwith tso: ~exists; sc: forall", "exists", "(x=1)"),
        ("exists (x=1)\n<<\nshow all\n>>", "exists", "(x=1)"),
        ("filter x=1 forall true", "forall", "true"),
    ],
)
def test_quantifiers(final: str, quantifier: str, text: str) -> None:
    test = read(final)
    assert (test.quantifier, test.condition_text) == (quantifier, text)
    assert evaluate(test.condition, STATE, ADDRESSES)


def test_observed_are_the_condition_then_the_listed_then_the_filter() -> None:
    test = read("locations [y; t[1]; x int;] filter (1:RCX=0) exists (x=1 /\\ 0:eax=1 /\\ x=2 /\\ 0:EAX=[t])")
    eax = Register(0, "rax", 4, 0, "eax")
    assert test.observed == (Cell("x"), eax, Cell("t"), Cell("y"), Cell("t", 1), Register(1, "rcx", 8, 0, "RCX"))
    assert observables(test.filter) == [Register(1, "rcx", 8, 0, "RCX")]


def text_of(condition: Condition) -> str:
    match condition:
        case Not(inner):
            return f"~ ({text_of(inner)})"
        case And(parts):
            return " /\\ ".join(f"({text_of(part)})" for part in parts) or "true"
        case Or(parts):
            return " \\/ ".join(f"({text_of(part)})" for part in parts) or "false"
    return f"[x]={condition.right}"


ATOMS = st.integers(0, 2).map(lambda number: read(f"exists x={number}").condition)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: (
        inner.map(Not)
        | st.lists(inner, max_size=3).map(lambda parts: And(tuple(parts)))
        | st.lists(inner, max_size=3).map(lambda parts: Or(tuple(parts)))
    ),
    max_leaves=12,
)


def means(condition: Condition, x: int) -> bool:
    match condition:
        case Not(inner):
            return not means(inner, x)
        case And(parts):
            return all(means(part, x) for part in parts)
        case Or(parts):
            return any(means(part, x) for part in parts)
    return condition.right == x


@given(CONDITIONS, st.integers(0, 2))
def test_what_is_written_is_what_is_read(condition: Condition, x: int) -> None:
    again = read(f"exists {text_of(condition)}").condition
    assert evaluate(again, {Cell("x"): x}, {}) == means(condition, x)
