"""A program that passes messages on four CPUs of the small kernel, at its mark: machines that tests may debug."""

from collections.abc import Callable
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


@pytest.fixture(scope="module", autouse=True)
def cache(boots_apart: None) -> None:
    """All tests here keep their boots apart."""


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
