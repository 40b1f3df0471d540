"""Data races: two accesses of two cores to the same bytes, one of them a store, one of them plain, and nothing that orders them.

What orders is what x86 code shows: a locked instruction; a store to a word that is synchronisation, and a load of it by another
core behind that. Such words are those that locked instructions touch or that a loop waits for; other accesses are marked one by
one. Each core has a vector clock (Mattern 1989): how much of each other core's program is known to be before it. A store passes its
core's clock on when it shows, an interrupt those of who has sent one.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Container, Hashable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from emu.engine.sharing import DEVICE
from emu.explore.records import DRAIN, INTERRUPT, KINDS, STEP
from emu.isa import Instruction, Memory
from emu.isa.await_loops import await_loads
from emu.native import MASK64

CHECKER = "data-race"

Clock = dict[int, int]  # of each core: how many of its passings-on
VERBS = {False: "reads", True: "stores"}


@dataclass(frozen=True, slots=True)
class Access:
    """A plain or marked access of a schedule."""

    step: int  # from 1
    core: int
    task: int
    pc: int
    address: int
    size: int
    reads: bool
    writes: bool
    marked: bool

    @property
    def words(self) -> range:
        """The words that it touches, by number."""
        return range(self.address >> 3, ((self.address + self.size - 1) >> 3) + 1)

    def races_with(self, later: "Access") -> bool:
        """Whether the two race if nothing orders them."""
        apart = self.address >= later.address + later.size or later.address >= self.address + self.size
        return self.core != later.core and (self.writes or later.writes) and not (self.marked and later.marked) and not apart


@dataclass(frozen=True, slots=True)
class Race:
    """Two accesses that nothing orders, the earlier one first."""

    first: Access
    second: Access
    summary: str


@dataclass(frozen=True, slots=True)
class Program:
    """What the instructions of a search are, and what its words mean."""

    decoded: Mapping[int, Instruction]
    locks: Collection[int]  # addresses of the words of locks
    memory_of_locks: Container[int]  # addresses where a plain instruction that reads and writes at once may be a part of a lock
    is_marked: Callable[[int, int], bool]  # whether the access of a pc to an address is one that expects others
    where: Callable[[Access], str]  # who makes it, in words
    object_at: Callable[[int], str]


class DataRaces:
    """The races of a search's schedules."""

    def __init__(self, program: Program) -> None:
        """Nothing is known of its words yet."""
        self._program = program
        self._locked = {at for at, each in program.decoded.items() if each.locked}
        self._shows = self._locked | await_loads(program.decoded)  # instructions that show what their word is
        self._changes = {at for at, each in program.decoded.items() if each.memory == Memory.READ_MODIFY_WRITE and not each.locked}
        self._known = {at >> 3 for at in program.locks}  # words that are synchronisation

    def learn(self, choices: np.ndarray) -> None:
        """Take from a schedule of CHOICE records which words are synchronisation: a lock without waiters does not show it."""
        self._known |= {
            int(each["address"]) >> 3
            for each in choices
            if each["address"] >= 0 and int(each["agent"]) % KINDS == STEP and int(each["pc"]) & MASK64 in self._shows
        }

    def look(self, choices: np.ndarray) -> Race | None:
        """The first race of a schedule, if it has one."""
        return next(self.races(choices), None)

    def races(self, choices: np.ndarray) -> Iterator[Race]:
        """The races of a schedule; what comes behind the second access of one has no part in it."""
        walk, known = _Walk(), set(self._known)
        for step, choice in enumerate(choices, 1):
            core, kind = divmod(int(choice["agent"]), KINDS)
            address = int(choice["address"])
            if kind == INTERRUPT:
                walk.is_interrupted(core)
            elif kind == DRAIN:
                walk.shows(core, address >> 3)
            elif address == DEVICE and choice["writes"]:
                walk.tells_device(core)
            elif address >= 0:
                access = self._access(step, core, choice, known)
                yield from (Race(other, access, self._in_words(other, access)) for other in walk.meets(access))
                walk.makes(access, at_once=access.pc in self._locked)

    def _access(self, step: int, core: int, choice: np.void, known: set[int]) -> Access:
        pc, address = int(choice["pc"]) & MASK64, int(choice["address"])
        if pc in self._shows:
            known.add(address >> 3)
        changes, writes = pc in self._changes, bool(choice["writes"])
        marked = self._program.is_marked(pc, address) or pc in self._locked
        if address >> 3 in known and (not changes or address in self._program.memory_of_locks):
            marked = True
        reads = not writes or changes or pc in self._locked
        return Access(step, core, int(choice["task"]), pc, address, max(int(choice["size"]), 1), reads, writes, marked)

    def _in_words(self, first: Access, second: Access) -> str:
        what = self._program.object_at(max(first.address, second.address))
        told = (
            f"{self._program.where(each)} {VERBS[each.writes]} {'marked ' if each.marked else ''}at step {each.step}"
            for each in (second, first)
        )
        return f"{what}: {' and '.join(told)}; nothing orders the two"


class _Walk:
    """One schedule, as far as it has been walked."""

    def __init__(self) -> None:
        self._clocks: dict[int, Clock] = defaultdict(dict)
        self._passed_on: dict[int, Clock] = defaultdict(dict)  # by a word of synchronisation, to who reads it
        self._to_devices: Clock = {}
        self._hidden: dict[int, list[tuple[int, Clock]]] = defaultdict(list)  # by core: marked stores in its buffer
        self._last: dict[int, dict[Hashable, tuple[Access, int]]] = defaultdict(dict)  # by word: each core's last, and when

    def meets(self, access: Access) -> list[Access]:
        """Accesses of others before this one that race with it."""
        clock = self._clocks[access.core]
        return [
            other
            for word in access.words
            for other, when in self._last[word].values()
            if other.races_with(access) and when >= clock.get(other.core, 0)
        ]

    def makes(self, access: Access, *, at_once: bool) -> None:
        """An access is made: what it orders. `at_once`: a store shows at once."""
        core, word, clock = access.core, access.address >> 3, self._clocks[access.core]
        if access.marked and access.reads:
            _join(clock, self._passed_on[word])
        for each in access.words:
            self._last[each][core, access.address, access.size, access.writes, access.marked] = access, clock.get(core, 0)
        if access.marked and access.writes:
            passed_on = self._pass_on(core)
            if at_once:
                _join(self._passed_on[word], passed_on)
            else:
                self._hidden[core].append((word, passed_on))

    def shows(self, core: int, word: int) -> None:
        """The oldest store in a core's buffer becomes visible to the others."""
        for place, (hidden, clock) in enumerate(self._hidden[core]):
            if hidden == word:
                _join(self._passed_on[word], clock)
                del self._hidden[core][place]
                return

    def tells_device(self, core: int) -> None:
        """A core writes to its interrupt controller: it may send an interrupt."""
        _join(self._to_devices, self._pass_on(core))

    def is_interrupted(self, core: int) -> None:
        """A core takes an interrupt: from whom is not known."""
        _join(self._clocks[core], self._to_devices)

    def _pass_on(self, core: int) -> Clock:
        """A core's clock as others will know it, and its next tick."""
        clock = self._clocks[core]
        clock[core] = clock.get(core, 0) + 1
        return dict(clock)


def _join(clock: Clock, other: Clock) -> None:
    for core, when in other.items():
        clock[core] = max(clock.get(core, 0), when)
