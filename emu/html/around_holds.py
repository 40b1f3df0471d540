"""Where each lock was taken, and when its core let go of it: the instructions around a hold, which are no events themselves."""

from collections import deque
from dataclasses import dataclass

from emu.export.calls import Core, Happening
from emu.export.lock_sections import Held, SectionWalk
from emu.subjects.path.walk import Rules
from emu.trace.file import TraceFile
from emu.trace.record import Kind

NOT_YET = 1 << 62  # a cycle


@dataclass(slots=True)
class Taking:
    """One acquisition."""

    place: int  # of code
    let_go: int = NOT_YET  # by the store to its word, however much later that becomes visible


class Takings(SectionWalk):
    """Every acquisition, core by core in their order; keeps no books."""

    def __init__(self, trace: TraceFile) -> None:
        """Nothing is read yet. All locks are followed, whatever their sections are for."""
        super().__init__(trace, (Kind.LOCK_ACQUIRED, Kind.LOCK_RELEASED), Rules(holds_of=lambda lock: True))
        self.of_cores: list[deque[Taking]] = [deque() for _ in range(trace.header.cores)]
        self._open: dict[int, Taking] = {}  # by the identity of a hold that goes on

    def event(self, core: Core, happening: Happening) -> None:
        """An acquisition, or the end of a hold."""
        section = self.section(core, happening)
        if happening.kind == Kind.LOCK_ACQUIRED:
            taking = Taking(self.place(core, happening.pc))
            self.of_cores[core.index].append(taking)
            if section is not None:
                self._open[id(section)] = taking

    def freed(self, section: Held, cycle: int) -> None:
        """Its core lets go of it."""
        self._open.pop(id(section)).let_go = cycle
