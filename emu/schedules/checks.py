"""Checks: which checkers look at a search, what they know of its guest, and what one has seen in words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from emu.block import Block
from emu.engine.probes import LOGGED_EVENT
from emu.engine.records import EVENT, LOGGED
from emu.engine.text import of_register
from emu.explore.checkers import records as rec
from emu.explore.checkers.observer import observe
from emu.explore.explorer import Explorer
from emu.native import address_of, signed

CHECKERS = {rec.LEFT_FRAME: "stack-frame", rec.USE_AFTER_FREE: "use-after-free", rec.DOUBLE_FREE: "double-free"}
LOG_ROOM = 256
ALLOCATE_MARK, FREE_MARK = 0, 1  # a search has no use for the machine's own events


@dataclass(frozen=True, slots=True)
class Heap:
    """The guest's allocator: its slabs, who may touch what is free, and the instructions by which objects come and go."""

    slabs: Sequence[tuple[int, int, int, int]]  # physical address, bytes of an object, objects, where their states are noted
    routines: Sequence[tuple[int, int]]  # begin and end of each
    allocates: Sequence[tuple[int, str]]  # an instruction, and the register that holds an object when it comes to it
    frees: Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class StackOf:
    """The kernel stack of a task: where frames can lie, and where its stack pointer is kept while it does not run (physical)."""

    begins: int
    ends: int
    task: int
    saved_at: int


@dataclass(frozen=True, slots=True)
class Sections:
    """What goes round a lock: the counter that each section adds to, the lock, the routine that takes it, room for notes."""

    counter: int
    lock: range
    acquire: range
    notes: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What a checker has seen: an access of a core."""

    checker: str
    core: int
    task: int
    pc: int
    address: int
    size: int
    other: int


class Checks(Block):
    """The checkers of one search."""

    def __init__(self, explorer: Explorer) -> None:
        """None is on yet."""
        super().__init__(rec.CHECKS)
        sharing = explorer.arrays["sharing"]
        sharing["observer"], sharing["checks"] = observe.address, address_of(self.record)
        self._sharing, self._machine = sharing, explorer.machine
        self._pages = len(explorer.machine.bus.ram) >> rec.PAGE_SHIFT

    def watch_stacks(self, stacks: Sequence[StackOf], direct_map: int) -> None:
        """Look for uses of stack frames that have been left."""
        table = np.array([(each.begins, each.ends, each.task, each.saved_at) for each in stacks], rec.STACK)
        self.share("stacks", table)
        pages = self.share("stack_of_page", np.full(self._pages, -1, np.int16))
        for index, each in enumerate(stacks):
            pages[each.begins >> rec.PAGE_SHIFT : -(-each.ends >> rec.PAGE_SHIFT)] = index
        self.put(stack_count=len(stacks), direct_map=signed(direct_map))

    def watch_heap(self, heap: Heap) -> None:
        """Look for uses of what is free, and for what is freed twice."""
        self.share("slabs", np.array(list(heap.slabs), rec.OBJECTS))
        pages = self.share("slab_of_page", np.full(self._pages, -1, np.int16))
        for index, (begins, size, count, _) in enumerate(heap.slabs):
            pages[begins >> rec.PAGE_SHIFT : -(-(begins + size * count) >> rec.PAGE_SHIFT)] = index
        self.share("allocator", np.array([(signed(one), signed(end)) for one, end in heap.routines], rec.RANGE))
        self.put(slab_count=len(heap.slabs), allocator_count=len(heap.routines), free_mark=FREE_MARK)
        machine = self._machine
        log = self.keep("log", np.zeros(LOG_ROOM, LOGGED))
        machine.record["log"] = (address_of(log), LOG_ROOM, 0)
        for mark, places in ((ALLOCATE_MARK, heap.allocates), (FREE_MARK, heap.frees)):
            machine.arrays["marks.roles"][mark] = LOGGED_EVENT
            for at, register in places:
                row = machine.text.instructions[machine.text.index(at)]
                row["traits"] |= EVENT
                row["mark"], row["register"] = mark, of_register(register.lower())

    def watch_sections(self, sections: Sections | None) -> None:
        """See how many others go before a core that has asked for the lock; None: no longer."""
        self.put(counter=0 if sections is None else sections.counter)
        if sections is not None:
            for name, place in (("lock", sections.lock), ("acquire", sections.acquire)):
                self.record[name] = signed(place.start), signed(place.stop)
            self.put(notes=sections.notes)

    @property
    def overtaken(self) -> int:
        """The most that was seen since it was last put back to 0."""
        return int(self.record["overtaken"][0])

    @property
    def seen(self) -> Seen | None:
        """What was seen, as the search stands."""
        if not self._sharing["flagged"][0]:
            return None
        values = {name: int(self.record[name][0]) for name in ("core", "task", "pc", "address", "size", "other")}
        return Seen(CHECKERS[int(self.record["flag"][0])], **values)
