"""`emu litmus` as a user meets it: reports, JSON, expectations, exit codes, and the public suites with their bars."""

import json
import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "litmus"))
from texts import FENCED, MP, SB, UNKNOWN, write

from emu.cli.main import main

PUBLIC = Path(__file__).parents[3] / "shared" / "litmus"
public = pytest.mark.skipif(
    not PUBLIC.is_dir(), reason="the public litmus tests are not beside the repository, in ../shared/litmus"
)


def emu(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main(["litmus", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def timeless(text: str) -> str:
    return re.sub(r"in \d+\.\d+ (ms|s)\b", r"in T \1", re.sub(r"\d+ tests/s", "R tests/s", text))


def test_one_test_in_herds_words(capsys, tmp_path: Path, golden) -> None:
    code, out, err = emu(capsys, write(tmp_path, SB=SB) / "SB.litmus", "--verbose")
    assert (code, err) == (0, "")
    golden("litmus_one.txt", timeless(out))


def test_many_are_a_line_each(capsys, tmp_path: Path, golden) -> None:
    write(tmp_path, SB=SB, fenced=FENCED, MP=MP, again=SB)
    code, out, err = emu(capsys, tmp_path, "--jobs", 1)
    assert (code, err) == (0, "")
    golden("litmus_many.txt", timeless(out).replace(str(tmp_path), "tests"))


def test_json_is_one_object_a_test_and_nothing_else(capsys, tmp_path: Path) -> None:
    write(tmp_path, SB=SB, bad=UNKNOWN, MP=MP)
    code, out, err = emu(capsys, tmp_path, "--json", "--jobs", 1)
    found = {each["name"]: each for each in map(json.loads, out.splitlines())}
    assert code == 2
    assert "bad.litmus:4" in err
    assert err.splitlines()[-1] == "emu: 1 of 3 tests could not be judged"
    assert found.keys() == {"SB", "MP"}
    assert {"path", "name", "quantifier", "holds", "verdict", "states", "states_explored", "milliseconds"} <= found["SB"].keys()
    assert (found["SB"]["quantifier"], found["SB"]["holds"], found["SB"]["verdict"]) == ("exists", True, "Allow")
    assert {"0:EAX": 0, "1:EAX": 0} in found["SB"]["states"]
    assert (found["MP"]["quantifier"], found["MP"]["holds"], found["MP"]["verdict"]) == ("forall", True, "Allow")


def test_expectations_and_exit_codes(capsys, tmp_path: Path) -> None:
    write(tmp_path, SB=SB, fenced=FENCED)
    expected = tmp_path / "kinds.txt"
    expected.write_text("SB Allow\nSB+mfences Forbid\n")
    assert emu(capsys, tmp_path, "--expect", expected)[0] == 0
    code, out, err = emu(capsys, tmp_path, "--expect", expected, "--model", "sc")
    assert code == 1
    assert "SB.litmus: expected Allow, got Forbid (Never 0 3)" in out
    assert "1 of 2 agree" in out
    assert err == f"emu: 1 of 2 tests disagree with {expected}\n"
    write(tmp_path, bad=UNKNOWN)
    assert emu(capsys, tmp_path, "--expect", expected, "--model", "sc")[0] == 2, "what the user can mend comes first"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--model", "pso"], "model must be tso or sc, not 'pso'"),
        (["--cores", "many"], "cores must be a whole number"),
        (["--cores", "1"], "2 threads need as many cores"),
        (["--jobs", "0"], "jobs must be at least 1"),
        (["--states-max", "3"], "more than 3 states"),
        (["--machine", "none"], "machine must be"),
        (["--expect", "nowhere"], "nowhere: cannot be read"),
    ],
)
def test_refusals(capsys, tmp_path: Path, arguments: list[str], words: str) -> None:
    code, out, err = emu(capsys, write(tmp_path, SB=SB), *arguments)
    assert code == 2
    assert words in err
    assert "Traceback" not in err
    assert not out


@public
@pytest.mark.parametrize(
    ("suite", "expected", "tests", "without_buffers"), [("dat3m", "TSO-expected.csv", 487, 73), ("herd", "kinds.txt", 28, 15)]
)
def test_public_suites(capsys, suite: str, expected: str, tests: int, without_buffers: int) -> None:
    folder = PUBLIC / suite
    code, out, err = emu(capsys, folder, "--expect", folder / expected)
    assert (code, err) == (0, "")
    assert f"\n{tests} of {tests} agree\n" in out
    code, out, _ = emu(capsys, folder, "--expect", folder / expected, "--model", "sc")
    assert code == 1
    assert out.count("disagrees: ") == without_buffers
