"""Machine code is kept, loaded, and made anew where the file is not what it was."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.processes import environment
from emu.native import alone, entry
from emu.native.hot import JIT, Entry

PROGRAM = "import sys; from emu.cli.main import main; main(['run', '--messages', '2']); sys.exit(10 + ('numba' in sys.modules))"
WITHOUT, WITH = 10, 11  # Numba

pytestmark = pytest.mark.skipif(not JIT, reason="nothing is compiled")


def emu(home: Path) -> tuple[int, str]:
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, check=False, env=environment(XDG_CACHE_HOME=str(home)), capture_output=True, text=True)
    return done.returncode, done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A cache of its own, that a run has filled, and that run's digest."""
    home = tmp_path_factory.mktemp("home")
    code, digest = emu(home)
    assert code == WITH
    return home, digest


def test_a_run_whose_code_is_there_needs_no_compiler(kept: tuple[Path, str]):
    assert emu(kept[0]) == (WITHOUT, kept[1])


@pytest.mark.parametrize("damage", [lambda code: code[:-1], lambda code: b"", lambda code: code[:40] + b"?" + code[41:]])
def test_a_file_that_is_damaged_is_made_anew(kept: tuple[Path, str], damage):
    home, digest = kept
    (path,) = home.glob("emu/*/emu.engine-*.o")
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert emu(home) == (WITH, digest)
    assert path.read_bytes() == whole, "the same source gives the same code"


@entry
def wide(address: int, signed: int, flag: bool) -> int:
    """Numbers of each kind."""
    return address - signed if flag else signed


@entry
def is_even(number: int) -> bool:
    """A truth."""
    return number % 2 == 0


@entry
def nothing(number: int) -> None:
    """No answer."""


def test_what_python_calls_takes_and_gives_numbers():
    assert isinstance(wide, Entry)
    assert wide(2**63 - 1, -1, False) == -1
    assert wide(5, -(2**62), True) == 5 + 2**62
    assert [is_even(each) for each in (0, 7, -2)] == [True, False, True]
    assert nothing(3) is None


@alone
def by_itself(number: int) -> int:
    """One more."""
    return number + 1


def test_what_stands_alone_is_compiled_alone():
    assert by_itself(2**40) == 2**40 + 1
    assert isinstance(by_itself, Entry) and isinstance(wide, Entry)
    assert by_itself.unit == [by_itself]
    assert by_itself not in wide.unit and {is_even, nothing} < set(wide.unit)


def test_code_of_others_is_not_kept(kept: tuple[Path, str]):
    wide(1, 2, True)
    assert not list(Path(kept[0]).glob("emu/*/*test_machine_code*"))
