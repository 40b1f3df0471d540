"""An assembled guest: bytes and everything that is known about them by name."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field

from emu.image.types import Struct

LOCK_KINDS = ("queued", "ticket")  # what a spin lock's word means
PREEMPT_DEFAULT = "none"  # kind of kernel preemption


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes at a physical address."""

    name: str
    physical: int
    virtual: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """An annotated instruction: an event to count, a point to stall at, or a load with a meaning of its own."""

    kind: str  # event, point, load
    name: str
    address: int
    register: str | None
    zero: bool  # the event happens only if the register is 0
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Routine:
    """One routine: where it is, which file it came from, where its cycles go."""

    name: str
    address: int
    size: int
    file: str
    state: str


@dataclass(frozen=True, slots=True)
class Image:
    """Kernel text, user text and globals of one variant, with symbols, structures and annotations."""

    variant: str
    text: Segment
    user_text: Segment
    data: Segment
    routines: tuple[Routine, ...]  # sorted by address
    symbols: Mapping[str, int]  # routines and globals
    globals: Mapping[str, int]  # sizes of globals
    structs: Mapping[str, Struct]
    marks: tuple[Mark, ...]
    lines: Mapping[int, tuple[str, int]]  # file and line of each instruction's address
    lock_kind: str = LOCK_KINDS[0]  # of all spin locks
    preempt: str = PREEMPT_DEFAULT  # kind of kernel preemption
    fixups: Mapping[int, int] = field(default_factory=dict)  # instructions that may fault, and where each goes on then
    _starts: tuple[int, ...] = field(default=(), repr=False)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """Everything to be loaded."""
        return (self.text, self.user_text, self.data)

    @property
    def user(self) -> tuple[int, int, int]:
        """Virtual address, physical address and bytes of the user text."""
        return self.user_text.virtual, self.user_text.physical, len(self.user_text.data)

    def routine_at(self, address: int) -> Routine | None:
        """The routine that covers a virtual address."""
        at = bisect_right(self._starts, address) - 1
        if at >= 0 and address < self.routines[at].address + self.routines[at].size:
            return self.routines[at]
        return None

    def symbol_at(self, address: int) -> tuple[str, int] | None:
        """Routine and offset of a virtual address."""
        routine = self.routine_at(address)
        return None if routine is None else (routine.name, address - routine.address)

    def loads(self, routine: str, name: str) -> list[int]:
        """Addresses of the loads of a routine that are annotated with a name."""
        return [
            mark.address
            for mark in self.marks
            if mark.kind == "load" and mark.name == name and (self.symbol_at(mark.address) or ("", 0))[0] == routine
        ]

    def points(self) -> tuple[str, ...]:
        """Names of the points where a run can be stalled."""
        return tuple(sorted({mark.name for mark in self.marks if mark.kind == "point"}))


_NOTHING = Segment("nothing", 0, 0, b"")
# Of a guest whose text nobody has assembled: a real kernel.
EMPTY_IMAGE = Image("", _NOTHING, _NOTHING, _NOTHING, (), {}, {}, {}, (), {})
