"""Texts of tests: those of the public suite again, each dialect, observers, refusals, and kinds that theory predicts."""

import random
import re
from pathlib import Path

import pytest

from bench.litmus.generated_set import chosen
from bench.litmus.tso_model import judge
from bench.litmus.tso_text import read
from emu.diy.cycle import close, cycles
from emu.diy.edge import WORD, parse_edges, parse_relaxations
from emu.diy.events import plan
from emu.diy.folder import write_tests
from emu.diy.generate import render, render_all
from emu.errors import UserError

PUBLIC = Path(__file__).parents[3] / "shared" / "litmus"


def text_of(cycle: str, architecture: str = "X86_64") -> str:
    return render(close(parse_edges(cycle)), architecture)


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="no public litmus tests in ../shared/litmus")
def test_herds_tests_come_out_the_same():
    for path in sorted((PUBLIC / "herd").glob("*.litmus")):
        text = path.read_text()
        made = text_of(re.search(r"^Orig=(.*)$", text, re.MULTILINE)[1])
        assert made.split("\n", 1)[0] == text.split("\n", 1)[0].strip()
        assert made[made.index("{") :] == text[text.index("{") :], path.stem


def test_both_dialects():
    assert text_of("MFencedWR Fre PodWW Rfi PodRR Fre", "X86") == (
        "X86 SB+mfence+po-rfi-po\n"
        '"MFencedWR Fre PodWW Rfi PodRR Fre"\n'
        "Generator=emu diy\n"
        "{\n"
        "}\n"
        " P0          | P1          ;\n"
        " MOV [x],$1  | MOV [y],$1  ;\n"
        " MFENCE      | MOV [z],$1  ;\n"
        " MOV EAX,[y] | MOV EAX,[z] ;\n"
        "             | MOV EBX,[x] ;\n"
        "exists (0:EAX=0 /\\ 1:EAX=1 /\\ 1:EBX=0)\n"
    )


@pytest.mark.parametrize(
    ("cycle", "x86", "x86_64"),
    [
        ("PodWW Rfe Rmw PodWR Fre", "MOV EAX,$2; XCHG [y],EAX", "movl $2,%eax; xchgl %eax,(y)"),
        ("PodWW Rfe Rmw.Xadd PodWR Fre", "MOV EAX,$1; LOCK XADD [y],EAX", "movl $1,%eax; lock xaddl %eax,(y)"),
        ("PodWW Rfe Rmw.Inc PodWR Fre", "LOCK INC DWORD PTR [y]", "lock incl (y)"),
        (
            "PodWW Rfe Rmw.Cas PodWR Fre",
            "MOV EAX,$1; MOV EBX,$2; LOCK CMPXCHG [y],EBX; MOV EBX,EAX; MOV ECX,[x]",
            "movl $1,%eax; movl $2,%ebx; lock cmpxchgl %ebx,(y); movl %eax,%ebx; movl (x),%ecx",
        ),
        (
            "PodWW Rfe Rmw.Casb1b1 PodWR Fre",
            "MOV AL,$1; MOV BL,$2; LOCK CMPXCHG [y+1],BL; MOV BL,AL",
            "movb $1,%al; movb $2,%bl; lock cmpxchgb %bl,1(y); movb %al,%bl",
        ),
        ("PodWWPh2 RfePb3 PodRR Fre", "MOV AL,[y+3]; MOV EBX,[x]", "movb 3(y),%al; movl (x),%ebx"),
        ("PodWR FrePAh2 PodWRAh2P Fre", "MOV AX,$257; XCHG [y+2],AX", "movw $257,%ax; xchgw %ax,2(y)"),
        ("PodWW Rfe SFencedRW MFencedWR Fre", "SFENCE; MOV [z],$1; MFENCE", "sfence; movl $1,(z); mfence"),
    ],
)
def test_instructions(cycle, x86, x86_64):
    for architecture, code in (("X86", x86), ("X86_64", x86_64)):
        rows = text_of(cycle, architecture).partition("}\n")[2].split(" ;\n")[:-1]
        column = [row.split("|")[1].strip() for row in rows]
        assert code in "; ".join(column)


def test_registers_run_to_the_last_and_are_refused_behind_it():
    loads = "PodWW Rfe " + "PosRR " * 9 + "PodRR Fre"
    assert "1:r8=1" in text_of(loads)
    with pytest.raises(UserError, match="loads more often than there are registers"):
        text_of(loads, "X86")


def test_an_open_order_of_stores_is_watched():
    text = text_of("Coe PodWW Coe Coe PodWW")
    assert text.endswith("exists ([x]=3 /\\ [y]=2 /\\ 3:rax=1 /\\ 3:rbx=2)\n")
    assert "P3" in text


