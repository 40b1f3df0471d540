"""`emu boot --explore` and `emu replay` as they are typed: what is refused in one line, what a find prints, exit codes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from emu.cli.main import main
from emu.explore.replay_string import encode
from emu.subjects.kernel.explore.spec import ExploreSpec

REGION = ("-p", "2", "-m", "64", "--cpuid", "generic", "--from", "work_begin")


def run(capsys, *arguments: object) -> tuple[int, str, str]:
    code = main([str(each) for each in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize(
    "options, words",
    [
        (["--explore", "pct:3"], "--explore must be random:N, pct:D:N, pos:N or surw:N"),
        (["--explore", "random:0"], "--explore: 1 to"),
        (["--explore", "random:9", "--budget", "0s"], "--budget in seconds must be 1 to"),
        (["--explore", "random:9", "--budget", "soon"], "--budget must be seconds, such as 60s, or a number"),
        (["--explore", "random:9", "--budget", "0"], "--budget must be 1 to 1,000,000,000,000, not 0"),
        (["--explore", "random:9", "--jobs", "0"], "jobs must be 1 to 1,024, not 0"),
        (["--explore", "random:9", "--explore-seed", "-1"], "--explore-seed must be 0 to 2**62 - 1, not -1"),
        (["--explore", "random:9", "--to", "instructions:9"], "name a symbol, a text or an m5op"),
        (["--explore", "random:9", "--per", "3"], "--per has no meaning with --explore"),
        (["--explore", "random:9", "--symbols", "nowhere"], "--symbols nowhere: there is no such file"),
        (["--explore", "replay:x"], "not a replay string"),
        (["--explore", f"replay:{encode('guest', {}, [])}"], "the string is of 'guest', not of a kernel"),
        (["--jobs", "2"], "--jobs has no meaning without --explore"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(capsys, vmlinux: Path, options: list[str], words: str) -> None:
    code, out, err = run(capsys, "boot", vmlinux, *REGION, *options, "--", vmlinux)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err


@pytest.mark.parametrize(
    "text, words",
    [
        ("x", "not a replay string"),
        ("emu1:kernel:AAAA", "cut off or damaged"),
        (encode("kernel", {}, [(0, 1)]), "an incomplete header"),
    ],
)
def test_strings_that_are_none_are_refused(capsys, text: str, words: str) -> None:
    code, out, err = run(capsys, "replay", text)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert words in err


def test_a_find_is_shown_at_80_columns_and_run_again(
    capsys, monkeypatch: pytest.MonkeyPatch, spec: Callable[[str], ExploreSpec], vmlinux: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    program = spec("racy").boot.program
    code, out, _ = run(capsys, "boot", vmlinux, *REGION, "--explore", "random:60", "--explore-seed", "1", "--", program)
    assert code == 1
    *page, again = out.splitlines()
    assert all(len(line) <= 80 for line in page)
    assert "FOUND  exit_status: the program ended with exit status 1" in page
    assert any(line.split() == ["CPU", "0", "CPU", "1"] for line in page)
    assert again.startswith("emu replay emu1:kernel:")
    code, out, _ = run(capsys, *again.split()[1:], "--json")
    found = json.loads(out)["findings"][0]
    assert (code, found["checker"]) == (1, "exit_status")
    assert any(f"digest {found['digest']}" in line for line in page)
