"""What `emu explore` says of words that it does not know: what was wanted, what was got."""

import pytest

from emu.cli.main import main
from emu.report.explore_report import about, result_of
from emu.run.hunt import Hunted


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("--budget 3x", "--budget must be seconds, such as 60s, or a number of schedules, not '3x'"),
        ("--budget ''", "--budget must be seconds, such as 60s, or a number of schedules, not \"''\""),
        ("--budget 0s", "--budget in seconds must be 1 to 1,000,000,000, not 0"),
        ("--budget 0", "--budget must be 1 to 1,000,000,000,000, not 0"),
        (
            "--strategy exhastive",
            "strategy: wanted random, pct, pos, surw, exhaustive, auto, got 'exhastive'; did you mean exhaustive?",
        ),
        ("--strategy pct:0", "strategy: pct:D wants a depth D of 1 to"),
        ("--strategy auto:3", "strategy: auto takes no depth, got 'auto:3'; pct:D does"),
        ("--scenario nosuch", "scenario: wanted one of blocked-sender,"),
        ("--variant nosuch", "variant must be one of baseline,"),
        ("--jobs 0", "jobs must be 1 to 1,024, not 0"),
        ("nosuch.S", "lock nosuch.S: cannot be read: No such file or directory"),
        ("--without nobody", "without: wanted one of "),
    ],
)
def test_what_is_typed_wrong_is_said_in_one_line(arguments: str, said: str, capsys: pytest.CaptureFixture[str]):
    assert main(["explore", *arguments.split()]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (999, "1,000"), (412_345, "400,000"), (10**9, "10^9"), (2 * 10**22, "10^22")]
)
def test_a_guess_is_said_as_exactly_as_it_is_meant(count: int, text: str):
    assert about(count) == text


@pytest.mark.parametrize(
    ("missed", "said"),
    [(None, "nothing found"), (0.9999, "nothing found"), (0.012, "nothing found; chance to miss a bug of depth 3: 0.012")],
)
def test_a_chance_that_says_nothing_is_not_said(missed: float | None, said: str):
    assert result_of(Hunted(missed=missed)) == said
