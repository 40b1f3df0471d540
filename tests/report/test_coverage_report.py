"""What counts as covered, what may be missing, and exemptions that are wrong."""

from pathlib import Path

import pytest

from bench.report.canned_coverage import BRANCHES, GONE
from emu.errors import UserError
from emu.report.coverage_report import Coverage, judge, read_exemptions, render_coverage


def judged(tmp_path: Path, toml: str = "", elsewhere: frozenset[str] = frozenset()) -> Coverage:
    path = tmp_path / "exceptions.toml"
    path.write_text(toml)
    return judge(BRANCHES, GONE, read_exemptions(path) if toml else [], elsewhere)


def entry(routine: str, where: str, direction: str, reason: str = "never so") -> str:
    return f'[[exception]]\nroutine = "{routine}"\n{where}\ndirection = "{direction}"\nreason = "{reason}"\n'


def test_a_branch_counts_once_it_went_every_way(tmp_path):
    found = judged(tmp_path)
    assert [(row.routine, row.branches, row.every_way) for row in found.rows] == [("common/send", 3, 1), ("wakeq/receive", 1, 0)]
    ways = [(each.branch.place.line, each.direction) for each in found.missing]
    assert ways == [(7, "taken"), (9, "to one"), (4, "not taken"), (4, "taken")]
    assert found.percent == 25


def test_exemptions_do_not_count_and_are_listed_with_their_reason(tmp_path):
    more = entry("send", "line = 7", "taken", "the pointer is the kernel's own") + entry("common/send", "line = 9", "to one")
    found = judged(tmp_path, more + entry("receive", 'label = ".Lbad"', "taken"))
    assert found.percent == 75
    assert found.exempted[0].reason == "the pointer is the kernel's own"
    assert not found.wrong
    text = render_coverage(found)
    assert "send.S:7  jne .Lbad  never taken\n    the pointer is the kernel's own" in text
    assert "receive.S:4  js .Lbad  never not taken" in text
    assert len(found.to_dict()["exempted"]) == 3


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        (entry("send", "line = 3", "taken"), "'taken' was gone, so it is not needed any more"),
        (entry("send", "line = 4", "taken"), "send has no branch at line 4 that can go 'taken'"),
        (entry("send", 'label = ".Lnone"', "taken"), "send has no branch at label .Lnone"),
        (entry("sned", "line = 3", "taken"), "sned has no branch at line 3"),
        (entry("wakeq/send", "line = 7", "taken"), "wakeq/send has no branch at line 7"),
    ],
)
def test_an_exemption_that_is_not_needed_or_names_nothing_is_told(tmp_path, toml, message):
    (wrong,) = judged(tmp_path, toml).wrong
    assert message in wrong
    assert "exceptions.toml: exception 1" in wrong


def test_an_exemption_of_a_routine_that_is_not_looked_at_is_left_alone(tmp_path):
    assert not judged(tmp_path, entry("other", "line = 3", "taken"), frozenset({"other"})).wrong


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("x = 1", r"must hold \[\[exception\]\] tables"),
        (entry("send", "", "taken"), "needs line or label, and not both"),
        (entry("send", 'line = 1\nlabel = "x"', "taken"), "needs line or label, and not both"),
        (entry("send", "line = 1", "left"), "direction must be taken, not taken, or to LABEL, not 'left'"),
        (entry("send", "line = 1", "taken", " "), "reason is empty"),
        (entry("send", "line = 0", "taken"), "line must be a whole number of at least 1"),
    ],
)
def test_a_broken_file_is_refused(tmp_path, toml, message):
    with pytest.raises(UserError, match=message):
        judged(tmp_path, toml)
