"""`emu litmus` as a user meets it: reports, JSON, expectations, exit codes, and the public suites with their bars."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from bench.litmus.texts import ABBA, FENCED, INORDER, MP, NOBODY, SB, UNKNOWN, write
from bench.processes import environment
from emu.cli.main import main

COMMAND = [sys.executable, "-c", "import sys; from emu.cli.main import main; sys.exit(main())", "litmus"]
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
    assert err.count("\n") == 1, "one line for one error"
    assert found.keys() == {"SB", "MP"}
    assert {"path", "name", "quantifier", "holds", "verdict", "states", "states_explored", "milliseconds"} <= found["SB"].keys()
    assert (found["SB"]["quantifier"], found["SB"]["holds"], found["SB"]["verdict"]) == ("exists", True, "Allow")
    assert {"0:EAX": 0, "1:EAX": 0} in found["SB"]["states"]
    assert (found["SB"]["schema"], found["SB"]["never_ends"], found["SB"]["liveness"]) == ("emu-litmus/1", [], [])
    assert (found["MP"]["quantifier"], found["MP"]["holds"], found["MP"]["verdict"]) == ("forall", True, "Allow")


def test_what_never_ends_is_told_with_a_schedule_and_fails(capsys, tmp_path: Path, golden) -> None:
    write(tmp_path, ABBA=ABBA, NOBODY=NOBODY, INORDER=INORDER)
    code, out, err = emu(capsys, tmp_path)
    assert (code, err) == (1, "emu: 2 of 3 tests have executions that never end (--allow-endless accepts them)\n")
    golden("litmus_endless.txt", timeless(out))
    code, accepted, err = emu(capsys, tmp_path, "--allow-endless")
    assert (code, timeless(accepted), err) == (0, timeless(out), "")


def test_what_never_ends_beside_an_expectation(capsys, tmp_path: Path) -> None:
    """The comparison is of final states, which such a test has too; in its many lines the test is named."""
    write(tmp_path, ABBA=ABBA, SB=SB, MP=MP, INORDER=INORDER)
    expected = tmp_path / "kinds.txt"
    expected.write_text("ABBA Require\nSB Allow\nMP Require\ninorder Require\n")
    code, out, err = emu(capsys, tmp_path, "--expect", expected, "--jobs", 1)
    assert (code, err) == (1, "emu: 1 of 4 tests have executions that never end (--allow-endless accepts them)\n")
    assert "ABBA.litmus\n        Liveness P0 and P1 can wait for ever, by 0 1 0 1\n" in out
    assert "4 of 4 agree" in out
    assert emu(capsys, tmp_path, "--expect", expected, "--jobs", 1, "--allow-endless")[::2] == (0, "")
    expected.write_text("ABBA Forbid\n")
    assert "1 of 4 tests disagree with" in emu(capsys, tmp_path, "--expect", expected, "--jobs", 1, "--allow-endless")[2]


def test_json_names_what_never_ends(capsys, tmp_path: Path) -> None:
    code, out, _ = emu(capsys, write(tmp_path, ABBA=ABBA), "--json")
    found = json.loads(out)
    assert code == 1
    assert (found["holds"], found["states"]) == (True, [{"x": 0, "y": 0}])
    assert (found["never_ends"], found["liveness"]) == (["0 1 0 1"], ["P0 and P1 can wait for ever"])


def drain(control: int) -> None:
    with suppress(OSError):  # the other end is closed
        while os.read(control, 1 << 16):
            pass
    os.close(control)


def test_results_go_to_stdout_while_the_bar_is_on_a_terminal(tmp_path: Path) -> None:
    write(tmp_path, SB=SB, MP=MP)
    control, terminal = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, str(tmp_path), "--json"], stdout=subprocess.PIPE, stderr=terminal, env=environment(TERM="xterm"), text=True
    )
    os.close(terminal)
    Thread(target=drain, args=(control,), daemon=True).start()  # a terminal that nobody reads holds who writes to it up
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    assert [json.loads(line)["name"] for line in out.splitlines()] == ["MP", "SB"]


def test_no_process_outlives_a_reader_or_a_parent_that_went_away(tmp_path: Path) -> None:
    write(tmp_path, **{f"t{index:03}": SB for index in range(200)})
    for how in ("reader", "parent"):
        process = subprocess.Popen(
            [*COMMAND, str(tmp_path), "--jobs", "2"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(TERM="xterm"),
            start_new_session=True,
        )
        assert process.stdout is not None
        if how == "reader":
            process.stdout.readline()
            process.stdout.close()
        else:
            time.sleep(2)
            process.send_signal(signal.SIGTERM)
        process.wait(60)
        if how == "parent":
            process.stdout.close()
        end = time.monotonic() + 20
        while (left := alive(process.pid)) and time.monotonic() < end:
            time.sleep(0.1)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        assert not left, how


def alive(session: int) -> list[int]:
    """Processes of a session that have not ended."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, of = status.read_text().rpartition(") ")[2].split()[:4]
        except OSError:
            continue
        if state != "Z" and int(of) == session:
            found.append(int(status.parent.name))
    return found


def test_disagreements_are_named_beside_json_too(capsys, tmp_path: Path) -> None:
    write(tmp_path, SB=SB)
    expected = tmp_path / "kinds.txt"
    expected.write_text("SB Forbid\n")
    code, out, err = emu(capsys, tmp_path, "--expect", expected, "--json")
    assert code == 1
    assert json.loads(out)["name"] == "SB"
    assert "SB.litmus: expected Forbid, got Allow" in err
    expected.write_text("other Forbid\n")
    code, _, err = emu(capsys, tmp_path, "--expect", expected)
    assert code == 2
    assert "says nothing of any of these tests" in err


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
        (["--jobs", "0"], "jobs must be 1 to 1,024, not 0"),
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
@pytest.mark.parametrize(("suite", "expected", "tests"), [("dat3m", "TSO-expected.csv", 487), ("herd", "kinds.txt", 28)])
def test_public_suites(capsys, suite: str, expected: str, tests: int) -> None:
    folder = PUBLIC / suite
    code, out, err = emu(capsys, folder, "--expect", folder / expected)
    assert (code, err) == (0, "")
    assert f"\n{tests} of {tests} agree\n" in out


@public
@pytest.mark.parametrize(
    ("suite", "expected", "disagreeing"),
    [pytest.param("dat3m", "TSO-expected.csv", 73, marks=pytest.mark.deep), ("herd", "kinds.txt", 15)],
)
def test_public_suites_without_store_buffers(capsys, suite: str, expected: str, disagreeing: int) -> None:
    folder = PUBLIC / suite
    code, out, _ = emu(capsys, folder, "--expect", folder / expected, "--model", "sc")
    assert code == 1
    assert out.count("disagrees: ") == disagreeing
