"""What a task did while it held a lock, or when it had let it go: told one thing after the other, by whoever walks a trace.

A section is over with the store that frees its lock, however much later that can be seen.
"""

from collections.abc import Collection, Iterable
from enum import Enum
from typing import Generic, Protocol, TypeVar

SLEEP = "schedule"  # the routine that a task enters to sleep


class Outcome(Enum):
    """What came of a section."""

    WAKES = "wakes"  # woke another, or put it on a list of those to wake
    SLEEPS = "sleeps"  # went to sleep then
    GOES_ON = "goes on"


class Section(Protocol):
    """One hold of a lock."""

    outcome: Outcome
    woken_by: str  # the first routine or mark that woke somebody

    @property
    def episode(self) -> object:
        """The stay in the kernel, or the interrupt, in which the lock was taken."""


S = TypeVar("S", bound=Section)


class Sections(Generic[S]):
    """Those that go on, core by core, and what each task has let go of last."""

    def __init__(self, cores: int) -> None:
        """No lock is held."""
        self._held: list[list[S]] = [[] for _ in range(cores)]  # of each core, the last one last
        self._let_go: dict[int, S] = {}  # by task

    def take(self, core: int, section: S) -> None:
        """A lock is taken."""
        self._held[core].append(section)

    def held(self, core: int, outside: Collection[object] = ()) -> list[S]:
        """What a core is under, without what was taken in the episodes `outside`: those that an interrupt has interrupted."""
        return [section for section in self._held[core] if all(section.episode is not each for each in outside)]

    def wake(self, sections: Iterable[S], by: str) -> None:
        """Somebody is woken under these."""
        for section in sections:
            section.outcome, section.woken_by = Outcome.WAKES, section.woken_by or by

    def free(self, core: int, task: int, stay: object, section: S) -> None:
        """A lock is let go, by a task in a stay in the kernel."""
        self._held[core].remove(section)
        if section.episode is stay:
            self._let_go[task] = section

    def sleep(self, task: int, stay: object) -> None:
        """A task enters the scheduler: if it has let go of a lock in the same stay, then that was to sleep."""
        section = self._let_go.get(task)
        if section is not None and section.episode is stay:
            del self._let_go[task]
            if section.outcome is Outcome.GOES_ON:
                section.outcome = Outcome.SLEEPS

    def open(self) -> list[S]:
        """Those of which more may come."""
        return [*(section for held in self._held for section in held), *self._let_go.values()]
