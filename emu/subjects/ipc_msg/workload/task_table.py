"""Tables of system calls: what each task of a workload does, as plain values, and how they get into a task's memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from emu.errors import CheckFailed, InternalError

if TYPE_CHECKING:  # planning loads no memory of a guest
    from emu.guest.record import Record

NO_ERROR = 0


class Buffer(Enum):
    """A buffer in the task's memory, as an argument of a call."""

    SEND = "send_buffer"
    RECEIVE = "receive_buffer"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Call:
    """One line: a system call, made `times` times a round. Errors are numbers as in errno.h."""

    number: int
    arguments: tuple[int | Buffer, ...]
    message_type: int = 0  # put into the send buffer before
    times: int = 1
    delay: int = 0  # iterations of a two-instruction loop before each call
    step: int = 0  # added to the first argument after each round
    retry: int = NO_ERROR  # upon this error the call is made again
    allowed: tuple[int, ...] = ()  # these count as answers


@dataclass(frozen=True, slots=True)
class Table:
    """What one task does: `prologue` once, then `rounds` times `calls`; then it exits."""

    calls: tuple[Call, ...]
    rounds: int = 1
    prologue: tuple[Call, ...] = ()
    settings: tuple[int, int] = (0, 0)  # mode and q_qbytes that IPC_SET is to set
    message: bytes = b""  # text of every message that is sent


def fill_table(page: "Record", table: Table, base: int, start_delay: int) -> None:
    """Write a table into a task's memory, which the task sees at `base`."""
    lines = (*table.prologue, *table.calls)
    task = page.inner("task", "table_task")
    task["rounds"], task["calls"], task["prologue"] = table.rounds, len(lines), len(table.prologue)
    task["start_delay"] = start_delay
    control = page.inner("control", "msqid64_ds")
    control["msg_perm.mode"], control["msg_qbytes"] = table.settings
    page.write("send_buffer", bytes(8) + table.message)
    for call, line in zip(lines, table_lines(page, len(lines)), strict=True):
        line["number"] = call.number
        for place, value in enumerate(call.arguments):
            line[f"argument_{place}"] = base + page.offset(value.value) if isinstance(value, Buffer) else value
        for name in ("message_type", "times", "delay", "step"):
            line[name] = getattr(call, name)
        line["retry"] = -call.retry
        for field, error in zip(("allowed", "allowed_too"), call.allowed, strict=False):
            line[field] = -error


def table_lines(page: "Record", count: int) -> Iterator["Record"]:
    """The lines in a task's memory, with their counters."""
    size = page.inner("calls", "table_call").size
    if count * size > page.size_of("calls"):
        raise InternalError(f"a table of {count} lines does not fit into a task's memory")
    for index in range(count):
        yield page.inner("calls", "table_call", offset=index * size)


def check_table(page: "Record", table: Table, name: str) -> None:
    """Check that a finished task has made every call as often as its table says, or raise `CheckFailed`."""
    lines = (*table.prologue, *table.calls)
    for index, (call, line) in enumerate(zip(lines, table_lines(page, len(lines)), strict=True)):
        wanted = call.times * (1 if index < len(table.prologue) else table.rounds)
        answered = line["done"] + line["refused"]
        if answered != wanted:
            raise CheckFailed(f"{name}: line {index + 1} of its table should have been answered {wanted} times, not {answered}")
