"""`--expect` and `--junit` as a CI job meets them: exit codes, what is printed, what is written and when it is not."""

import json

import pytest
from junitparser import JUnitXml

from bench.litmus.texts import ABBA, MP, SB, UNKNOWN, write
from bench.report.canned_compare import comparison, row
from bench.report.canned_explore import EXPLORED
from bench.report.canned_kernels import COMPARISON
from emu.cli.main import main
from emu.errors import GuestFault

COMPARE = ["compare", "baseline", "wakeq", "--threads", "2,4"]


@pytest.fixture
def compared(monkeypatch):
    """What `emu compare` finds, without running it."""

    def give(found):
        monkeypatch.setattr("emu.compare.paired.compare_pairs", lambda *_, **__: found)

    give(comparison(row(2), row(4)))
    return give


def cases(path):
    (suite,) = JUnitXml.fromfile(str(path))
    return {case.name: [type(each).__name__ for each in case.result] for case in suite}


def test_an_expectation_that_holds_is_said_and_written(capsys, tmp_path, compared):
    path = tmp_path / "c.xml"
    assert (
        main([*COMPARE, "--expect", "difference > 0 at 4", "--expect", "b.wakeups_under_queue_lock == 0", "--junit", str(path)])
        == 0
    )
    out, err = capsys.readouterr()
    assert err == ""
    assert "holds  difference > 0 at 4: difference is" in out
    assert cases(path) == {
        "difference > 0 at 4 (4 pairs)": [],
        "b.wakeups_under_queue_lock == 0 (2 pairs)": [],
        "b.wakeups_under_queue_lock == 0 (4 pairs)": [],
    }


def test_one_that_does_not_hold_ends_with_1_and_its_figures(capsys, tmp_path, compared):
    path = tmp_path / "c.xml"
    assert main([*COMPARE, "--expect", "difference >= 5000%", "--json", "--junit", str(path)]) == 1
    out, err = capsys.readouterr()
    assert err.startswith("emu: not as expected: difference >= 5000% at 2 pairs: difference is ")
    assert "95 % interval" in err
    assert err.count("\n") == 1
    found = json.loads(out)
    assert [(each["row"], each["holds"]) for each in found["expectations"]] == [(2, False), (4, False)]
    assert [each["mean"] for each in found["expectations"]] == [each["difference_percent"] for each in found["rows"]]
    assert cases(path) == {"difference >= 5000% (2 pairs)": ["Failure"], "difference >= 5000% (4 pairs)": ["Failure"]}


def test_a_run_that_failed_is_an_error_in_the_file(capsys, tmp_path, compared):
    path = tmp_path / "c.xml"
    compared(comparison(row(2), partial=True, failed=GuestFault("core 1 reads nothing")))
    assert main([*COMPARE, "--expect", "difference > 0", "--junit", str(path)]) == 1
    assert capsys.readouterr().err == "emu: core 1 reads nothing\n"
    assert cases(path) == {"difference > 0 (2 pairs)": [], "every run comes to its end": ["Error"]}


def test_a_comparison_that_was_stopped_has_no_verdict(capsys, tmp_path, compared):
    path = tmp_path / "c.xml"
    compared(comparison(row(2), partial=True))
    assert main([*COMPARE, "--expect", "difference >= 5000%", "--junit", str(path)]) == 130
    assert not path.exists()


def test_a_file_that_is_there_stays_unless_overwrite_is_said(capsys, tmp_path, compared):
    path = tmp_path / "c.xml"
    path.write_text("mine")
    assert main([*COMPARE, "--expect", "difference > 0", "--junit", str(path)]) == 2
    assert "it is there already; choose another name, or --overwrite it" in capsys.readouterr().err
    assert path.read_text() == "mine"
    assert main([*COMPARE, "--expect", "difference > 0 at 4", "--junit", str(path), "--overwrite"]) == 0
    assert cases(path) == {"difference > 0 at 4 (4 pairs)": []}


def test_two_kernels_are_judged_as_a_whole(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("emu.boot.build.read_inputs", lambda spec: None)
    monkeypatch.setattr("emu.compare.kernel_runs.compare_kernels", lambda *_, **__: COMPARISON)
    path = tmp_path / "k.xml"
    arguments = ["compare", "before/vmlinux", "after/vmlinux", "--from", "work_begin", "--per", "1600", "--junit", str(path)]
    faster, wakeups = "difference >= 50%", "difference.wakeups_per_item < 0"
    assert main([*arguments, "--json", "--expect", faster, "--expect", wakeups, "--", "./pmsg"]) == 1
    out, err = capsys.readouterr()
    assert err == (
        "emu: not as expected: difference.wakeups_per_item < 0: difference.wakeups_per_item is 0, 95 % interval 0 to 0\n"
    )
    found = json.loads(out)
    assert [(each["row"], each["holds"]) for each in found["expectations"]] == [(None, True), (None, False)]
    assert found["expectations"][0]["mean"] == found["difference_percent"] > 50
    assert cases(path) == {faster: [], wakeups: ["Failure"]}
    assert main([*arguments, "--overwrite", "--expect", "b.instructions_per_item > 0", "--", "./pmsg"]) == 0
    assert "holds  b.instructions_per_item > 0: b.instructions_per_item is " in capsys.readouterr().out


def test_litmus_has_a_case_a_test(capsys, tmp_path):
    write(tmp_path, SB=SB, MP=MP, ABBA=ABBA, bad=UNKNOWN)
    expected, path = tmp_path / "kinds.txt", tmp_path / "l.xml"
    expected.write_text("SB Forbid\n")
    arguments = ["litmus", str(tmp_path), "--jobs", "1", "--junit", str(path)]
    assert main([*arguments, "--expect", str(expected)]) == 2
    found = cases(path)
    assert found.pop(str(tmp_path / "bad.litmus")) == ["Error"]
    assert found == {"SB": ["Failure"], "MP": ["Skipped"], "ABBA": ["Failure"]}
    assert main([*arguments, "--allow-endless", "--overwrite"]) == 2
    assert cases(path) | {str(tmp_path / "bad.litmus"): []} == {str(tmp_path / "bad.litmus"): [], "SB": [], "MP": [], "ABBA": []}


@pytest.mark.parametrize(("explored", "code", "failures"), [(EXPLORED, 1, 1), (EXPLORED[:1], 0, 0)])
def test_explore_has_a_case_a_scenario(capsys, tmp_path, monkeypatch, explored, code, failures):
    path = tmp_path / "x.xml"
    monkeypatch.setattr("emu.run.explore_run.explore", lambda *_: iter(explored))
    names = ["hand-off", "two-queues", "removed-with-sleepers"][: len(explored)]
    scenarios = [word for name in names for word in ("--scenario", name)]
    assert main(["explore", *scenarios, "--junit", str(path)]) == code
    (suite,) = JUnitXml.fromfile(str(path))
    assert ([case.name for case in suite], suite.failures, suite.name) == (names, failures, "wakeq")
