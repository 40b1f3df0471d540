"""The trace of a region: to the engine's records come the tasks, which it does not know, and what its numbers mean.

A record belongs to the task whose address its core has stored last where the kernel keeps it, the per-CPU variable of `current`.
"""

import numpy as np
from numpy.typing import NDArray

from emu.boot.machine import Machine
from emu.boot.tasks import GuestTasks, Task
from emu.elf.kernel_file import KERNEL_HALF
from emu.errors import LimitReached
from emu.isa import decode_one
from emu.trace.file import Records, TraceWriter
from emu.trace.record import TRACE_DTYPE, Access, Kind

LONGEST = 15  # bytes of an instruction
WORD_BITS = 3  # what accesses meet is remembered by words of eight bytes
IDLE = -1  # the number of all idle tasks
IDLE_NAME = "swapper/"  # and a CPU's number
TASKS_MAX = np.iinfo(TRACE_DTYPE["task"]).max
_INSTRUCTION, _STORE = int(Kind.INSTRUCTION), int(Access.STORE)


class Recorder:
    """Takes the records of a region, part by part, and writes them down."""

    def __init__(self, machine: Machine, guest: GuestTasks | None, writer: TraceWriter) -> None:
        """At the beginning of a region. `guest` knows tasks: without it, or without symbols, all are idle ones."""
        self._machine, self._guest, self._writer = machine, guest, writer
        self._numbers: dict[int, int] = {}  # by the address of a task_struct
        self.tasks: list[Task] = []  # by number, as they were called when they were first seen
        cpus = range(len(machine.cores))
        self._running = [IDLE if guest is None else self._number_of(guest.current(cpu)) for cpu in cpus]
        self._current_at = [None if guest is None else self._physical(cpu, guest.current_at(cpu)) for cpu in cpus]
        self.instructions: dict[int, str] = {}  # disassembly by virtual address
        self._unread: dict[int, tuple[int, int]] = {}  # addresses whose code could not be read yet: core and task of a record
        self._words = np.zeros(0, np.uint64)

    def take(self, records: Records) -> None:
        """The next records, which are changed."""
        if not len(records):
            return
        for core in range(len(self._running)):
            self._name_tasks(records, core)
        self._read_code(records)
        touched = records["address"][records["access"] != 0] >> np.uint64(WORD_BITS)
        self._words = np.union1d(self._words, touched)
        self._writer.append(records)

    @property
    def addresses(self) -> list[int]:
        """Physical addresses of all words that were accessed."""
        return [int(word) << WORD_BITS for word in self._words]

    def _name_tasks(self, records: Records, core: int) -> None:
        """Give each record of a core its task."""
        own: NDArray[np.int64] = np.flatnonzero(records["core"] == core)
        if not len(own):
            return
        places = np.zeros(0, np.int64)
        if (current := self._current_at[core]) is not None:
            stores = (records["access"][own] & _STORE != 0) & (records["address"][own] == np.uint64(current))
            places = np.flatnonzero(stores) + 1  # from the next record on
        values = records["value"][own[places - 1]].tolist()
        numbers = [self._running[core], *(self._number(value) for value in values)]
        lengths = np.diff(np.concatenate(([0], places, [len(own)])))
        records["task"][own] = np.repeat(np.array(numbers, np.int16), lengths)
        self._running[core] = numbers[-1]

    def _physical(self, cpu: int, address: int | None) -> int | None:
        return None if address is None else self._machine.physical(self._machine.cores[cpu], address)

    def _number(self, address: int) -> int:
        if address in self._numbers:
            return self._numbers[address]
        return self._number_of(None if self._guest is None else self._guest.task(address), address)

    def _number_of(self, task: Task | None, address: int = 0) -> int:
        """The number of a task, which is new if it has none; what no task can be is idle."""
        if task is None or (task.pid == 0 if task.pid is not None else task.comm.startswith(IDLE_NAME)):
            return self._numbers.setdefault(task.address if task is not None else address, IDLE)
        if task.address not in self._numbers:
            if len(self.tasks) >= TASKS_MAX:
                raise LimitReached(f"more than {TASKS_MAX} tasks: a trace has no numbers for them; make the region shorter")
            self._numbers[task.address] = len(self.tasks)
            self.tasks.append(task)
        return self._numbers[task.address]

    def _read_code(self, records: Records) -> None:
        """Disassemble what was executed for the first time: the kernel's text, and that of the task which its core still runs."""
        executed = records[records["kind"] == _INSTRUCTION][::-1]
        addresses, last = np.unique(executed["pc"], return_index=True)
        for address, core, task in zip(
            addresses.tolist(), executed["core"][last].tolist(), executed["task"][last].tolist(), strict=True
        ):
            if address not in self.instructions:
                self._unread[address] = core, task
        for address, (core, task) in list(self._unread.items()):
            if address < KERNEL_HALF and self._running[core] != task:
                continue
            instruction = decode_one(self._machine.code(self._machine.cores[core], address, LONGEST), address)
            if instruction is not None:
                self.instructions[address] = instruction.text
                del self._unread[address]
