"""From final states to herd's words, for each quantifier."""

import pytest

from emu.litmus.batch import Finding
from emu.litmus.parse import parse
from emu.litmus.verdict import judge
from emu.report.litmus_report import render_test

TEXT = "X86 T\n{ }\n P0 | P1 ;\n MOV EAX,[x] | MOV EBX,[x] ;\nFILTER{quantifier} (0:EAX=0 /\\ 1:EBX=0)\n"
BOTH, NONE, ONE = ((0, 0),), ((1, 1),), ((0, 0), (0, 1), (1, 1))


@pytest.mark.parametrize(
    ("quantifier", "states", "holds", "word", "observation"),
    [
        ("exists", BOTH, True, "Allow", ("Always", 1, 0)),
        ("exists", NONE, False, "Forbid", ("Never", 0, 1)),
        ("exists", ONE, True, "Allow", ("Sometimes", 1, 2)),
        ("~exists", NONE, True, "Forbid", ("Never", 0, 1)),
        ("~exists", ONE, False, "Allow", ("Sometimes", 1, 2)),
        ("forall", BOTH, True, "Allow", ("Always", 1, 0)),
        ("forall", ONE, False, "Allow", ("Sometimes", 1, 2)),
        ("forall", NONE, False, "Forbid", ("Never", 0, 1)),
    ],
)
def test_quantifiers(quantifier: str, states: tuple, holds: bool, word: str, observation: tuple) -> None:
    test = parse("t", TEXT.replace("{quantifier}", quantifier).replace("FILTER", ""))
    verdict = judge(test, Finding(states, tuple("0" for _ in states), 7, 9), {}, 1.25)
    assert (verdict.holds, verdict.word) == (holds, word)
    assert (verdict.observation, verdict.positive, verdict.negative) == observation
    assert verdict.to_dict()["holds"] is holds
    assert verdict.to_dict()["states"] == [{"0:EAX": a, "1:EBX": b} for a, b in states]


def test_a_filter_takes_states_away_before_they_count() -> None:
    test = parse("t", TEXT.replace("{quantifier}", "forall").replace("FILTER", "filter (0:EAX=0)\n"))
    verdict = judge(test, Finding(ONE, ("a", "b", "c"), 7, 9), {}, 1.0)
    assert verdict.states == ((0, 0), (0, 1))
    assert verdict.schedules == ("a", "b")


def test_an_address_is_shown_by_its_name() -> None:
    test = parse("t", "X86_64 T\n{ 0:rax=x; }\n P0 ;\n movq %rax,%rbx ;\nexists (0:rbx=x)\n")
    verdict = judge(test, Finding(((0x200000,),), ("0",), 1, 1), {"x": 0x200000}, 1.0)
    assert verdict.shown == ("0:rbx=x;",)
    assert verdict.holds


def test_what_never_ends_in_words() -> None:
    test = parse("t", TEXT.replace("{quantifier}", "forall").replace("FILTER", ""))
    endless = ((((0, "waits"), (2, "waits")), "0 1d"), (((0, "waits"), (1, "stands"), (3, "runs")), ""))
    verdict = judge(test, Finding(BOTH, ("0",), 7, 9, endless), {}, 1.0)
    words = ["P0 and P2 can wait for ever", "P0 can wait for ever, P1 can stand still for ever, P3 can run for ever"]
    assert [each.words for each in verdict.never_ends] == words
    assert (verdict.to_dict()["never_ends"], verdict.to_dict()["liveness"]) == (["0 1d", ""], words)
    assert verdict.holds, "final states are judged as ever"
    assert "Liveness P0 and P2 can wait for ever, by 0 1d\n" in render_test(verdict)
    assert f"Liveness {words[1]}, from the beginning\n" in render_test(verdict)


def test_where_a_processor_can_do_more_is_noted() -> None:
    test = parse("t", "X86_64 T\n{ }\n P0 | P1 ;\n repe cmpsl | movl $1,(x) ;\n cmpsq | scasl ;\nexists (x=0)\n")
    verdict = judge(test, Finding(((0,),), ("0",), 1, 1), {}, 1.0)
    assert verdict.notes == ("P0: cmpsl loads both operands at one time here; on a processor stores may come between",)
    assert f"Note {verdict.notes[0]}\n" in render_test(verdict)
