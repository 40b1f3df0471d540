"""What is known of the guest that is debugged: names of addresses, and which task each core runs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from emu.boot.hot import env
from emu.boot.machine import STATUS_WORDS
from emu.boot.tasks import GuestTasks, Task
from emu.debug.registers import pc_of
from emu.debug.target import Target
from emu.elf.struct_types import StructTypes
from emu.elf.symbols import SymbolTable


@dataclass(frozen=True, slots=True)
class GuestNames:
    """A kernel's symbols and types, as far as it has any, and its file as gdb is to read it."""

    symbols: SymbolTable | None
    types: StructTypes | None
    file: Callable[[], bytes] | None  # made or read when gdb asks for it


class Guest:
    """The guest of a target."""

    def __init__(self, target: Target, names: GuestNames) -> None:
        """Read from the target's memory as it stands."""
        self._target, self.names = target, names

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
        return f"{STATUS_WORDS[int(core.record['status'])]} in ring {ring} at {self.place(pc_of(core))}{who}"

    def tasks(self) -> Iterator[Task]:
        """All tasks; none where the kernel has no types."""
        tasks = self._tasks(0)
        return iter(()) if tasks is None else tasks.everyone()

    def _task(self, index: int) -> Task | None:
        tasks = self._tasks(index)
        return None if tasks is None else tasks.current(index)

    def _tasks(self, index: int) -> GuestTasks | None:
        def read(address: int, size: int) -> bytes | None:
            content = self._target.read(index, address, size)
            return content if len(content) == size else None

        return None if self.names.symbols is None else GuestTasks(self.names.symbols, self.names.types, read)
