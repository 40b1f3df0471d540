"""One hand-off cut out of a trace: from the sender's entry into msgsnd to the receiver's return to its program."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emu.errors import UserError
from emu.trace.file import Records, TraceFile
from emu.trace.header import TraceHeader
from emu.trace.record import Kind, State

ENTRY_SYMBOLS = ("sys_msgsnd", "do_msgsnd")  # the first that the trace has
WAKEUP_MARKS = ("wakeup", "wakeups")  # of the message path, of a real kernel
_USER, _INSTRUCTION, _MARK = int(State.USER), int(Kind.INSTRUCTION), int(Kind.MARK)
_LOCK_ACQUIRED, _LOCK_RELEASED = int(Kind.LOCK_ACQUIRED), int(Kind.LOCK_RELEASED)


@dataclass(frozen=True, slots=True)
class HandOff:
    """Where a hand-off lies: `first`, `sender_last` and `last` count records from the trace's beginning."""

    number: int
    sender: int
    receiver: int
    receiver_core: int
    first: int
    sender_last: int  # the sender is back in its program: what it does next is another story
    last: int
    late_releases: tuple[int, ...] = ()  # of the sender's locks: such a store may become visible after the sender is back

    def mask(self, chunk: Records, first: int) -> NDArray[np.bool_]:
        """Which records of a chunk, whose first is the trace's record `first`, belong to it."""
        index = np.arange(first, first + len(chunk))
        task = chunk["task"]
        sender = (task == self.sender) & ((index <= self.sender_last) | np.isin(index, self.late_releases))
        receiver = (task == self.receiver) | ((task < 0) & (chunk["core"] == self.receiver_core))
        within: NDArray[np.bool_] = (index >= self.first) & (index <= self.last)
        within &= sender | receiver
        return within

    def role(self, task: int) -> str:
        """The part a task plays in it."""
        return {self.sender: "sender", self.receiver: "receiver"}.get(task, "idle")

    def words(self, header: TraceHeader) -> str:
        """Who hands over to whom."""
        return f"hand-off {self.number}: {header.task_name(self.sender)} sends, {header.task_name(self.receiver)} receives"

    def to_dict(self, header: TraceHeader) -> dict[str, int | str]:
        """The same for `--json`."""
        return {
            "number": self.number,
            "sender": header.task_name(self.sender),
            "receiver": header.task_name(self.receiver),
        }


class _Step(NamedTuple):
    """A record that matters to the search."""

    place: int
    what: int
    task: int
    core: int
    value: int
    cycle: int


class Span(NamedTuple):
    """When a hand-off was: from the sender's entry over the wakeup to the receiver's return to its program, in cycles."""

    number: int
    sender: int
    send: int  # how many times the sender has entered msgsnd, this one included
    receiver: int
    begin: int
    woken: int
    end: int


_ENTRY, _WAKEUP, _RETURN, _ACQUIRED, _RELEASED = range(5)


def find_hand_off(trace: TraceFile, number: int) -> HandOff:
    """The `number`-th hand-off, from 1, by the order of the wakeups; raises `UserError` when there are not so many."""
    if number < 1:
        raise UserError(f"hand-offs are counted from 1, not {number}")
    entered: dict[int, int] = {}
    count, found, sender_last, core = 0, None, None, -1
    first, sender, receiver = 0, -1, -1
    held: dict[int, int] = {}  # by lock: the task that took it before the sender was back
    late: list[int] = []
    for step in _steps(trace):
        if step.what == _ACQUIRED and sender_last is None:
            held[step.value] = step.task
        elif step.what == _RELEASED and held.pop(step.value, -1) == sender and sender_last is not None:
            late.append(step.place)
        elif step.what == _ENTRY and step.task not in entered:
            entered[step.task] = step.place
        elif step.what == _WAKEUP and found is None and step.task in entered:
            woken = trace.header.task_of_pointer(step.value)
            count += woken is not None
            if woken is not None and count == number:
                found, first, sender, receiver = True, entered[step.task], step.task, woken
        elif step.what == _RETURN:
            entered.pop(step.task, None)
            if found and step.task == sender and sender_last is None:
                sender_last, core = step.place, step.core
            if found and step.task == receiver:
                if sender_last is None or core == step.core:
                    sender_last = step.place  # on one core the sender must first make room
                return HandOff(number, sender, receiver, step.core, first, sender_last, step.place, tuple(late))
    raise UserError(
        f"trace {trace.path} has {count} hand-offs, not {number}"
        if not found
        else f"trace {trace.path} ends within hand-off {number}"
    )


