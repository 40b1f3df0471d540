"""The machine that is debugged: its cores, its memory as they see it, and its run, forwards and backwards.

A position is the number of instructions that all cores have retired. The cores always run together, in their own order: that is
what repeats. So a step of one core lets the others run as far as they do until it is done.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from emu.boot.core import Core
from emu.boot.ending import End, Ended
from emu.boot.looks import Holders, Looks, Watch
from emu.boot.machine import STATUS_WORDS
from emu.boot.session import Session
from emu.debug.core_registers import READ, pc_of
from emu.debug.debugged import Reason, Stop
from emu.debug.past import Past

SLICE = 2_000_000  # instructions between two looks for Ctrl-C
NEAR = 100_000  # instructions before a place gone back to, where a moment is kept if the way there is long
LONG = 1_000_000


class Target:
    """A session under a debugger. `see` shows RAM as a core sees it, and says whose view it was."""

    goes_back = True

    def __init__(
        self,
        session: Session,
        past: Past,
        looks: Looks,
        limit: int | None = None,
        see: Callable[[int], int] = lambda core: core,
    ) -> None:
        """It stands where what can be gone back to begins."""
        self.session, self.machine = session, session.machine
        self._past, self._looks, self._limit, self._see = past, looks, limit, see
        self.machine.slice = SLICE
        session.on_user = lambda: None  # a boot is kept by a run that nobody goes back in
        self.places: list[int] = []
        self.watches: list[Watch] = []
        self._holders: dict[int, tuple[tuple[Watch, ...], Holders]] = {}  # by position
        self.ended: Ended | None = None
        self.stop = Stop(Reason.ATTACHED, int(self.machine.record["turn"]))
        self._interrupted: Callable[[], bool] = lambda: False

    @property
    def position(self) -> int:
        """Instructions that all cores have retired."""
        return self.machine.instructions()

    @property
    def beginning(self) -> int:
        """The earliest position."""
        return self._past.moments[0]

    @property
    def cores(self) -> int:
        """How many it has."""
        return len(self.machine.cores)

    def core(self, index: int) -> Core:
        """One of the cores."""
        return self.machine.cores[index]

    def pc(self, core: int) -> int:
        """Where a core is."""
        return pc_of(self.core(core))

    def register(self, core: int, name: str) -> int:
        """A register of a core's, by gdb's name."""
        return READ[name](self.core(core))

    def read(self, core: int, address: int, size: int) -> bytes:
        """Memory at a virtual address as a core sees it, as far as it is mapped."""
        before = self._see(core)
        try:
            return self.machine.code(self.core(core), address, size)
        finally:
            self._see(before)

    def physical(self, core: int, address: int) -> int | None:
        """Where a virtual address of a core's is in RAM."""
        return self.machine.physical(self.core(core), address)

    def status(self, core: int) -> str:
        """Whether a core runs, in a word or some."""
        return STATUS_WORDS[int(self.core(core).record["status"])]

    def console(self) -> bytes:
        """What the guest has written to its console."""
        return bytes(self.session.console.content)

    def where(self) -> Iterator[str]:
        """In words: where it stands, then a line a core of how far that has come."""
        yield f"{self.position} instructions, {self.position - self.beginning} behind the beginning"
        for core in range(self.cores):
            yield f"{self._count(core)} instructions"

    def end(self) -> str:
        """How the run has ended, once it has."""
        assert self.ended is not None, "the machine has ended"
        return self.ended.how.value + ("" if self.ended.status is None else f", status {self.ended.status}")

    def digest(self) -> str:
        """Of all of RAM, and of where the machine is: equal places of equal runs have equal ones."""
        return f"{self.machine.ram.digest()} at {self.position} instructions"

    # forwards

    def go_on(self, interrupted: Callable[[], bool], step: int | None = None) -> Stop:
        """Run until something is met, or a core has taken a step."""
        self._interrupted = interrupted
        if self.ended is None:
            self._looks.pass_none()
            self.stop = self._met_from_here(None if step is None else (step, self._count(step) + 1))
        return self.stop

    def _met_from_here(self, goal: tuple[int, int] | None) -> Stop:
        """Run on; behind an access that is watched the machine has run too far, and goes back to where it was made."""
        if self.watches:
            self._past.keep()
        with self._armed():
            self._keep_holders()
            self._pass_here(self.stop.core)
            stop = self._forward(self._limit, goal, self._note)
            position = self._position_of(stop)
        if stop.access is not None:
            self.go_to(position)
        return stop

    def _note(self) -> None:
        if self._past.note():
            self._keep_holders()

    def _keep_holders(self) -> None:
        """Who has which of the lines that are watched, at a moment that is kept."""
        self._holders[self.position] = (tuple(self.watches), self._looks.holders())

    def _position_of(self, stop: Stop) -> int:
        """Where the machine was when it met what it has been stopped for: behind the instruction of an access."""
        return self.position - (0 if stop.access is None else self._count(stop.core) - stop.access.count)

    def _count(self, core: int) -> int:
        return int(self.core(core).record["count"])

    def _turn(self) -> int:
        return int(self.machine.record["turn"])

    @contextmanager
    def _armed(self) -> Iterator[None]:
        """What is waited for stops the machine."""
        self._looks.arm(self.places, self.watches)
        try:
            yield
        finally:
            self._looks.disarm()

    def _pass_here(self, core: int) -> None:
        """A core that was stopped goes on with the instruction that it stands in front of."""
        self._looks.pass_here(self.core(core), pc_of(self.core(core)))

    def _forward(self, limit: int | None, goal: tuple[int, int] | None = None, on_slice: Callable[[], None] = lambda: None) -> Stop:
        """Run to a position, until something is met, or until a core has retired so many instructions."""

        def there() -> bool:
            return goal is not None and self._count(goal[0]) >= goal[1]

        def pause() -> bool:
            if self._looks.met or there():
                return True
            on_slice()
            return self._interrupted()

        if goal is not None:
            self.core(goal[0]).record["goal"] = goal[1]
        ended = self.session.go_on(limit, pause)
        self.machine.records["goal"] = 0
        if accesses := self._looks.accesses():
            return Stop(Reason.WATCH, accesses[0].core, accesses[0])
        if (core := self._looks.at_place) is not None:
            return Stop(Reason.PLACE, core)
        if goal is not None and there():
            return Stop(Reason.STEP, goal[0])
        if ended.how == End.STOPPED:
            return Stop(Reason.INTERRUPT, self._turn())
        self.ended = ended
        return Stop(Reason.END, self._turn())

    # backwards

    def go_back(self, interrupted: Callable[[], bool]) -> Stop:
        """Go back to the last thing met before here, or to the beginning."""
        self._interrupted = interrupted
        end = self.position
        for number, moment in reversed(list(enumerate(self._past.moments))):
            if moment >= end:
                continue
            if (last := self._last_met(number, end)) is not None:
                self.stop = self._again(number, *last)
                return self.stop
            if interrupted():
                self.stop = Stop(Reason.INTERRUPT, self._turn())
                return self.stop
            end = moment
        return self._begin_again()

    def step_back(self, core: int, interrupted: Callable[[], bool]) -> Stop:
        """Go back to where a core had not taken its last step yet."""
        self._interrupted = interrupted
        count, at = self._count(core), self.position
        if at <= self.beginning:
            return self._begin_again()
        self.go_to(at - 1)
        if self._count(core) == count:  # others have run since
            found = self._retired_at(core, count, at)
            if found is None:
                return self._begin_again()
            self.go_to(found - 1)
        self.stop = Stop(Reason.STEP, core)
        return self.stop

    def go_to(self, position: int) -> None:
        """Go to a position that the run has been at."""
        number = max(n for n, each in enumerate(self._past.moments) if each <= position)
        if position - self._to_moment(number) > LONG:
            self._run_to(position - NEAR)
            self._past.keep()
        self._run_to(position)

    def _to_moment(self, number: int) -> int:
        """Go back to a moment; where that is."""
        self.ended = None
        self._past.go(number)
        self.machine.records["goal"] = 0  # it may have been kept on the way to one
        watches, holders = self._holders.get(self.position, (None, None))
        self._looks.put_holders(holders if watches == tuple(self.watches) else None)
        return self.position

    def _run_to(self, position: int) -> None:
        if position > self.position:
            self.session.go_on(position, lambda: False)

    def _begin_again(self) -> Stop:
        self._to_moment(0)
        self.stop = Stop(Reason.BEGIN, self._turn())
        return self.stop

    def _retired_at(self, core: int, count: int, before: int) -> int | None:
        """The position at which a core had just retired so many instructions; None: before the beginning."""
        for number, moment in reversed(list(enumerate(self._past.moments))):
            if moment < before:
                self._to_moment(number)
                if self._count(core) < count:
                    self._forward(before, (core, count))
                    self.ended = None
                    return self.position
        return None

    def _last_met(self, number: int, end: int) -> tuple[int, int, Stop] | None:
        """The last of what is met from a moment to a position: the how manieth it is, where the machine is to stand, and what."""
        last = None
        with self._armed():
            for count, (position, stop) in enumerate(self._all_met(number, end), 1):
                if position < end:
                    last = count, position, stop
        return last

    def _all_met(self, number: int, end: int) -> Iterator[tuple[int, Stop]]:
        """Everything that is met from a moment to a position, and where the machine is to stand for it: in front of it."""
        self._to_moment(number)
        self._looks.pass_none()
        while self.position < end and not self._interrupted():
            stop = self._forward(end)
            for access in self._looks.accesses():
                accessed = replace(stop, access=access)
                yield self._position_of(accessed) - 1, accessed
            if (core := self._looks.at_place) is not None:
                yield self.position, Stop(Reason.PLACE, core)
                self._pass_here(core)
            elif stop.access is None:
                break
            self._looks.clear()
        self.ended = None

    def _again(self, number: int, count: int, position: int, stop: Stop) -> Stop:
        """Stand where something is met, by its number from a moment on."""
        if stop.access is not None:
            self.go_to(position)
            return stop
        with self._armed():
            for _, _ in zip(range(count), self._all_met(number, position + 1), strict=False):
                pass
        return stop
