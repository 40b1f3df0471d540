"""What is known of the guest that is debugged: names of addresses, and which task each core runs."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from emu.boot.core import Core
from emu.boot.tasks import GuestTasks, Task
from emu.debug.debugged import Command, Debugged
from emu.elf.struct_types import StructTypes
from emu.elf.symbols import SymbolTable
from emu.engine import env

CONSOLE_LINES = 20


@dataclass(frozen=True, slots=True)
class GuestNames:
    """A kernel's symbols and types, as far as it has any, and its file as gdb is to read it."""

    symbols: SymbolTable | None
    types: StructTypes | None
    file: Callable[[], bytes] | None  # made or read when gdb asks for it


class KernelTarget(Debugged, Protocol):
    """A machine that runs a kernel, in whatever gear."""

    def core(self, index: int) -> Core:
        """One of the cores."""

    def status(self, core: int) -> str:
        """Whether a core runs, in a word or some."""

    def console(self) -> bytes:
        """What the guest has written to its console."""


class Guest:
    """The guest of a target: a kernel."""

    file_name = "/vmlinux"

    def __init__(self, target: KernelTarget, names: GuestNames) -> None:
        """Read from the target's memory as it stands."""
        self._target, self.names = target, names

    @property
    def file(self) -> Callable[[], bytes] | None:
        """Makes the kernel's file, if there can be one."""
        return self.names.file

    @property
    def commands(self) -> Mapping[str, Command]:
        """What `monitor` can do for a kernel."""
        return {
            "tasks": ("", "all tasks of the guest, as far as its kernel has types", self._list_tasks),
            "console": ("", f"the last {CONSOLE_LINES} lines of the guest's console", self._console),
        }

    def place(self, address: int) -> str:
        """An address of the kernel by its symbol."""
        found = None if self.names.symbols is None else self.names.symbols.at(address)
        return f"{address:#x}" if found is None else f"{found[0]}+{found[1]:#x}"

    def address(self, name: str) -> int | None:
        """Where a symbol is."""
        return None if self.names.symbols is None else self.names.symbols.address(name)

    def core(self, index: int) -> str:
        """What a core is doing, in words."""
        core = self._target.core(index)
        task = self._task(index)
        who = "" if task is None else f", task {task.comm}" + ("" if task.pid is None else f" ({task.pid})")
        ring = core.cpu.get32(env.HFLAGS) & env.CPL
        return f"{self._target.status(index)} in ring {ring} at {self.place(self._target.pc(index))}{who}"

    def _list_tasks(self, core: int, arguments: list[str]) -> Iterator[str]:
        """All of them; none where the kernel has no types."""
        known, found = self._tasks(0), False
        for task in () if known is None else known.everyone():
            found = True
            yield f"{task.pid or 0:6} {task.state or '?'} {task.comm:16} {task.address:#x}"
        if not found:
            yield "this kernel has neither BTF nor DWARF, which say where tasks are; monitor where has those that run"

    def _console(self, core: int, arguments: list[str]) -> Iterator[str]:
        yield from self._target.console().decode("latin-1").splitlines()[-CONSOLE_LINES:]

    def _task(self, index: int) -> Task | None:
        tasks = self._tasks(index)
        return None if tasks is None else tasks.current(index)

    def _tasks(self, index: int) -> GuestTasks | None:
        def read(address: int, size: int) -> bytes | None:
            content = self._target.read(index, address, size)
            return content if len(content) == size else None

        return None if self.names.symbols is None else GuestTasks(self.names.symbols, self.names.types, read)