@dataclass(frozen=True, slots=True)
class HandOffs:
    """All hand-offs of a trace that came to their ends, in the order of these, numbered as `find_hand_off` does."""

    spans: tuple[Span, ...]
    sends: Mapping[int, int]  # how many times each task has entered msgsnd, whether it handed over or not


def hand_offs(trace: TraceFile) -> HandOffs:
    """Look for them."""
    spans: list[Span] = []
    entered: dict[int, int] = {}
    sends = Counter[int]()  # by task
    under_way: dict[int, list[Span]] = {}  # by receiver
    count = 0
    for step in _steps(trace):
        if step.what == _ENTRY:
            sends[step.task] += step.task not in entered
            entered.setdefault(step.task, step.cycle)
        elif step.what == _WAKEUP and step.task in entered:
            woken = trace.header.task_of_pointer(step.value)
            if woken is not None:
                count += 1
                span = Span(count, step.task, sends[step.task], woken, entered[step.task], step.cycle, step.cycle)
                under_way.setdefault(woken, []).append(span)
        elif step.what == _RETURN:
            entered.pop(step.task, None)
            spans += (span._replace(end=step.cycle) for span in under_way.pop(step.task, ()))
    return HandOffs(tuple(spans), sends)


def _steps(trace: TraceFile) -> Iterator[_Step]:
    entry, wakeup = _entry_address(trace.header), _mark_number(trace.header)
    in_user: dict[int, bool] = {}
    first = 0
    for chunk in trace.chunks():
        instruction = chunk["kind"] == _INSTRUCTION
        steps = [
            *_gather(chunk, np.flatnonzero(instruction & (chunk["pc"] == np.uint64(entry)) & (chunk["task"] >= 0)), _ENTRY),
            *_gather(chunk, np.flatnonzero((chunk["kind"] == _MARK) & (chunk["detail"] == wakeup)), _WAKEUP),
            *_gather(chunk, _returns(chunk, np.flatnonzero(instruction & (chunk["task"] >= 0)), in_user), _RETURN),
            *_gather(chunk, np.flatnonzero(chunk["kind"] == _LOCK_ACQUIRED), _ACQUIRED, "detail"),
            *_gather(chunk, np.flatnonzero(chunk["kind"] == _LOCK_RELEASED), _RELEASED, "detail"),
        ]
        for step in sorted(steps):
            yield step._replace(place=first + step.place)
        first += len(chunk)


def _returns(chunk: Records, instructions: NDArray[np.int64], in_user: dict[int, bool]) -> NDArray[np.int64]:
    """First instruction of each stay in user mode, task by task; `in_user` carries over from the chunk before."""
    found = []
    tasks = chunk["task"][instructions]
    for task in np.unique(tasks):
        own = instructions[tasks == task]
        user = chunk["state"][own] == _USER
        before = np.concatenate(([in_user.get(int(task), True)], user[:-1]))
        found.append(own[user & ~before])
        in_user[int(task)] = bool(user[-1])
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _gather(chunk: Records, indices: NDArray[np.int64], what: int, value: str = "value") -> Iterator[_Step]:
    for index in indices:
        record = chunk[index]
        yield _Step(int(index), what, *(int(record[name]) for name in ("task", "core", value, "cycle")))


def _entry_address(header: TraceHeader) -> int:
    addresses = {symbol.name: symbol.address for symbol in header.symbols}
    for name in ENTRY_SYMBOLS:
        if name in addresses:
            return addresses[name]
    raise UserError(f"the trace has no routine {' or '.join(ENTRY_SYMBOLS)}, so no hand-off either")


def _mark_number(header: TraceHeader) -> int:
    for name in WAKEUP_MARKS:
        if name in header.marks:
            return header.marks.index(name)
    raise UserError(f"the trace has no event {WAKEUP_MARKS[0]!r}, so no hand-off either")
