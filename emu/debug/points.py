"""Break- and watchpoints: by the addresses that a debugger says, and as the machine knows them."""

from collections.abc import Iterator
from dataclasses import dataclass

from emu.boot.hot.looks import ON_ACCESS, ON_CHANGE, ON_READ, ON_TRANSFER, PLACES_MAX, WATCHES_MAX
from emu.boot.looks import Access, Watch
from emu.debug.debugged import Debugged

SOFTWARE, HARDWARE, WRITES, READS, ACCESSES = range(5)  # kinds of Z packets
LINE = 5  # and of `monitor line`
KINDS = {WRITES: ON_CHANGE, READS: ON_READ, ACCESSES: ON_ACCESS, LINE: ON_TRANSFER}
PAGE, LINE_BYTES = 4096, 64


class NotMapped(Exception):
    """Occurs when memory that is to be watched is not there."""


class TooMany(Exception):
    """Occurs when there is room for no more."""


@dataclass(frozen=True, slots=True)
class Point:
    """One of them."""

    kind: int
    address: int  # virtual
    size: int


class Points:
    """Those that are set. What is watched is physical memory, found by the page tables of the core that was asked."""

    def __init__(self, target: Debugged) -> None:
        """None."""
        self._target = target
        self._places: dict[Point, None] = {}
        self._watches: dict[Point, list[Watch]] = {}

    def insert(self, point: Point, core: int) -> None:
        """Set one; one that is there already stays."""
        if point.kind in KINDS:
            self._watches[point] = self._watches.get(point) or list(self._found(point, core))
        else:
            self._places[point] = None
        if len(self._places) > PLACES_MAX or sum(map(len, self._watches.values())) > WATCHES_MAX:
            self.remove(point)
            raise TooMany
        self._tell()

    def remove(self, point: Point) -> None:
        """Take one away, if it is there."""
        self._places.pop(point, None)
        self._watches.pop(point, None)
        self._tell()

    def lines(self) -> list[Point]:
        """Cache lines that are watched."""
        return [point for point in self._watches if point.kind == LINE]

    def at(self, address: int) -> Point | None:
        """The breakpoint at a virtual address."""
        return next((point for point in self._places if point.address == address), None)

    def of(self, access: Access) -> Point:
        """What an access is of."""
        owners = [point for point, watches in self._watches.items() for _ in watches]
        return owners[access.watch]

    def _tell(self) -> None:
        self._target.places = list({point.address: None for point in self._places})
        self._target.watches = [watch for watches in self._watches.values() for watch in watches]

    def _found(self, point: Point, core: int) -> Iterator[Watch]:
        """The pieces of physical memory that a point watches, one a page."""
        at, end = point.address, point.address + max(point.size, 1)
        while at < end:
            size = min(end - at, PAGE - at % PAGE)
            physical = self._target.physical(core, at)
            if physical is None:
                raise NotMapped
            yield Watch(KINDS[point.kind], physical, size)
            at += size
