"""`emu stress` as a user meets it: a clean test, a violation with its file, replays, refusals."""

import json

import pytest

from emu.cli.main import main
from emu.errors import CheckFailed
from emu.stress import rounds
from emu.stress.text import parse

CASE = """machine a10-7800
cores 2
l1 64 4
l2 2048 16
module 2
buffer 24 8
0 0 store 0x1003e 4 0xf8538153
0 1 load 0x10040 8
1 0 load 0x1003e 8
"""


def emu(capsys, *arguments: str) -> tuple[int, str, str]:
    code = main(["stress", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def failing(monkeypatch):
    """Rounds that end in a violation: the case is canned, as the layer is sound."""
    from emu.stress.case import Violation

    def run_plan(plan, runner, should_stop):
        case, violation = parse(CASE, "case"), Violation(1, 2, 0, 1, 0x1003E, 0xF8538153, 0x8153)
        round_ = rounds.run_round((rounds.replace(plan, operations=100), 0))
        return rounds.Result(plan, 1, round_.counts, 0.5, rounds.Failure(0, 100, case, violation), partial=False)

    monkeypatch.setattr(rounds, "run_plan", run_plan)


def test_no_violation(capsys):
    code, out, err = emu(capsys, "--operations", "20000", "--cores", "4")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "no violation"
    assert "2 rounds, 4 cores, machine a10-7800, seed 1" in out
    assert "operations/s" in out


def test_json(capsys):
    code, out, _ = emu(capsys, "--operations", "2000", "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["counts"]["operations"] == 2000
    assert answer["violation"] is None


def test_violation_is_printed_and_written(failing, capsys, tmp_path):
    file = tmp_path / "found.case"
    code, out, err = emu(capsys, "--failure", str(file))
    assert code == 1
    assert err.count("\n") == 1
    assert "sees 0x8153, x86-TSO allows only 0xf8538153" in err
    assert f"--replay {file}" in err
    assert out.endswith(file.read_text())
    assert "1 0 load 0x1003e 8" in out


def test_violation_in_json(failing, capsys, tmp_path):
    code, out, _ = emu(capsys, "--json", "--failure", str(tmp_path / "f"))
    assert code == 1
    assert "0x8153" in json.loads(out)["violation"]


def test_a_failure_file_that_cannot_be_written_is_refused_before_the_first_round(failing, capsys, tmp_path):
    code, out, err = emu(capsys, "--failure", str(tmp_path / "no" / "f"))
    assert (code, out) == (2, "")
    assert f"cannot write case {tmp_path}/no/f: there is no directory {tmp_path}/no" in err
    (tmp_path / "f").touch()
    assert emu(capsys, "--failure", str(tmp_path / "f"))[0] == 2
    assert emu(capsys, "--failure", str(tmp_path / "f"), "--overwrite")[0] == 1
    assert (tmp_path / "f").read_text()


def test_without_a_name_each_failure_has_a_file_of_its_own(failing, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("emu-stress-failure.case", "emu-stress-failure-2.case"):
        code, _, err = emu(capsys)
        assert (code, f"--replay {name}`" in err) == (1, True)
    assert (tmp_path / "emu-stress-failure.case").read_text() == (tmp_path / name).read_text()


def test_replay(capsys, tmp_path, monkeypatch):
    file = tmp_path / "found.case"
    file.write_text(CASE)
    assert emu(capsys, "--replay", str(file)) == (0, "no violation: 3 operations of 2 cores\n", "")
    code, out, _ = emu(capsys, "--replay", str(file), "--json")
    assert (code, json.loads(out)) == (0, {"schema": "emu-stress-replay/1", "operations": 3, "violation": None})
    from emu.stress import case as case_module

    drive = case_module.drive

    def wrong(address):
        from emu.native import array_at
        from emu.stress.records import STRESS

        drive(address)
        array_at(address, 1, STRESS)[0].violation = 5

    monkeypatch.setattr(case_module, "drive", wrong)
    code, out, err = emu(capsys, "--replay", str(file))
    assert (code, out) == (CheckFailed.exit_code, "")
    assert err.startswith(f"emu: {file}: cycle ")


def test_malformed_replay(capsys, tmp_path):
    file = tmp_path / "bad.case"
    file.write_text(CASE + "0 0 jump\n")
    code, out, err = emu(capsys, "--replay", str(file))
    assert (code, out) == (2, "")
    assert err.startswith(f"emu: {file}:10: wanted time core operation")
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--operations", "many"], "operations must be a whole number"),
        (["--cores", "65"], "cores must be 1 to 64"),
        (["--machine", "nowhere"], "nowhere"),
        (["--replay", "nowhere.case"], "case nowhere.case: cannot be read: No such file"),
    ],
)
def test_refusals(capsys, arguments, message):
    code, out, err = emu(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_ctrl_c(monkeypatch, capsys):
    def run_plan(plan, runner, should_stop):
        assert not should_stop()
        return rounds.Result(plan, 0, rounds.Counter(), 1.0, None, partial=True)

    monkeypatch.setattr(rounds, "run_plan", run_plan)
    code, out, err = emu(capsys)
    assert code == 130
    assert "stopped before the end" in out
    assert err == "emu: interrupted\n"
