"""`emu coverage` as a user meets it."""

import json
from pathlib import Path

import pytest

from emu.cli.main import main
from emu.observe.branch_record import BranchRecord
from emu.observe.branches import Place


def emu(capsys, *arguments: str) -> tuple[int, str, str]:
    code = main(["coverage", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def plain(capsys, *arguments: str) -> dict:
    code, out, err = emu(capsys, *arguments, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "send.script"
    path.write_text("tasks 1\nt1: send type=0 size=8 -> EINVAL\nt1: send type=1 size=8 -> 0\n")
    return str(path)


def test_a_workload_and_a_script_and_both(capsys, script):
    variant = ("--variant", "wakeq", "--routine", "do_msgsnd")
    run = plain(capsys, *variant, "--messages", "20")
    answered = plain(capsys, *variant, "--script", script)
    both = plain(capsys, *variant, "--script", script, "--workload", "pmsg-shared", "--messages", "20")
    missing = [{(each["line"], each["direction"]) for each in found["missing"]} for found in (run, answered, both)]
    assert missing[2] == missing[0] & missing[1]
    assert missing[2] < missing[0]
    assert missing[2] < missing[1]
    assert run["variants"] == ["wakeq"]
    assert [each["routine"] for each in run["routines"]] == ["common/do_msgsnd"]


def test_what_is_looked_at(capsys, script):
    path = plain(capsys, "--variant", "baseline", "--script", script)
    everything = plain(capsys, "--variant", "baseline", "--script", script, "--all")
    locks = plain(capsys, "--variant", "baseline", "--script", script, "--routine", "lock/*")
    names = [{each["routine"] for each in found["routines"]} for found in (path, everything, locks)]
    assert {"common/do_msgsnd", "baseline/expunge_all"} <= names[0]
    assert not any(name.startswith("lock/") for name in names[0])
    assert names[0] | names[2] < names[1]
    assert "lock/_raw_spin_lock" in names[2]
    code, _, err = emu(capsys, "--variant", "baseline", "--script", script, "--routine", "nothing*")
    assert code == 2
    assert "no routine with a branch is called 'nothing*'" in err


def test_a_record_and_a_bar(capsys, tmp_path, script):
    record = tmp_path / "b.json"
    routine = ("--variant", "baseline", "--routine", "_raw_spin_lock")
    found = plain(capsys, *routine, "--script", script)
    (way,) = found["missing"]
    BranchRecord({Place(way["file"], way["line"]): {way["direction"]}}).merge_into(record)
    code, out, err = emu(capsys, *routine, "--read", str(record), "--fail-under", "100")
    assert code == 1
    assert "0 of 1 branches went every way: 0.00 %, below 100 %" in err
    assert f"{way['file']}:{way['line']}  {way['source']}  never not taken" in out
    assert emu(capsys, *routine, "--read", str(record), "--script", script, "--fail-under", "100")[0] == 0


def test_exceptions(capsys, tmp_path, script):
    path = tmp_path / "exceptions.toml"
    path.write_text('[[exception]]\nroutine = "_raw_spin_lock"\nlabel = ".Lcontended"\ndirection = "taken"\nreason = "one task"\n')
    routine = ("--variant", "baseline", "--routine", "_raw_spin_lock", "--script", script, "--exceptions", str(path))
    code, out, _ = emu(capsys, *routine, "--fail-under", "100")
    assert code == 0
    assert "one task" in out
    path.write_text(path.read_text().replace('"taken"', '"not taken"'))
    code, _, err = emu(capsys, *routine)
    assert code == 2
    assert "not needed any more" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--variant", "waqe"), "variant must be one of"),
        (("--fail-under", "120"), "fail-under must be a percentage, 0 to 100, not '120'"),
        (("--workload", "none"), "workload must be one of pmsg-shared, "),
        (("--read", "/nowhere/b.json"), "cannot be read"),
        (("--script", "/nowhere/s.script"), "cannot be read"),
        (("--exceptions", "/nowhere/e.toml"), "cannot be read"),
    ],
)
def test_refusals(capsys, arguments, message):
    code, out, err = emu(capsys, *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