@pytest.mark.parametrize(
    ("cycle", "observed"),
    [
        ("PodWW Coe Coe PodWW Coe", {"x": (1, 2)}),
        ("PodWW Coe Coi PodWW Coe", {"y": (1, 2)}),  # the third comes last anyway, the second need not come after the first
        ("PodWW Coi Coe PodWW Coe", {}),  # a thread keeps the order of its own stores
        ("PodWW Rfe Fri Coe PodWW Coe", {}),  # and that of a load and a later store
        ("PodWW Rfe Rmw Coe PodWW Coe", {}),
        ("PodWW Coe Coe Coe PodWW Coe", {"x": (1, 2, 3)}),
    ],
)
def test_what_observers_watch(cycle, observed):
    assert plan(close(parse_edges(cycle))).observed == observed


@pytest.mark.parametrize(
    ("cycle", "message"),
    [
        ("PodWW Coe Coe PodWW Coe Coe PodWW Coe Coe", "with the threads that watch"),
        ("PodWR Rmw.Inc Rfe Rmw.Inc PodWR Fre", "Rmw.Inc shares y with 1 other stores"),
        ("PodWWPb0 Coeb0P CoePb0 PodWWb0P Coe", "3 stores and accesses of several sizes"),
        ("PodWR Rmw.Inch0h0 Coe PodWR Fre", "Rmw.Inc and accesses of several sizes"),
    ],
)
def test_what_no_condition_can_tell(cycle, message):
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        text_of(cycle)
    assert "\n" not in str(caught.value)


def test_sets_have_names_of_their_own():
    same = [close(parse_edges("PodWW Rfe PodRR Fre"))] * 3
    texts, refused = render_all([*same, close(parse_edges("PodWR Rmw.Inc Rfe Rmw.Inc PodWR Fre"))], ("X86", "X86_64"))
    assert list(texts) == ["MP", "MP001", "MP002"]
    assert [text.split("\n")[0] for text in texts.values()] == ["X86 MP", "X86_64 MP001", "X86 MP002"]
    assert len(refused) == 1


@pytest.mark.parametrize("architecture", ["X86", "X86_64"])
def test_no_cycle_happens_where_stores_take_effect_at_once(architecture):
    """Also those that nobody would write: a sample of a thousand, with mixed sizes and locked accesses."""
    edges = "Pos**,Pod**,Rfe,Fre,Coe,Rfi,Fri,Coi,MFencedWR,Rmw,Rmw.Xadd,Rmw.Cas,FrePA,PodWRb0P,Rfeb0P,FrePh2"
    found = cycles(parse_relaxations(edges), 5, 3, 100_000)
    assert len(found) > 900
    texts, refused = render_all(random.Random(architecture).sample(found, 200), [architecture])
    assert len(refused) < 50
    for text in texts.values():
        assert not judge(read(text), "sc").reachable, text


def test_kinds_that_theory_predicts():
    """Under x86-TSO a cycle happens if a thread goes from a store to a load of another location and nothing drains between.

    Where sizes are mixed a load may have to see bytes of one more store.
    """
    whole = [cycle for cycle in chosen() if all(edge.first.size == WORD for edge in cycle.edges)]
    assert len(whole) > 300
    for cycle in whole:
        texts, _ = render_all([cycle], ["X86"])
        for text in texts.values():
            assert judge(read(text)).reachable == any(relaxes(events) for events in plan(cycle).threads), text


def relaxes(events) -> bool:
    first, last = events[0], events[-1]
    if (first.direction, last.direction) != ("W", "R") or first.location == last.location:
        return False
    drains = any(event.access.locked or "rmw" in (event.before.kind, event.after.kind) for event in events)
    return not drains and all(event.after.kind != "mfence" for event in events)


def test_files(tmp_path):
    folder = tmp_path / "new" / "set"
    assert write_tests(folder, {"a": "1\n", "b": "2\n"}, overwrite=False) == 2
    assert write_tests(folder, {"a": "1\n", "b": "2\n", "c": "3\n"}, overwrite=False) == 1
    with pytest.raises(UserError, match=r"a\.litmus is there with other content"):
        write_tests(folder, {"d": "4\n", "a": "9\n"}, overwrite=False)
    assert sorted(path.name for path in folder.iterdir()) == ["a.litmus", "b.litmus", "c.litmus"]
    assert write_tests(folder, {"a": "9\n"}, overwrite=True) == 1
    assert (folder / "a.litmus").read_text() == "9\n"
    with pytest.raises(UserError, match="cannot write tests to"):
        write_tests(folder / "a.litmus", {"a": "9\n"}, overwrite=True)
