"""A program that passes messages on four CPUs of the small kernel, at its mark: machines that tests may debug."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from emu.boot.build import read_inputs
from emu.boot.looks import Looks
from emu.boot.marks import parse_mark
from emu.boot.run import Watchers, begin
from emu.boot.session import Session
from emu.boot.spec import BootSpec
from emu.debug.past import RamPast
from emu.debug.target import Target
from emu.elf.symbols import SymbolTable, read_system_map

ARGUMENTS = ("--marks", "2", "4", "cross")


@pytest.fixture(scope="session")
def debugged_boots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where boots are kept: apart from those of whoever runs the tests."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module", autouse=True)
def cache(debugged_boots: Path) -> Iterator[None]:
    """Boots are kept there by these tests, and by no others: the scope ends with each file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(debugged_boots))
        yield


@pytest.fixture(scope="module")
def symbols(shared: Path) -> SymbolTable:
    return read_system_map(shared / "System.map-small-wakeq")


@pytest.fixture(scope="module")
def session(vmlinux: Path, shared: Path, symbols: SymbolTable) -> Callable[..., Session]:
    """A machine that stands at a mark, by the length of its turns."""

    def make(quantum: int = 1000, start: str = "work_begin") -> Session:
        spec = BootSpec(
            kernel=vmlinux, cpus=4, memory_mib=32, identity="generic", program=shared / "pmsg", arguments=ARGUMENTS, quantum=quantum
        )
        mark = parse_mark("--from", start)
        made, _ = begin(replace(spec, until=mark), read_inputs(spec), Watchers(), symbols)
        made.run(mark, None, lambda: False)
        made.wait_for(None)
        return made

    return make


@pytest.fixture(scope="module")
def target(session: Callable[..., Session]) -> Callable[..., Target]:
    """The same under a debugger."""

    def make(quantum: int = 1000, start: str = "work_begin") -> Target:
        made = session(quantum, start)
        return Target(made, RamPast(made), Looks(made.machine))

    return make
