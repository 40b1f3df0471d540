"""Tasks as a kernel has them in its memory: put there by hand, some of it missing."""

import struct

from emu.boot.tasks import GuestTasks, Task
from emu.elf.members import Member
from emu.elf.symbols import SymbolTable, from_names

BASE = 0xFFFFFFFF82000000
INIT_TASK, PER_CPU_TABLE = BASE, BASE + 0x8000
PER_CPU, CURRENT = 0xFFFF888000000000, 0x1AC0
SYSTEMD, THREAD, WORKER, SIGNALS = (BASE + offset for offset in (0x10000, 0x11000, 0x12000, 0x13000))
OFFSETS = {
    "__state": Member(24, 4), "tasks": Member(64, 16), "pid": Member(96, 4), "signal": Member(104, 8),
    "thread_node": Member(112, 16), "comm": Member(1000, 16),
}  # fmt: skip


class Types:
    def member(self, struct_name: str, name: str) -> Member | None:
        return {"task_struct": OFFSETS, "signal_struct": {"thread_head": Member(8, 16)}}[struct_name].get(name)


class Memory:
    """Pages that are there by what was written to them."""

    def __init__(self) -> None:
        self.pages: dict[int, bytearray] = {}

    def write(self, address: int, content: bytes) -> None:
        for index, byte in enumerate(content):
            self.pages.setdefault((address + index) >> 12, bytearray(4096))[(address + index) & 4095] = byte

    def word(self, address: int, value: int) -> None:
        self.write(address, struct.pack("<Q", value))

    def read(self, address: int, size: int) -> bytes | None:
        pages = [self.pages.get(page) for page in range(address >> 12, ((address + size - 1) >> 12) + 1)]
        return None if None in pages else b"".join(filter(None, pages))[address & 4095 :][:size]


def symbols() -> SymbolTable:
    there = {b"init_task": INIT_TASK, b"__per_cpu_offset": PER_CPU_TABLE, b"current_task": CURRENT, b"_end": BASE + 0x100000}
    return from_names(list(there.values()), list(there))


def guest() -> Memory:
    memory = Memory()
    memory.write(INIT_TASK, bytes(4 * 4096))
    for address, name, pid, state, following in (
        (INIT_TASK, b"swapper/0", 0, 0, SYSTEMD), (SYSTEMD, b"init", 1, 1, WORKER), (WORKER, b"kworker/0:0", 7, 0x402, INIT_TASK),
        (THREAD, b"a-name-of-15-ch", 12, 2, 0),
    ):  # fmt: skip
        memory.write(address + 24, struct.pack("<I", state))
        memory.word(address + 64, following + 64)
        memory.write(address + 96, struct.pack("<I", pid))
        memory.write(address + 1000, name.ljust(16, b"\0"))
        memory.word(address + 104, SIGNALS + (0x100 if address == WORKER else 0))
    for leader, signals, thread in ((SYSTEMD, SIGNALS, THREAD), (WORKER, SIGNALS + 0x100, None)):
        memory.word(signals + 8, leader + 112)
        memory.word(leader + 112, signals + 8 if thread is None else thread + 112)
        if thread is not None:
            memory.word(thread + 112, signals + 8)
    for cpu, task in enumerate((SYSTEMD, INIT_TASK)):
        memory.word(PER_CPU_TABLE + 8 * cpu, PER_CPU + cpu * 0x10000)
        memory.word(PER_CPU + cpu * 0x10000 + CURRENT, task)
    return memory


def test_who_runs_on_each_cpu() -> None:
    tasks = GuestTasks(symbols(), Types(), guest().read)
    assert tasks.current(0) == Task(SYSTEMD, "init", 1, "S")
    assert tasks.current(1) == Task(INIT_TASK, "swapper/0", 0, "R")
    assert tasks.current(2) is None


def test_all_tasks_with_threads_and_states() -> None:
    found = [(task.pid, task.comm, task.state) for task in GuestTasks(symbols(), Types(), guest().read).everyone()]
    assert found == [(0, "swapper/0", "R"), (1, "init", "S"), (12, "a-name-of-15-ch", "D"), (7, "kworker/0:0", "I")]


def test_names_alone_without_types() -> None:
    tasks = GuestTasks(symbols(), None, guest().read)
    assert tasks.current(0) == Task(SYSTEMD, "init", None, None)
    assert list(tasks.everyone()) == []


def test_a_kernel_that_has_not_begun_or_is_damaged() -> None:
    assert GuestTasks(symbols(), Types(), Memory().read).current(0) is None
    assert GuestTasks(symbols(), None, Memory().read).current(0) is None
    assert GuestTasks(from_names([], []), Types(), guest().read).current(0) is None
    memory = guest()
    memory.word(WORKER + 64, WORKER + 64)  # a list that never comes back: an end all the same
    memory.word(PER_CPU + CURRENT, 0x1234)
    tasks = GuestTasks(symbols(), Types(), memory.read)
    assert tasks.current(0) is None
    assert [task.comm for task in tasks.everyone()] == ["swapper/0", "init", "a-name-of-15-ch", "kworker/0:0"]
