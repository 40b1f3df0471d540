"""The trace of a region: whose each record is, and which code can be read yet; a few lines stand in for the machine."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from emu.boot.full.recorder import Recorder
from emu.boot.tasks import Task
from emu.trace.file import TraceFile, TraceWriter
from emu.trace.header import TraceHeader
from emu.trace.record import TRACE_DTYPE, Access, Kind

IDLE, ONE, TWO = 0xFFFF888000001000, 0xFFFF888000002000, 0xFFFF888000003000
TASKS = {IDLE: Task(IDLE, "swapper/0", None, None), ONE: Task(ONE, "one", 7, None), TWO: Task(TWO, "two", 8, None)}
CURRENT = 0x100  # physical: where core n has its task, 0x40 apart
KERNEL, USER = 0xFFFFFFFF81000000, 0x401000
NOP, RET = b"\x90", b"\xc3"
HEADER = TraceHeader(variant="", machine="a10-7800", cores=2, arguments="", symbols=())


@dataclass
class Guest:
    """Who runs when the region begins."""

    running: tuple[int, int] = (IDLE, ONE)

    def current(self, cpu: int) -> Task | None:
        return TASKS.get(self.running[cpu])

    def current_at(self, cpu: int) -> int:
        return CURRENT + 0x40 * cpu

    def task(self, address: int) -> Task | None:
        return TASKS.get(address)


@dataclass
class Machine:
    """Memory that is mapped as it is, code by address."""

    code_at: dict[int, bytes] = field(default_factory=dict)
    cores: tuple[SimpleNamespace, ...] = (SimpleNamespace(index=0), SimpleNamespace(index=1))

    def physical(self, core: SimpleNamespace, address: int) -> int:
        return address

    def code(self, core: SimpleNamespace, address: int, size: int) -> bytes:
        return self.code_at.get(address, b"")


def records(*rows: tuple[int, int, int]) -> np.ndarray:
    """Instructions: core, address, and the task that is stored as the core's, 0 for none."""
    found = np.zeros(len(rows), TRACE_DTYPE)
    for record, (core, pc, stored) in zip(found, rows, strict=True):
        record["core"], record["pc"], record["kind"] = core, pc, int(Kind.INSTRUCTION)
        if stored:
            record["access"], record["address"], record["value"] = int(Access.STORE), CURRENT + 0x40 * core, stored
    return found


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[TraceWriter]:
    with TraceWriter(tmp_path / "t", None) as writer:
        yield writer


def written(writer: TraceWriter, tmp_path: Path) -> list[int]:
    writer.close(header=HEADER)
    return TraceFile(tmp_path / "t").records()["task"].tolist()


@pytest.mark.parametrize("cut", range(1, 6))
def test_each_record_has_the_task_that_its_core_runs(cut: int, writer: TraceWriter, tmp_path: Path) -> None:
    recorder = Recorder(Machine(), Guest(), writer)  # type: ignore[arg-type]
    rows = [(0, KERNEL, 0), (0, KERNEL, TWO), (1, KERNEL, 0), (0, KERNEL, 0), (1, KERNEL, IDLE), (1, KERNEL, 0)]
    recorder.take(records(*rows[:cut]))
    recorder.take(records(*rows[cut:]))
    assert written(writer, tmp_path) == [-1, -1, 0, 1, 0, -1]
    assert [task.comm for task in recorder.tasks] == ["one", "two"]


@pytest.mark.parametrize(("pid", "idle"), [(0, True), (12, False), (None, True)])
def test_who_is_idle(pid: int | None, idle: bool, writer: TraceWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its number, if that is known: any task may call itself swapper/0."""
    monkeypatch.setitem(TASKS, IDLE, Task(IDLE, "swapper/0", pid, None))
    recorder = Recorder(Machine(), Guest(), writer)  # type: ignore[arg-type]
    assert ([task.address for task in recorder.tasks] == [ONE]) == idle


def test_without_a_kernel_that_tells_its_tasks_all_are_idle(writer: TraceWriter, tmp_path: Path) -> None:
    recorder = Recorder(Machine(), None, writer)  # type: ignore[arg-type]
    recorder.take(records((0, KERNEL, TWO), (0, KERNEL, 0)))
    assert written(writer, tmp_path) == [-1, -1]


def test_a_programs_code_is_read_while_its_task_runs(writer: TraceWriter) -> None:
    machine = Machine({KERNEL: RET, USER: NOP})
    recorder = Recorder(machine, Guest(), writer)  # type: ignore[arg-type]
    recorder.take(records((1, USER, 0), (1, KERNEL, IDLE)))
    assert recorder.instructions == {KERNEL: "ret"}
    machine.code_at[USER] = RET  # of another program, which runs now
    recorder.take(records((1, KERNEL, TWO), (1, USER, 0)))
    assert recorder.instructions == {KERNEL: "ret", USER: "ret"}


def test_what_was_accessed_is_known_by_words(writer: TraceWriter) -> None:
    recorder = Recorder(Machine(), Guest(), writer)  # type: ignore[arg-type]
    recorder.take(records((0, KERNEL, TWO), (0, KERNEL, ONE), (1, KERNEL, TWO)))
    assert recorder.addresses == [CURRENT, CURRENT + 0x40]
