"""The kernel's own text of a trace, as in /sys/kernel/tracing/trace: a line an event, which Perfetto imports and people grep."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from emu.export.clock import NANOSECONDS, Clock
from emu.export.walk import IDLE_TASK, Event, Progress, Walk, What
from emu.trace.file import TraceFile
from emu.trace.words import place_words

COMM_MAX = 15  # characters: TASK_COMM_LEN of Linux, without its end
PRIORITY = 120  # of a task that is not niced
_HEAD = """\
# tracer: nop
#
# {command}
# {clock}; PIDs are the tasks' numbers in the trace, from 1; a lock's address is the physical one of its word
#
#                                _-----=> irqs-off/BH-disabled
#                               / _----=> need-resched
#                              | / _---=> hardirq/softirq
#                              || / _--=> preempt-depth
#                              ||| / _-=> migrate-disable
#                              |||| /     delay
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
"""
_VECTORS = {0xFD: "reschedule", 0xEF: "local_timer"}  # irq_vectors: have events of their own; the others are irq_handler_*


@dataclass(slots=True)
class _Core:
    """What a core is in."""

    vectors: list[int] = field(default_factory=list)  # of the interrupts that have begun, the last one last
    task: int = IDLE_TASK


class Ftrace:
    """Events as lines, in order of time."""

    def __init__(self, trace: TraceFile, clock: Clock) -> None:
        """Nothing is read yet."""
        self._trace, self._header, self._clock = trace, trace.header, clock
        self._cores = [_Core() for _ in range(trace.header.cores)]
        self._waiting: set[tuple[int, int]] = set()  # core and lock
        self._slept = bytearray()  # of each switch: whether who is switched away from is woken before it runs again
        self._switches = 0
        self._on: dict[int, int] = {}  # by task: where it ran last

    def write(self, file: BinaryIO, progress: Progress) -> None:
        """The whole text."""
        header = self._header
        file.write(_HEAD.format(command=f"emu {header.arguments}", clock=self._clock.words()).encode())
        self._look_ahead(progress)
        for event in Walk(self._trace).events(progress):
            if event.what in (What.SWITCH, What.END):
                file.writelines(self._line(event, text) for text in self._leave_interrupts(event))
            file.writelines(self._line(event, text) for text in self._texts(event))

    def _look_ahead(self, progress: Progress) -> None:
        """Who sleeps when it is switched away from: who must be woken to run again, or never does."""
        away: dict[int, int] = {}  # by task: the switch
        running = [IDLE_TASK] * len(self._cores)
        for event in Walk(self._trace).events(progress):
            if event.what is What.WAKEUP:
                away.pop(event.number, None)
            elif event.what is What.SWITCH and event.task != running[event.core]:
                if event.task in away:
                    self._slept[away.pop(event.task)] = False
                before, running[event.core] = running[event.core], event.task
                if before != IDLE_TASK:
                    away[before] = len(self._slept)
                self._slept.append(before != IDLE_TASK)

    def _line(self, event: Event, text: str) -> bytes:
        task = self._cores[event.core].task
        who = "<idle>" if task == IDLE_TASK else self._comm(task, event.core)
        flags = "d.h.." if self._cores[event.core].vectors else "....."
        seconds, part = divmod(self._clock.nanoseconds(event.at, self._header.clock_hz), NANOSECONDS)
        return f"{who:>16}-{self._pid(task):<7} [{event.core:03}] {flags} {seconds:5}.{part:09}: {text}\n".encode()

    def _comm(self, task: int, core: int) -> str:
        return f"swapper/{core}" if task == IDLE_TASK else self._header.task_name(task)[:COMM_MAX]

    @staticmethod
    def _pid(task: int) -> int:
        return 0 if task == IDLE_TASK else task + 1

    def _texts(self, event: Event) -> Iterator[str]:
        core = self._cores[event.core]
        match event.what:
            case What.SWITCH if event.task != core.task:
                yield self._switch(core, event)
            case What.WAKEUP:
                who = f"comm={self._comm(event.number, 0)} pid={self._pid(event.number)} prio={PRIORITY}"
                place = f"target_cpu={self._on.get(event.number, event.core):03}"
                yield f"sched_waking: {who} {place}"
                yield f"sched_wakeup: {who} {place}"
            case What.CONTENDED | What.ACQUIRED | What.RELEASED:
                yield from self._lock(event)
            case What.INTERRUPT:
                core.vectors.append(event.number)
                yield f"{_VECTORS[event.number]}_entry: vector={event.number}" if event.number in _VECTORS else _entry(event.number)
            case What.RESUME if core.vectors:
                yield _leave(core.vectors.pop())
            case What.IPI:
                yield f"ipi_send_cpu: cpu={event.number} callsite={place_words(event.address, self._header)} callback=0x0"
            case What.HALT:
                yield f"cpu_idle: state=1 cpu_id={event.core}"
            case What.WAKE:
                yield f"cpu_idle: state=4294967295 cpu_id={event.core}"

    def _leave_interrupts(self, event: Event) -> Iterator[str]:
        """A task that is switched away from out of an interrupt leaves that: it comes back another way."""
        core = self._cores[event.core]
        if event.what is What.END or event.task != core.task:
            while core.vectors:
                yield _leave(core.vectors.pop())

    def _switch(self, core: _Core, event: Event) -> str:
        before, core.task = core.task, event.task
        state = "S" if self._slept[self._switches] else "R"
        self._switches += 1
        self._on[event.task] = event.core
        sides = (
            f"{side}_comm={self._comm(task, event.core)} {side}_pid={self._pid(task)} {side}_prio={PRIORITY}"
            for side, task in (("prev", before), ("next", event.task))
        )
        return "sched_switch: " + f" prev_state={state} ==> ".join(sides)

    def _lock(self, event: Event) -> Iterator[str]:
        address = f"{self._header.locks[event.number].address:016x}"
        place = event.core, event.number
        if event.what is What.CONTENDED:
            self._waiting.add(place)
            yield f"contention_begin: {address} (flags=SPIN)"
            return
        if event.what is What.ACQUIRED and place in self._waiting:
            self._waiting.discard(place)
            yield f"contention_end: {address} (ret=0)"
        what = "lock_acquired" if event.what is What.ACQUIRED else "lock_release"
        yield f"{what}: {address} {self._header.lock_name(event.number)}"


def _entry(vector: int) -> str:
    return f"irq_handler_entry: irq={vector} name=vector_{vector}"


def _leave(vector: int) -> str:
    return f"{_VECTORS[vector]}_exit: vector={vector}" if vector in _VECTORS else f"irq_handler_exit: irq={vector} ret=handled"
