"""A run as a picture: a track for what each core does, for each lock that is taken, and for each task."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from emu.export.counters import Rate
from emu.export.sink import NO_ARROW, Arguments, Sink
from emu.export.walk import IDLE_TASK, NOT_RECORDED, Event, Progress, Walk, What
from emu.trace.file import Records, TraceFile
from emu.trace.record import Kind, State
from emu.trace.words import TRANSFERS, place_words, vector_words

CORES, LOCKS, TASKS = 1, 2, 3
STATES = {int(state): state.name.lower().replace("_", " ") for state in State} | {NOT_RECORDED: "not recorded"}
MICROSECOND = 1_000_000  # of a second
_INSTRUCTION, _TRANSFER = int(Kind.INSTRUCTION), int(Kind.LINE_TRANSFER)
_RUNNING, _WOKEN, _AWAY = "running on core {}", "woken, waits for a core", "not running"


@dataclass(slots=True)
class _Core:
    """Tracks of a core, and what is open on them."""

    index: int
    doing: int
    interrupts: int
    lines: int
    rates: tuple[tuple[int, int, Rate], ...]  # kind of record, track
    state: str = ""
    task: bool = False
    interrupted: int = 0
    task_number: int = IDLE_TASK


@dataclass(slots=True)
class _Lock:
    """Tracks of a lock, and what is open on them."""

    held: int
    holder: bool = False
    arrow: int = NO_ARROW  # from the last hold to who waits
    waits: dict[int, int] = field(default_factory=dict)  # by core: its track
    waiting: set[int] = field(default_factory=set)


class Timeline:
    """Draws a trace into a sink."""

    def __init__(self, trace: TraceFile, sink: Sink) -> None:
        """Nothing is drawn yet."""
        self._trace, self._header, self._sink = trace, trace.header, sink
        self._tracks = self._arrows = 0
        self._locks: dict[int, _Lock] = {}
        self._tasks: dict[int, int] = {}  # tracks by task
        self._woken: dict[int, int] = {}  # arrows by task
        self._lines: dict[tuple[int, int], str] = {}  # words by line and kind of transfer

    def draw(self, unit: str, progress: Progress) -> None:
        """Everything. `unit`: what a nanosecond of the picture is."""
        header = self._header
        self._sink.group(CORES, f"cores of {header.machine}, {header.variant} ({unit})")
        self._sink.group(LOCKS, "locks")
        self._sink.group(TASKS, "tasks")
        self._cores = [self._core(core) for core in range(header.cores)]
        done = 0
        for records, events in Walk(self._trace).parts():
            self._count(records)
            for event in events:
                self._draw(event)
            done += len(records)
            progress(done, self._trace.record_count)
        for core in self._cores:
            for _, track, rate in core.rates:
                self._values(track, rate.last())

    def _who(self, task: int, core: int) -> str:
        """Who runs on a core: without tasks, as in a bench, that is the core itself."""
        return self._header.task_name(task) if self._header.tasks else f"core {core}"

    def _track(self, group: int, name: str, unit: str = "") -> int:
        self._tracks += 1
        self._sink.track(self._tracks, group, name, unit)
        return self._tracks

    def _core(self, core: int) -> _Core:
        name, stretch = f"core {core}", max(self._header.clock_hz // MICROSECOND, 1)
        return _Core(
            core,
            self._track(CORES, name),
            self._track(CORES, f"{name} interrupts"),
            self._track(CORES, f"{name} line transfers"),
            tuple(
                (kind, self._track(CORES, f"{name} {what} a us", unit=what), Rate(stretch))
                for kind, what in ((_INSTRUCTION, "instructions"), (_TRANSFER, "transfers"))
            ),
        )

    def _count(self, records: Records) -> None:
        for index, core in enumerate(self._cores):
            own = records["core"] == index
            for kind, track, rate in core.rates:
                self._values(track, rate.add(records["cycle"][np.flatnonzero(own & (records["kind"] == kind))]))

    def _values(self, track: int, values: Iterator[tuple[int, int]]) -> None:
        for at, value in values:
            self._sink.counter(at, track, value)

    def _draw(self, event: Event) -> None:
        core = self._cores[event.core]
        match event.what:
            case What.STATE:
                self._enter(core, event.at, STATES[event.number])
            case What.SWITCH:
                self._switch(core, event)
            case What.WAKEUP:
                self._wake(core, event)
            case What.CONTENDED | What.ACQUIRED | What.RELEASED:
                self._lock(event)
            case What.INTERRUPT:
                self._sink.begin(event.at, core.interrupts, vector_words(event.number))
                core.interrupted += 1
            case What.RESUME:
                self._resume(core, event.at, min(core.interrupted, 1))
            case What.IPI:
                self._sink.instant(event.at, core.doing, f"IPI to core {event.number}, {vector_words(event.value)}")
            case What.TRANSFER:
                self._sink.instant(event.at, core.lines, self._line(event), about={"cycles": event.value})
            case What.STALL:
                about = {"cycles": event.value}
                self._sink.instant(event.at, core.doing, f"held up at {self._header.mark_name(event.number)}", about=about)
            case What.MARK:
                self._sink.instant(event.at, core.doing, self._header.mark_name(event.number))
            case What.END:
                self._finish(core, event)

    def _enter(self, core: _Core, at: int, state: str) -> None:
        """The state's slice lies in the task's."""
        if core.state:
            self._sink.end(at, core.doing)
        core.state = state
        if core.task and state:
            self._sink.begin(at, core.doing, state)
        elif state:  # what a core does before its first task
            core.task = True
            self._sink.begin(at, core.doing, self._who(IDLE_TASK, core.index))
            self._sink.begin(at, core.doing, state)

    def _switch(self, core: _Core, event: Event) -> None:
        at, state, task = event.at, core.state, event.task
        if core.task and core.task_number == task:
            return
        self._enter(core, at, "")
        self._resume(core, at, core.interrupted)  # it was interrupted, and goes on elsewhere
        if core.task:
            self._sink.end(at, core.doing)
            self._task_is(core.task_number, at, _AWAY)
        core.task, core.task_number = True, task
        self._sink.begin(at, core.doing, self._who(task, core.index), arrives=self._woken.pop(task, NO_ARROW))
        self._task_is(task, at, _RUNNING.format(event.core))
        self._enter(core, at, state)

    def _task_is(self, task: int, at: int, how: str) -> None:
        if task == IDLE_TASK:
            return
        if task in self._tasks:
            self._sink.end(at, self._tasks[task])
        else:
            self._tasks[task] = self._track(TASKS, self._header.task_name(task))
        self._sink.begin(at, self._tasks[task], how)

    def _wake(self, core: _Core, event: Event) -> None:
        woken = event.number
        self._arrows += 1
        self._sink.instant(event.at, core.doing, f"wakes {self._header.task_name(woken)}", leaves=self._arrows)
        self._woken[woken] = self._arrows
        if all(each.task_number != woken for each in self._cores):
            self._task_is(woken, event.at, _WOKEN)

    def _resume(self, core: _Core, at: int, levels: int) -> None:
        core.interrupted -= levels
        for _ in range(levels):
            self._sink.end(at, core.interrupts)

    def _lock(self, event: Event) -> None:
        lock = self._locks.get(event.number)
        if lock is None:
            lock = self._locks[event.number] = _Lock(self._track(LOCKS, f"{self._header.lock_name(event.number)}: held"))
        waited = event.core in lock.waiting
        if waited and event.what is not What.RELEASED:  # it is taken, or the wait was given up and begins anew
            lock.waiting.discard(event.core)
            self._sink.end(event.at, lock.waits[event.core])
        if event.what is What.CONTENDED:
            self._wait(lock, event)
        elif event.what is What.ACQUIRED:
            self._hold(lock, event, waited)
        else:
            self._let_go(lock, event)

    def _wait(self, lock: _Lock, event: Event) -> None:
        if event.core not in lock.waits:
            lock.waits[event.core] = self._track(LOCKS, f"{self._header.lock_name(event.number)}: core {event.core} waits")
        lock.waiting.add(event.core)
        self._sink.begin(event.at, lock.waits[event.core], f"{self._who(event.task, event.core)} waits")

    def _hold(self, lock: _Lock, event: Event, waited: bool) -> None:
        if lock.holder:
            self._sink.end(event.at, lock.held)
        lock.holder = True
        about: Arguments = {"waited": event.value, "taken in": place_words(event.address, self._header)}
        arrow, lock.arrow = lock.arrow, NO_ARROW
        self._sink.begin(event.at, lock.held, self._holder(event), arrives=arrow if waited else NO_ARROW, about=about)

    def _holder(self, event: Event) -> str:
        return f"{self._header.task_name(event.task)} on core {event.core}" if self._header.tasks else f"core {event.core}"

    def _let_go(self, lock: _Lock, event: Event) -> None:
        if not lock.holder:  # it was taken before the trace began
            self._sink.begin(max(event.at - event.value, 0), lock.held, self._holder(event))
        lock.holder = False
        if lock.waiting:
            self._arrows += 1
            lock.arrow = self._arrows
        self._sink.end(event.at, lock.held, leaves=lock.arrow)

    def _line(self, event: Event) -> str:
        key = event.address, event.number
        if key not in self._lines:
            self._lines[key] = f"{self._header.object_at(event.address)} {TRANSFERS[event.number]}"  # type: ignore[index]
        return self._lines[key]

    def _finish(self, core: _Core, event: Event) -> None:
        """What still goes on at the end of the run ends there; a lock or a task, when nothing more is known of it."""
        self._enter(core, event.at, "")
        self._resume(core, event.at, core.interrupted)
        if core.task:
            core.task = False
            self._sink.end(event.at, core.doing)
        if event.core != len(self._cores) - 1:
            return
        for lock in self._locks.values():
            if lock.holder:
                self._sink.end(event.value, lock.held)
            for waiting in sorted(lock.waiting):
                self._sink.end(event.value, lock.waits[waiting])
        for track in self._tasks.values():
            self._sink.end(event.value, track)
