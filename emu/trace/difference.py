"""What differs between two traces, as values: by task, by lock, by routine."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from emu.trace.file import TraceFile
from emu.trace.visits import Visit

SCHEMA = "emu-trace-diff/1"


class Spent(NamedTuple):
    """What a routine, or a task, came to."""

    instructions: int
    cycles: int


class Place(NamedTuple):
    """An instruction of the path."""

    routine: str
    offset: int
    cycle: int
    core: int


@dataclass(frozen=True, slots=True)
class LockRow:
    """A lock taken or let go, as a row of the alignment; `cycles`: waited, or held."""

    lock: str  # its class
    owner: str
    taken: bool
    cycles: int


Item = Visit | LockRow


class Aligned(NamedTuple):
    """A row side by side. Marks: blank: the same; `~`: by another way; `<`, `>`: only in A, only in B; `|`: one for the other."""

    mark: str
    a: Item | None
    b: Item | None


class LetGo(NamedTuple):
    """The store that frees a lock; `behind`: the other routine that the task came from."""

    routine: str
    offset: int
    behind: str
    times: int


@dataclass(frozen=True, slots=True)
class Holding:
    """What is done under a lock on one side."""

    holds: int  # let go by this task
    held_cycles: int
    instructions: int
    let_go: tuple[LetGo, ...]  # where the other side never does


@dataclass(frozen=True, slots=True)
class LockDifference:
    """A lock under which the two sides do not do the same, with what was spent under it: in A for the first two, else in B."""

    lock: str
    a: Holding
    b: Holding
    moved_out: Mapping[str, Spent]  # under it in A, outside it in B
    gone: Mapping[str, Spent]  # under it in A, nowhere in B
    moved_in: Mapping[str, Spent]  # under it in B, outside it in A
    added: Mapping[str, Spent]  # under it in B, nowhere in A


@dataclass(frozen=True, slots=True)
class StreamDifference:
    """A task (or a core) on both sides, or on one only."""

    name: str
    a: Spent | None
    b: Spent | None
    same_path: bool = False
    same_times: bool = False
    same_for: int = 0  # instructions from the start
    parts: tuple[Place | None, Place | None] | None = None  # where the paths part, else where the times do; None: the end
    before: Place | None = None  # the instruction in front of the parting
    costs: tuple[int, int] | None = None  # of the instruction at which only the times part
    locks: tuple[LockDifference, ...] = ()  # largest difference in instructions first
    rows: tuple[tuple[Aligned, ...], ...] = ()  # groups of rows around the differences


class Side(NamedTuple):
    """One of the two traces."""

    trace: TraceFile
    hand_off: int | None
    instructions: int


@dataclass(frozen=True, slots=True)
class TraceDiff:
    """The comparison; the actors of a hand-off come before the idle tasks."""

    a: Side
    b: Side
    streams: tuple[StreamDifference, ...]
    routines: Mapping[str, tuple[Spent, Spent]]  # largest difference first

    @property
    def same_path(self) -> bool:
        """Whether every task goes the same way."""
        return all(stream.same_path for stream in self.streams)

    @property
    def same_times(self) -> bool:
        """Whether it does so in the same time."""
        return all(stream.same_times for stream in self.streams)

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "schema": SCHEMA,
            "a": _plain_side(self.a),
            "b": _plain_side(self.b),
            "same_path": self.same_path,
            "same_times": self.same_times,
            "streams": [_plain_stream(stream) for stream in self.streams],
            "routines": [{"routine": name, "a": a._asdict(), "b": b._asdict()} for name, (a, b) in self.routines.items()],
        }


def _plain_side(side: Side) -> dict[str, Any]:
    trace = side.trace
    return {
        "path": str(trace.path),
        "variant": trace.header.variant,
        "machine": trace.header.machine,
        "partial": trace.partial,
        "hand_off": side.hand_off,
        "instructions": side.instructions,
    }


def _plain_stream(stream: StreamDifference) -> dict[str, Any]:
    places = [None if place is None else place._asdict() for place in stream.parts or (None, None)]
    return {
        "name": stream.name,
        "a": None if stream.a is None else stream.a._asdict(),
        "b": None if stream.b is None else stream.b._asdict(),
        "same_path": stream.same_path,
        "same_times": stream.same_times,
        "same_for": stream.same_for,
        "parts_at": None if stream.parts is None else dict(zip("ab", places, strict=True)),
        "locks": [
            {
                "lock": each.lock,
                "a": _plain_holding(each.a),
                "b": _plain_holding(each.b),
                **{name: _plain_routines(getattr(each, name)) for name in ("moved_out", "gone", "moved_in", "added")},
            }
            for each in stream.locks
        ],
    }


def _plain_routines(spent: Mapping[str, Spent]) -> list[dict[str, Any]]:
    return [{"routine": name, **each._asdict()} for name, each in spent.items()]


def _plain_holding(holding: Holding) -> dict[str, Any]:
    return {
        "holds": holding.holds,
        "held_cycles": holding.held_cycles,
        "instructions": holding.instructions,
        "let_go": [each._asdict() for each in holding.let_go],
    }
