"""Tasks of a running kernel, read from its memory: who runs on each CPU, and all others with their states.

`read(virtual, size)` gives kernel memory, None where nothing is mapped. A kernel without BTF and DWARF says no more than names:
where a task has its name is seen in that of the first task.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from emu.elf.kernel_file import KERNEL_HALF
from emu.elf.members import Member
from emu.elf.struct_types import StructTypes
from emu.elf.symbols import SymbolTable

Read = Callable[[int, int], bytes | None]

COMM_BYTES = 16  # TASK_COMM_LEN
FIRST_NAME = b"swapper"  # of init_task
TASK_BYTES_MAX = 16384
TASKS_MAX = 1 << 16
# __state of task_struct (include/linux/sched.h), as the letters of ps(1); the first whose bits are all set.
STATES = ((0x402, "I"), (0x1, "S"), (0x2, "D"), (0x4, "T"), (0x8, "t"), (0x80, "X"), (0x40, "P"))
STATE_NAMES = ("__state", "state")  # since 5.14, and before
CURRENT = ("current_task", "pcpu_hot")  # per-CPU variables that begin with the pointer: 6.2 to 6.14 have the second


@dataclass(frozen=True, slots=True)
class Task:
    """A task; what this kernel does not tell is None."""

    address: int
    comm: str
    pid: int | None
    state: str | None  # R, S, D, ... as ps(1) has them


class GuestTasks:
    """The tasks of one kernel."""

    def __init__(self, symbols: SymbolTable, types: StructTypes | None, read: Read) -> None:
        """`symbols` at the addresses at which the kernel runs."""
        self._symbols, self._read = symbols, read
        self._types = types
        self._comm = self._member("comm") or self._comm_by_looking()
        self._pid = self._member("pid")
        self._state = next((member for name in STATE_NAMES if (member := self._member(name)) is not None), None)

    def current(self, cpu: int) -> Task | None:
        """Who runs on a CPU, None while the kernel has not got so far or does not say."""
        pointer = self.current_at(cpu)
        address = None if pointer is None else self._word(pointer)
        return None if address is None else self.task(address)

    def current_at(self, cpu: int) -> int | None:
        """Where the address of the task that runs on a CPU is, virtual; None as above."""
        offset = self.per_cpu_offset(cpu)
        variable = next((at for name in CURRENT if (at := self._symbols.address(name)) is not None), None)
        return None if offset is None or variable is None else (offset + variable) % 2**64

    def per_cpu_offset(self, cpu: int) -> int | None:
        """What is added to the symbol of a per-CPU variable; a kernel for one CPU adds nothing."""
        table = self._symbols.address("__per_cpu_offset")
        return 0 if table is None else self._word(table + 8 * cpu)

    def everyone(self) -> Iterator[Task]:
        """All tasks, threads behind the leader of their process; nothing without types."""
        first = self._symbols.address("init_task")
        processes, node, signal = self._member("tasks"), self._member("thread_node"), self._member("signal")
        head = None if self._types is None else self._types.member("signal_struct", "thread_head")
        if first is None or processes is None:
            return
        for leader in self._list(first + processes.offset, processes.offset, first):
            threads = self._word(leader + signal.offset) if signal is not None else None
            if leader == first or threads is None or node is None or head is None:
                addresses = iter([leader])
            else:
                addresses = self._list(threads + head.offset, node.offset, None)
            for address in addresses:
                if (task := self.task(address)) is not None:
                    yield task

    def task(self, address: int) -> Task | None:
        """One task by the address of its task_struct, None if none can be there."""
        if address < KERNEL_HALF or self._comm is None:
            return None
        name = self._read(address + self._comm.offset, COMM_BYTES)
        if name is None:
            return None
        pid, state = self._number(address, self._pid), self._number(address, self._state)
        return Task(address, name.split(b"\0")[0].decode("utf-8", "replace"), pid, None if state is None else _letter(state))

    def _list(self, head: int, offset: int, first: int | None) -> Iterator[int]:
        """The structures on a circular list: `first`, if it is what the list begins in, then those that follow."""
        if first is not None:
            yield first
        seen, at = {head}, self._word(head)
        while at is not None and at not in seen and len(seen) < TASKS_MAX:
            seen.add(at)
            yield at - offset
            at = self._word(at)

    def _member(self, name: str) -> Member | None:
        return None if self._types is None else self._types.member("task_struct", name)

    def _comm_by_looking(self) -> Member | None:
        first = self._symbols.address("init_task")
        content = None if first is None else self._read(first, TASK_BYTES_MAX)
        at = -1 if content is None else content.find(FIRST_NAME)
        return None if at < 0 else Member(at, COMM_BYTES)

    def _number(self, address: int, member: Member | None) -> int | None:
        content = None if member is None else self._read(address + member.offset, member.size)
        return None if content is None else int.from_bytes(content, "little")

    def _word(self, address: int) -> int | None:
        content = self._read(address, 8)
        return None if content is None else int(struct.unpack("<Q", content)[0])


def _letter(state: int) -> str:
    if state == 0:
        return "R"
    return next((letter for bits, letter in STATES if state & bits == bits), "?")
