"""Explorer: takes a machine through every state that its cores can reach, and says where they can end."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from emu.block import Block
from emu.engine import records
from emu.engine.machine import Machine
from emu.engine.records import CORE, RUNNING
from emu.engine.sharing import SHARING
from emu.errors import GuestFault, LimitReached, UserError
from emu.explore import records as rec
from emu.explore.components import NONE
from emu.explore.growth import estimate
from emu.explore.search import resume, rewind, start
from emu.explore.state import STATE_WORDS, rehash
from emu.explore.transition import HALT, LOCAL_MAX, NOWHERE
from emu.memory.records import CHANGE, RING
from emu.native import MASK64, NEVER, address_of, signed

MODELS = ("tso", "sc")
EXCEPTIONS = {0: "#DE", 1: "#DB", 3: "#BP", 6: "#UD", 12: "#SS", 13: "#GP", 14: "#PF", 17: "#AC", 19: "#XF"}
SUFFIX = {rec.STEP: "", rec.DRAIN: "d", rec.INTERRUPT: "i"}
MEMORY = records.LOADS | records.STORES
ORDERED_BY_ITSELF = records.SPECIAL | records.IF_CHANGE | records.STI
FIRST_TABLE = 1 << 12
SLICE_TRANSITIONS = 200_000

Outcome = tuple[int, ...]
Endless = tuple[tuple[int, str], ...]  # each core that will never be done, and what it does instead:
WAITS = "waits"  # goes round in a loop that touches memory
RUNS = "runs"  # goes round in a loop that does not: nobody could end it
STANDS = "stands"  # does nothing any more


class BoundReached(LimitReached):
    """Occurs when a search passes one of its bounds: what it has found is not everything."""

    exit_code = UserError.exit_code


class ScheduleFault(GuestFault):
    """Occurs when a core faults in a search."""

    def __init__(self, message: str, schedule: str) -> None:
        """Say after which schedule."""
        super().__init__(message)
        self.schedule = schedule


class AccessFlagged(ScheduleFault):
    """Occurs when a checker finds an access wrong."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far a search may go: states visited, transitions on one path."""

    states: int = 2_000_000
    depth: int = 4_096


@dataclass(slots=True)
class Exploration:
    """What a search found. A schedule is its transitions in order: `1` core 1 executes, `1d` drains, `1i` is interrupted."""

    outcomes: dict[Outcome, str] = field(default_factory=dict)  # each with the first schedule that led to it
    endless: dict[Endless, str] = field(default_factory=dict)  # each with the shortest schedule met that leads there
    states: int = 0
    transitions: int = 0
    deepest: int = 0


@dataclass(frozen=True, slots=True)
class Rules:
    """What counts as a transition."""

    model: str = "tso"
    reduced: bool = False  # leave out what no other core can tell: the same outcomes from fewer states
    devices: bool = False  # interrupts and HLT take part
    rests: bool = False  # wherever nobody can go on any more is an end, too
    vectors: bool = False  # vector registers are part of a state


def at_address(core: int, pc: int) -> str:
    """A core's place without any knowledge of its program."""
    return f"core {core} at {pc:#x}"


