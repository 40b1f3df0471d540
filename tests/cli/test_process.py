"""`emu` as a process of its own: exit codes, Ctrl-C, a reader that goes away, quick start."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from bench.processes import environment
from bench.report.canned import write_trace

COMMAND = "import sys; from emu.cli.main import main; sys.exit(main())"
SLOW_RUN = """
import sys, time
from types import ModuleType
from dataclasses import replace
from bench.report.canned import WAKEQ
from emu.cli import catalogue
catalogue.points = lambda variant: []
def run(experiment, progress, should_stop):
    if {begin}:
        progress(1, 10)
    print("begun", file=sys.stderr, flush=True)
    for _ in range(600):
        time.sleep(0.1)
        if should_stop():
            return replace(WAKEQ, partial=True, messages=17)
    return WAKEQ
sys.modules["emu.run.experiment"] = ModuleType("emu.run.experiment")
sys.modules["emu.run.experiment"].run = run
"""


def start(*arguments: str, before: str = "", **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", before + COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        **options,
    )


def finish(process: subprocess.Popen) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.mark.parametrize(
    "arguments",
    [["frobnicate"], ["run", "--cores", "65"], ["run", "--cores", "four"], ["trace", "show", "/nonexistent"]],
)
def test_refusals_exit_with_2_and_one_line(arguments):
    code, out, err = finish(start(*arguments))
    assert code == 2
    assert out == ""
    assert err.startswith("emu: ")
    assert err.count("\n") == 1


def test_a_broken_trace_is_refused(tmp_path):
    broken = tmp_path / "broken.trace"
    broken.write_bytes(b"\x00\x01garbage")
    code, _, err = finish(start("trace", "show", str(broken)))
    assert code == 2
    assert "is not a trace of emu" in err


@pytest.mark.parametrize("begin", [True, False])
def test_ctrl_c(begin):
    before = SLOW_RUN.format(begin=begin)
    process = start("run", "--json", before=before)
    assert process.stderr is not None
    assert process.stderr.readline() == "begun\n"
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    code, out, err = finish(process)
    assert time.monotonic() - asked < 5  # a second on an idle host
    assert code == 130
    assert err == "emu: interrupted\n"
    if begin:
        assert json.loads(out)["partial"] is True
    else:
        assert out == ""


def test_ctrl_c_ends_runs_side_by_side():
    arguments = ["--threads", "2", "--seeds", "2", "--messages", "20000000", "--jobs", "2", "--json"]
    process = start("compare", "baseline", "wakeq", *arguments, start_new_session=True)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + 60
    while len(children.read_text().split()) < 3:  # two workers, and what Python watches over shared resources with
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: to all of them
    code, out, err = finish(process)
    assert code == 130
    assert out == ""
    assert err == "emu: interrupted before the first pair of runs was complete\n"
    with suppress(ProcessLookupError):  # the group is gone once the last of it has been reaped
        while time.monotonic() < deadline:
            os.killpg(process.pid, 0)
            time.sleep(0.1)
        pytest.fail("a process outlived the command")


@pytest.mark.parametrize(
    ("lost", "code", "words"),
    [("full", 2, "No space left on device"), ("closed", 2, "Bad file descriptor"), ("a pipe", 141, "its reader has gone")],
)
@pytest.mark.parametrize("arguments", [["trace", "show", "t.trace"], ["trace", "--help"]], ids=" ".join)
def test_a_stdout_that_takes_nothing_is_a_line_and_an_exit_code(arguments, lost, code, words, tmp_path):
    write_trace(tmp_path / "t.trace")
    reader, writer = os.pipe()
    os.close(reader)
    with Path("/dev/full").open("w") as full, os.fdopen(writer, "w") as pipe:
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, *arguments],
            cwd=tmp_path,
            env=environment(),
            stdout=full if lost == "full" else pipe,
            stderr=subprocess.PIPE,
            preexec_fn=(lambda: os.close(1)) if lost == "closed" else None,
            text=True,
            check=False,
        )
    assert done.stderr == f"emu: standard output: {words}; not everything could be printed\n"
    assert done.returncode == code


def test_output_survives_a_terminal_without_unicode():
    process = subprocess.run(
        [sys.executable, "-c", COMMAND, "machines"],
        capture_output=True,
        env=environment(PYTHONIOENCODING="ascii"),
        check=False,
    )
    assert process.returncode == 0


def test_help_and_refusals_load_nothing_heavy():
    before = """import atexit, sys
heavy = {"numba", "unicorn", "capstone", "keystone", "numpy"}
atexit.register(lambda: print(sorted(heavy & set(sys.modules))))
"""
    for arguments in (["--help"], ["run", "--cores", "0"]):
        _, out, _ = finish(start(*arguments, before=before))
        assert out.splitlines()[-1] == "[]"
