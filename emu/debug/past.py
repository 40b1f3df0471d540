"""Moments of a run that is debugged, to go back to: as runs repeat, any earlier instruction is one of them and a run from there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from emu.boot.moment import Moment, forget_code
from emu.boot.session import Session

WORDS = 512  # of a frame
CHUNK = 4096  # frames that are compared at a time
INTERVAL = 50_000_000  # instructions between two moments on the way on
KEPT_MAX = 24


class Past(Protocol):
    """Where a run can go back to."""

    @property
    def moments(self) -> list[int]:
        """Instructions of all cores at each moment, the earliest first."""

    def note(self) -> bool:
        """The run has come here: keep this moment if none near is kept; whether it was."""

    def keep(self) -> None:
        """Keep this moment."""

    def go(self, number: int) -> None:
        """Go back to a moment."""


class SchedulePast:
    """The past of one schedule of a kernel: its beginning, which is near enough to everything."""

    def __init__(self, session: Session, begin: Callable[[], None]) -> None:
        """`begin` goes there."""
        self._session, self._begin = session, begin
        begin()
        self.moments = [session.machine.instructions()]

    def note(self) -> bool:
        """Nothing is kept."""
        return False

    def keep(self) -> None:
        """Nothing is kept."""

    def go(self, number: int) -> None:
        """Begin again."""
        self._begin()


@dataclass(frozen=True, slots=True)
class Kept:
    """One moment: where RAM differs from the first one's, and with what."""

    moment: Moment
    frames: NDArray[np.intp]
    content: NDArray[np.uint64]


class RamPast:
    """Moments of the fast gear: RAM is looked through for what has changed, so a run pays nothing in between."""

    def __init__(self, session: Session) -> None:
        """The first one is now."""
        self._session = session
        self._ram = np.frombuffer(session.machine.ram.bytes, np.uint64).reshape(-1, WORDS)
        self._first = self._ram.copy()
        self._kept = [self._made()]

    @property
    def moments(self) -> list[int]:
        """Instructions of all cores at each, the earliest first."""
        return [each.moment.instructions for each in self._kept]

    def note(self) -> bool:
        """Keep this moment if the last one before it is long ago."""
        now = self._session.machine.instructions()
        late = now - max(each for each in self.moments if each <= now) >= INTERVAL
        if late:
            self.keep()
        return late

    def keep(self) -> None:
        """Keep this moment; of too many the one goes whose neighbours are close, for how long ago it is."""
        now = self._session.machine.instructions()
        if now in self.moments:
            return
        self._kept.append(self._made())
        self._kept.sort(key=lambda each: each.moment.instructions)
        if len(self._kept) > KEPT_MAX:
            at = self.moments
            gaps = {n: (at[n + 1] - at[n - 1]) / (abs(now - at[n]) + 1) for n in range(1, len(at) - 1) if at[n] != now}
            del self._kept[min(gaps, key=lambda n: gaps[n])]

    def go(self, number: int) -> None:
        """Go back to a moment; frames that differ are put back."""
        kept = self._kept[number]
        wrong = self._changed()
        self._put(wrong, self._first[wrong])
        different = (self._ram[kept.frames] != kept.content).any(axis=1)
        self._put(kept.frames[different], kept.content[different])
        kept.moment.put_back()

    def _made(self) -> Kept:
        frames = self._changed()
        return Kept(Moment(self._session), frames, self._ram[frames])

    def _changed(self) -> NDArray[np.intp]:
        """Frames that differ from the first moment's."""
        ram, first = self._ram, self._first
        parts = [
            at + np.flatnonzero((ram[at : at + CHUNK] != first[at : at + CHUNK]).any(axis=1)) for at in range(0, len(ram), CHUNK)
        ]
        return np.concatenate(parts)

    def _put(self, frames: NDArray[np.intp], content: NDArray[np.uint64]) -> None:
        self._ram[frames] = content
        forget_code(self._session.machine, frames.tolist())