class Explorer(Block):
    """A search over the first cores of a machine, from where they are; each is done at its address in `ends`."""

    def __init__(
        self,
        machine: Machine,
        ends: Sequence[int],
        rules: Rules,
        bounds: Bounds,
        place: Callable[[int, int], str] = at_address,
        told: Sequence[tuple[int, int]] | None = None,
    ) -> None:
        """Take the machine over: its store buffers must be empty, and no store drains by itself from now on.

        `place` says in words where a core with a pc is, for complaints. `told` are two physical addresses a task (without devices:
        a core): it is done at its end once the words there are equal; 0: whenever it is there.
        """
        super().__init__(rec.SEARCH)
        self.machine, self.rules, self.bounds, self._place = machine, rules, bounds, place
        self.count = len(ends)
        self.put(machine=address_of(machine.record), core_count=self.count, sequential=rules.model == "sc")
        self.put(reduced=rules.reduced, devices=rules.devices, rests=rules.rests, states_max=bounds.states, depth_max=bounds.depth)
        self.put(vectors=rules.vectors)
        self.share("ends", np.array([signed(end) for end in ends], np.int64))
        self.share("told", np.array(told if told is not None else [(0, 0)] * self.count, np.int64))
        self._make_room()
        self._take_over()

    def _make_room(self) -> None:
        words, frames = STATE_WORDS, self.bounds.depth + 1
        self.share("frames", np.zeros(frames, rec.FRAME))
        self.share("saved", np.zeros(frames * words, np.int64))
        self.share("now", np.zeros(self.count * words, np.int64))
        self.share("pending", np.zeros(self.count, rec.PENDING))
        self.share("hashes", np.zeros(2 * self.count, np.int64))
        self.share("hashes_saved", np.zeros(frames * 2 * self.count, np.int64))
        self.share("growth", np.zeros(rec.SIZES, rec.GROWTH))
        self.share("trial_cores", np.zeros(self.count if self.rules.devices else 0, CORE))
        self.share("cores_saved", np.zeros(frames * self.count if self.rules.devices else 0, CORE))
        self._new_table(FIRST_TABLE)

    def _new_table(self, capacity: int) -> None:
        self.share("visited", np.zeros(capacity, rec.VISIT))
        self.share("links", np.zeros(capacity, np.int32))
        self.put(visited_capacity=capacity)

    def _take_over(self) -> None:
        """Let time stand still in the machine, keep a journal, watch who shares what."""
        bus = self.machine.bus
        self.make_journal(8 * self.bounds.depth + 1024)
        bus.put(first_drain=NEVER)
        self.put(buffer_depth=bus.description.store_buffer.depth.value)
        bus.put(buffer_depth=RING)  # no store waits for room: one for which there is none is not executed
        self.machine.record["untimed"] = 1
        self.machine.record["parking"]["parks"] = 0
        if self.rules.reduced:
            words = len(bus.ram) // 8
            sharing = self.keep("sharing", np.zeros(1, SHARING))
            sharing["words"] = words
            for name in ("reader", "writer", "shared"):
                sharing[name] = address_of(self.keep(name, np.zeros(words, np.uint8)))

    def make_journal(self, room: int) -> None:
        """Keep a journal of so many changes."""
        journal = self.keep("journal", np.zeros(room, CHANGE))
        self.machine.bus.record["journal"] = (address_of(journal), 0, room)

    @contextmanager
    def attached(self) -> Iterator[None]:
        """The machine says what it touches, and a core runs through all that nobody else is known to touch."""
        if not self.rules.reduced:
            yield
            return
        traits = self.machine.text.instructions["traits"]
        before = traits.copy()
        plain = (traits & MEMORY != 0) & (traits & ORDERED_BY_ITSELF == 0)
        traits[plain] &= ~records.ORDERED
        traits[[self.machine.text.index(int(end) & MASK64) for end in self.arrays["ends"]]] |= records.ORDERED
        self.machine.record["sharing"] = address_of(self.arrays["sharing"])
        try:
            yield
        finally:
            self.machine.record["sharing"] = 0
            traits[:] = before

    def register(self, core: int, name: str) -> int:
        """Value of a core's register where the search stands."""
        return self.machine.unicorns[core].register(name)

    def memory(self, address: int, size: int) -> int:
        """Unsigned value of physical bytes where the search stands; only when nothing is left to drain is it everyone's."""
        return int.from_bytes(self.machine.bus.ram[address : address + size].tobytes(), "little")

    def run(self, observe: Callable[[], Outcome], progress: Callable[[int], None] = lambda states: None) -> Exploration:
        """Visit every state; `observe` reads the outcome at each end. The machine is back where it was afterwards."""
        with self.attached(), self.going_back():
            return self.search(observe, progress)

    def search(self, observe: Callable[[], Outcome], progress: Callable[[int], None] = lambda states: None) -> Exploration:
        """The same inside `attached` and `going_back`: what is known to be shared stays known."""
        found = Exploration()
        outcome = self._begin()
        while outcome != rec.DONE:
            self._note(outcome, observe, found, progress)
            outcome = self._begin() if outcome == rec.SHARED else resume(address_of(self.record))
        for name in ("states", "transitions", "deepest"):
            setattr(found, name, int(self.record[name][0]))
        return found

    @contextmanager
    def going_back(self) -> Iterator[None]:
        """The machine is where it was afterwards."""
        machine = self.machine
        self._begun = [(unicorn.save(), core.copy()) for unicorn, core in zip(machine.unicorns, machine.cores, strict=True)]
        try:
            yield
        finally:
            self.go_back()

    def go_back(self) -> None:
        """To where everything began."""
        rewind(address_of(self.record))
        for index, (context, core) in enumerate(self._begun):
            self.machine.unicorns[index].restore(context)
            self.machine.cores[index] = core

    def _begin(self) -> int:
        """Begin, or begin again knowing of more that is shared."""
        self.go_back()
        self.arrays["visited"][:] = 0
        self.arrays["frames"][0] = self.arrays["growth"][:] = 0
        self.record["memory_hash"] = 0
        self.put(states=0, transitions=0, deepest=0, newest_open=NONE, slice_end=SLICE_TRANSITIONS)
        if self.rules.reduced:
            self.arrays["sharing"]["found"] = self.arrays["sharing"]["flagged"] = 0
        return start(address_of(self.record))

    def _note(self, outcome: int, observe: Callable[[], Outcome], found: Exploration, progress: Callable[[int], None]) -> None:
        states = int(self.record["states"][0])
        if outcome == rec.NOTHING:
            return
        if outcome == rec.FOUND:
            found.outcomes.setdefault(observe(), self.schedule())
        elif outcome == rec.FOR_EVER:
            self._note_endless(found.endless)
        elif outcome == rec.GROW:
            self.grow()
        elif outcome == rec.SHARED:
            found.outcomes.clear()
            found.endless.clear()
        elif outcome == rec.SLICE:
            self.put(slice_end=int(self.record["transitions"][0]) + SLICE_TRANSITIONS)
            progress(states)
        else:
            self._give_up(outcome, states)

    def _note_endless(self, endless: dict[Endless, str]) -> None:
        """The search stands where no end can be reached any more, with the cores that are not done as they will ever be."""
        cores = self.machine.cores[: self.count]
        fates = ((index, _fate(core, end)) for index, (core, end) in enumerate(zip(cores, self.arrays["ends"], strict=True)))
        kind = tuple((index, fate) for index, fate in fates if fate)
        schedule = self.schedule()
        if kind not in endless or len(schedule) < len(endless[kind]):
            endless[kind] = schedule

    def grow(self) -> None:
        """Make room for more states."""
        visited, links = self.arrays["visited"], self.arrays["links"]
        self._new_table(4 * len(visited))
        rehash(address_of(visited), len(visited), address_of(self.arrays["visited"]), 4 * len(visited))
        self.arrays["links"][: len(links)] = links

    def _give_up(self, outcome: int, states: int) -> None:
        core = int(self.record["outcome_core"][0])
        where = self._place(core, int(self.machine.cores[core]["pc"]) & MASK64)
        if outcome == rec.STATES:
            raise BoundReached(f"more than {self.bounds.states} states: what was found so far is not everything")
        if outcome == rec.DEPTH:
            path = f"a path of more than {self.bounds.depth} transitions"
            raise BoundReached(f"{where} is on {path} after {states} states: does a loop count?")
        if outcome == rec.UNDECIDED:
            raise BoundReached(f"{where} has executed {LOCAL_MAX} instructions without touching memory: does a loop count?")
        if outcome == rec.FLAGGED:
            raise AccessFlagged(f"{where} makes an access that is wrong after the schedule {self.schedule()}", self.schedule())
        raise ScheduleFault(f"{where} faulted ({self.fault(core)}) after the schedule {self.schedule()}", self.schedule())

    def fault(self, core: int) -> str:
        """The fault of a core in a few words."""
        return describe(self.machine.cores[core]["fault"])

    def to_come(self) -> int:
        """How many states a search has not met yet, by a guess from what it has done: early ones are often ten times too low."""
        path = self.arrays["frames"][: int(self.record["depth"][0]) + 1]
        states = int(self.record["states"][0])
        return round(estimate(path, states, self.arrays["growth"])) - states

    def schedule(self) -> str:
        """The transitions from the beginning to where the search stands."""
        path = self.arrays["frames"][1 : int(self.record["depth"][0]) + 1]
        return " ".join(f"{frame['core']}{SUFFIX[int(frame['kind'])]}" for frame in path)


def _fate(core: np.void, end: int) -> str:
    """What a core does for ever where no end can be reached; nothing if it has come to its own."""
    if core["status"] != RUNNING or core["pc"] == HALT:
        return STANDS
    if core["pc"] == NOWHERE:
        return RUNS
    return WAITS if core["pc"] != end else ""


def describe(fault: np.void) -> str:
    """A fault in a few words, from CORE.fault."""
    from emu.engine.records import FAULT_EXCEPTION, FAULT_FETCH, FAULT_MEMORY

    kind, number, address = (int(fault[name]) for name in ("kind", "code", "address"))
    if kind == FAULT_EXCEPTION:
        return f"exception {number}, {EXCEPTIONS[number]}" if number in EXCEPTIONS else f"exception {number}"
    if kind in (FAULT_MEMORY, FAULT_FETCH):
        return f"no memory at {address & 2**64 - 1:#x}"
    return f"engine error {number}"
