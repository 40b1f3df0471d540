"""From a cycle to its events: which location each touches, in which order its stores take effect, and so what is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from emu.diy.cycle import Cycle
from emu.diy.edge import WORD, Access, Edge
from emu.errors import UserError

LOCATIONS = ("x", "y", "z", *"abcdefghijklmnopqrstuvw")


@dataclass(slots=True)
class Event:
    """A load or a store. `value` is what it reads or writes when the cycle happens, `rank` the last store it sees or is."""

    direction: str
    thread: int
    location: str
    access: Access
    before: Edge  # the edge that leads here
    after: Edge  # the edge that leaves
    value: int = 0
    rank: int = 0

    @property
    def part(self) -> tuple[int, int]:
        """Bytes of the location."""
        return self.access.offset, self.access.size


@dataclass(frozen=True, slots=True)
class Plan:
    """The events of a cycle by thread, in program order; the last value of each location; what observers have to read.

    `observed` has, for each location where final values leave the order of its stores open, the values to be seen in turn.
    """

    threads: tuple[tuple[Event, ...], ...]
    finals: dict[str, int]
    stores: dict[str, int]
    observed: dict[str, tuple[int, ...]]
    mixed: bool


def plan(cycle: Cycle) -> Plan:
    """Place the events of a cycle; raises `UserError` where no final condition could say that the cycle happened."""
    events = _events(cycle)
    mixed = {event.location for event in events if event.access.size < WORD}
    stretches = _stretches(events)
    finals = {stretch[0].location: _put_values(stretch, stretch[0].location in mixed) for stretch in stretches}
    threads = tuple(tuple(event for event in events if event.thread == thread) for thread in range(len(cycle.threads)))
    stores, observed = {}, {}
    for stretch in sorted(stretches, key=lambda stretch: LOCATIONS.index(stretch[0].location)):
        location = stretch[0].location
        stores[location] = sum(event.direction == "W" for event in stretch)
        _refuse_open_order(cycle, location, stretch, stores[location], location in mixed)
        open_order = _open_order(threads, location, stores[location])
        if open_order:
            observed[location] = open_order
    return Plan(threads, {name: finals[name] for name in stores}, stores, observed, bool(mixed))


def _events(cycle: Cycle) -> list[Event]:
    """In the order of the cycle, each location named when it first turns up."""
    changes = sum(not edge.same for edge in cycle.edges)
    events: list[Event] = []
    thread = location = 0
    for number, edge in enumerate(cycle.edges):
        name = LOCATIONS[location % max(changes, 1)]
        events.append(Event(edge.source, thread, name, edge.first, cycle.edges[number - 1], edge))
        thread += edge.external
        location += not edge.same
    return events


def _stretches(events: Sequence[Event]) -> list[list[Event]]:
    """The events of each location in the order in which they follow each other in memory."""
    if all(event.before.same for event in events):  # one location: the cycle is cut at its last edge of program order
        cut = max(number for number, event in enumerate(events) if event.before.program_order)
        return [[*events[cut:], *events[:cut]]]
    first = next(number for number, event in enumerate(events) if not event.before.same)
    stretches: list[list[Event]] = []
    for event in (*events[first:], *events[:first]):
        if not event.before.same:
            stretches.append([])
        stretches[-1].append(event)
    return stretches


def _put_values(stretch: Sequence[Event], mixed: bool) -> int:
    """Stores write 1, 2, 3..., in each byte where sizes are mixed; loads read what is there then. Returns what is there last."""
    now = rank = 0
    for event in stretch:
        offset, size = event.part
        mask = (1 << 8 * size) - 1
        if event.direction == "W":
            rank += 1
            event.value = (rank * 0x01010101 if mixed else rank) & mask
            now = now & ~(mask << 8 * offset) | event.value << 8 * offset
        else:
            event.value = now >> 8 * offset & mask
        event.rank = rank
    return now


def _refuse_open_order(cycle: Cycle, location: str, stretch: Sequence[Event], stores: int, mixed: bool) -> None:
    """What no condition of ours can tell."""
    increments = [event for event in stretch if event.after.instruction == "inc"]
    if mixed and (stores > 2 or increments):
        what = "Rmw.Inc" if increments else f"{stores} stores"
        raise UserError(f'no test for "{cycle}": {what} and accesses of several sizes at one location cannot be told apart')
    if increments and (stores > 2 or len(increments) > 1):
        raise UserError(
            f'no test for "{cycle}": Rmw.Inc shares {location} with {stores - 1} other stores, and what it writes does not tell '
            "when it came: use Rmw or Rmw.Xadd"
        )


def _open_order(threads: Sequence[Sequence[Event]], location: str, stores: int) -> tuple[int, ...]:
    """The values that one observer must see in turn to pin the order of the stores; nothing if all is pinned.

    The final value pins the last store. Within a thread, a store or a load of one value comes before what the thread writes or
    reads of another one later: that is coherence, which every x86 machine keeps.
    """
    pinned = {
        (one.rank, other.rank)
        for events in threads
        for number, one in enumerate(events)
        for other in events[number + 1 :]
        if one.location == other.location == location and one.rank <= other.rank
    }
    open_pairs = [pair for pair in pairwise(range(1, stores)) if not _reaches(pinned, *pair)]
    return tuple(sorted({rank for pair in open_pairs for rank in pair}))


def _reaches(pairs: set[tuple[int, int]], start: int, goal: int) -> bool:
    reached = {start}
    while more := {after for before, after in pairs if before in reached} - reached:
        reached |= more
    return goal in reached
