"""Files that no command can use: each is refused in one line, with exit code 2, whatever it is and wherever it is named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from emu.cli.main import main

# Every place of the command line that takes a file; FILE stands for it.
PLACES = {
    "run --machine": ["run", "--machine", "FILE"],
    "run --script": ["run", "--script", "FILE"],
    "run --variant": ["run", "--variant", "FOLDER"],
    "compare": ["compare", "baseline", "FOLDER"],
    "path": ["path", "wakeq", "--machine", "FILE"],
    "calibrate": ["calibrate", "FILE"],
    "litmus": ["litmus", "FILE"],
    "litmus @list": ["litmus", "LIST"],
    "litmus --expect": ["litmus", "TEST", "--expect", "FILE"],
    "stress --replay": ["stress", "--replay", "FILE"],
    "coverage --read": ["coverage", "--read", "FILE"],
    "coverage --script": ["coverage", "--script", "FILE"],
    "coverage --exceptions": ["coverage", "--exceptions", "FILE"],
    "trace show": ["trace", "show", "FILE"],
    "trace diff": ["trace", "diff", "FILE", "FILE"],
    "machines show": ["machines", "show", "FILE"],
    "machines show --toml": ["machines", "show", "FILE", "--toml"],
    "variants show": ["variants", "show", "FOLDER"],
    "bench": ["bench", "FILE"],
}


def missing(path: Path) -> None:
    """Nothing."""


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def noise(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 40)


def terminal_codes(path: Path) -> None:
    path.write_text("\x1b[31mred\x1b]0;title\x07 = \x9b\u202e\n" * 3)


def deep(path: Path) -> None:
    path.write_text("x = " + "[" * 200_000)


def empty(path: Path) -> None:
    path.touch()


CONTENTS: list[Callable[[Path], None]] = [missing, endless, noise, terminal_codes, deep, empty]


@pytest.mark.parametrize("content", CONTENTS, ids=lambda each: each.__name__)
@pytest.mark.parametrize("place", PLACES)
def test_one_line_and_exit_code_2(
    place: str, content: Callable[[Path], None], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("test.litmus").write_text("X86 a\n{ x=0; }\n P0 ;\n MOV [x],$1 ;\nexists (x=1)\n")
    Path("mine").mkdir()
    files = {"FILE": "./given.toml", "FOLDER": "./mine", "LIST": "./@list", "TEST": "./test.litmus"}
    content(Path("mine/variant.toml" if "FOLDER" in PLACES[place] else "@list" if "LIST" in PLACES[place] else "given.toml"))
    before = set(tmp_path.iterdir())
    code = main([files.get(each, each) for each in PLACES[place]])
    out, err = capsys.readouterr()
    assert code == 2, err
    assert out == ""
    assert err.startswith("emu: ") and err.count("\n") == 1
    assert "internal error" not in err
    assert err.isprintable() or err[:-1].isprintable(), "no control character reaches the terminal"
    assert len(err) < 2000
    assert set(tmp_path.iterdir()) == before


@pytest.mark.parametrize("place", [name for name, arguments in PLACES.items() if "FILE" in arguments])
def test_a_folder_is_no_file(
    place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("test.litmus").write_text("X86 a\n{ x=0; }\n P0 ;\n MOV [x],$1 ;\nexists (x=1)\n")
    Path("given.toml").mkdir()
    code = main([{"FILE": "./given.toml", "TEST": "./test.litmus"}.get(each, each) for each in PLACES[place]])
    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert "internal error" not in err
