"""Where compiled code is kept, what is said if that cannot be, and who hears of compiling."""

import ctypes
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from emu import compiled, native
from emu.cli import terminal
from emu.native import machine_code
from emu.native.hot import JIT, Entry, Hot


class Ear(compiled.Listener):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, int]] = []
        self.troubles: list[str] = []

    def progress(self, done: int, total: int) -> None:
        self.heard.append((done, total))

    def trouble(self, message: str) -> None:
        self.troubles.append(message)


@pytest.fixture
def ear() -> Iterator[Ear]:
    for function in (compiled.folder, compiled.cannot_be_kept):
        function.cache_clear()
    listener = Ear()
    compiled.listen(listener)
    yield listener
    compiled.listen(compiled.Listener())
    for function in (compiled.folder, compiled.cannot_be_kept):
        function.cache_clear()


def places(monkeypatch: pytest.MonkeyPatch, home: Path, temporary: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(home))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))


def test_it_is_kept_at_home(ear: Ear, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places(monkeypatch, tmp_path / "home", tmp_path / "tmp")
    folder = compiled.folder()
    assert folder is not None and folder.parent == tmp_path / "home" / "emu"
    assert folder.is_dir() and not (tmp_path / "tmp").exists()
    assert ear.troubles == []
    assert not compiled.is_ready()
    (folder / f"{compiled.ENGINE}-0123abcd.o").touch()
    assert compiled.is_ready()


def test_code_that_nobody_has_used_for_long_goes_as_new_code_comes(
    ear: Ear, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places(monkeypatch, tmp_path, tmp_path)
    now = time.time()
    ages = {
        "0123456789abcdef-0123": 31,
        "0123456789abcdef": 31,
        "fedcba9876543210-0123": 29,
        "boots": 31,
        "0123456789abcdef.tmp": 31,
    }
    for name, days in ages.items():
        (tmp_path / "emu" / name / "engine").mkdir(parents=True)
        os.utime(tmp_path / "emu" / name, times=(now, now - days * 86_400))
    folder = compiled.folder()
    assert folder is not None
    assert {each.name for each in folder.parent.iterdir()} == {
        folder.name,
        "fedcba9876543210-0123",
        "boots",
        "0123456789abcdef.tmp",
    }
    os.utime(folder, times=(now, now - 40 * 86_400))
    compiled.folder.cache_clear()
    assert compiled.folder() == folder and folder.stat().st_mtime >= now - 1, "it is in use"


def a_file_in_the_way(path: Path) -> str:
    path.write_text("")
    return "Not a directory"


def a_folder_of_all(path: Path) -> str:
    path.mkdir()
    (path / "emu").mkdir()
    folder = path / "emu" / compiled._name(compiled.HOT_SOURCES)
    folder.mkdir()
    folder.chmod(0o777)
    return "others can write there"


@pytest.mark.parametrize("hinder", [a_file_in_the_way, a_folder_of_all])
def test_a_home_that_cannot_be_used_is_said_once(hinder, ear: Ear, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    places(monkeypatch, tmp_path / "home", tmp_path / "tmp")
    reason = hinder(tmp_path / "home")
    folder = compiled.folder()
    assert folder is not None and (tmp_path / "tmp") in folder.parents
    assert compiled.folder() == folder
    wanted = tmp_path / "home" / "emu" / compiled._name(compiled.HOT_SOURCES)
    assert ear.troubles == [f"compiled code cannot be kept in {wanted}: {reason}; it is kept in {folder}"]


def test_no_place_at_all_is_said_once(ear: Ear, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places(monkeypatch, tmp_path / "home", tmp_path / "tmp")
    for path in (tmp_path / "home", tmp_path / "tmp"):
        path.write_text("")
    assert compiled.folder() is None and not compiled.is_ready()
    assert [message.partition("; ")[2] for message in ear.troubles] == ["each run compiles anew (see XDG_CACHE_HOME)"]


def test_each_function_that_is_compiled_is_heard_of(ear: Ear) -> None:
    new = time.time_ns()  # no earlier run has compiled a function with this number
    function = native.njit(lambda x: x + new)
    before = len(Hot.made)
    assert function(1) == new + 1
    if JIT:
        assert ear.heard[-1][0] >= 1
        assert {total for _, total in ear.heard} == {before}
    heard = len(ear.heard)
    assert function(2) == new + 2
    assert len(ear.heard) == heard, "it is compiled"


def test_a_disk_that_fills_costs_this_run_nothing(ear: Ear, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places(monkeypatch, tmp_path, tmp_path)

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(machine_code, "put_whole", full)
    monkeypatch.setattr(machine_code, "_made", lambda unit: b"code")
    entry = Entry(lambda: None, ctypes.CFUNCTYPE(None))
    entry.__module__ = "emu.engine.loop"
    for _ in range(2):
        assert machine_code._code((entry,)) == b"code"
    said = f"compiled code cannot be kept in {compiled.folder()}: No space left on device: the next run compiles it again"
    assert ear.troubles == [said]


def test_a_person_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    first = terminal.FirstRun()
    for done in range(3):
        first.progress(done, 3)
    assert capsys.readouterr().err == "emu: the first run compiles the machine: some 20 s of one core, once for each version\n"
