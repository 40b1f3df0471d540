"""A second opinion on the oracle: x86-TSO by axioms, after Owens, Sarkar, Sewell: "A better x86 memory model", TPHOLs 2009.

It guesses for each load the store that it reads from and for each location the order of its stores, and keeps the guesses
whose order has no cycle. For tests without branches whose accesses to a location all have the same address and size.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import permutations, product

from bench.litmus.tso_cpu import Cpu, perform
from bench.litmus.tso_model import Final, Model
from bench.litmus.tso_text import Label, Op

CANDIDATES_MAX = 300


class NotForAxioms(Exception):
    """Occurs when a test is outside what the axioms are for."""


@dataclass(frozen=True)
class Event:
    thread: int
    instruction: int
    kind: str  # R or W
    place: tuple[int, int]  # address and size
    locked: bool


class _Recorder(Cpu):
    """Executes one instruction with given loads, and notes what it loads and stores."""

    def __init__(self, model: Model, local, loads: list[int]) -> None:
        super().__init__(model, b"", local, direct=False)
        self.loads = loads
        self.accesses: list[tuple[str, tuple[int, int], int]] = []

    def load(self, address: int, size: int) -> int:
        value = self.loads.pop(0) if self.loads else 0
        self.accesses.append(("R", (address, size), value))
        return value

    def store(self, address: int, size: int, value: int) -> None:
        self.accesses.append(("W", (address, size), value & (1 << 8 * size) - 1))


def axiomatic_finals(model: Model) -> set[Final]:
    """The final states that the axioms allow; raises NotForAxioms."""
    code = model.text.code
    if any(op.rep or any(isinstance(each, Label) for each in op.operands) for ops in code for op in ops):
        raise NotForAxioms("branches or strings")
    events = [event for thread in range(len(code)) for event in _run(model, thread, [])[0]]
    places = {event.place for event in events}
    if any(one != other and one[0] < other[0] + other[1] and other[0] < one[0] + one[1] for one in places for other in places):
        raise NotForAxioms("several sizes at one location")
    if any(address not in model.layout.indices for address, _ in places):
        raise NotForAxioms("addresses out of memory")
    return set(_allowed(model, events, sorted(places)))


def _run(model: Model, thread: int, loads: list[int]) -> tuple[list[Event], list[int], tuple[int, ...]]:
    """Carry out a thread with these loads: its events, the value of each, its registers at the end."""
    local = model.first()[1][thread]
    loads = list(loads)
    events, values = [], []
    for number, op in enumerate(model.text.code[thread]):
        cpu = _Recorder(model, local, loads)
        perform(cpu, op, op.size or model.size(op), {})
        local = cpu.local()
        locked = op.lock or (op.name == "xchg" and bool(cpu.accesses))
        for kind, place, value in cpu.accesses:
            events.append(Event(thread, number, kind, place, locked))
            values.append(value)
    return events, values, local[1]


def _allowed(model: Model, events: list[Event], places: list[tuple[int, int]]) -> Iterator[Final]:
    loads = [number for number, event in enumerate(events) if event.kind == "R"]
    stores = {place: [number for number, each in enumerate(events) if each.kind == "W" and each.place == place] for place in places}
    choices = [[-1, *stores[events[load].place]] for load in loads]
    orders = [list(permutations(stores[place])) for place in places]
    count = 1
    for each in (*choices, *orders):
        count *= len(each)
    if count > CANDIDATES_MAX:
        raise NotForAxioms("too many candidates")
    program_order = _program_order(events)
    kept = _kept(events, program_order, model.text.code, model.buffered)
    for sources in product(*choices):
        reads = dict(zip(loads, sources, strict=True))
        for chosen in product(*orders):
            coherence = dict(zip(places, chosen, strict=True))
            if _consistent(events, reads, coherence, program_order, kept):
                yield _outcome(model, events, reads, coherence)


def _program_order(events: list[Event]) -> list[tuple[int, int]]:
    return [
        (one, other)
        for one, first in enumerate(events)
        for other, second in enumerate(events)
        if first.thread == second.thread and one < other
    ]


def _kept(events: list[Event], program_order: list[tuple[int, int]], code: list[list[Op]], buffered: bool) -> list[tuple[int, int]]:
    """Program order that memory keeps: all but store to later load, unless a locked event or mfence is there."""
    found = []
    for one, other in program_order:
        first, second = events[one], events[other]
        relaxed = buffered and (first.kind, second.kind) == ("W", "R") and not (first.locked or second.locked)
        between = code[first.thread][first.instruction : second.instruction]
        drains = any(op.name == "mfence" for op in between) or any(
            each.locked and each.thread == first.thread and first.instruction < each.instruction < second.instruction
            for each in events
        )
        if not relaxed or drains:
            found.append((one, other))
    return found


def _consistent(events, reads, coherence, program_order, kept) -> bool:
    follows = [pair for order in coherence.values() for pair in _pairs(order)]
    reads_from = [(source, load) for load, source in reads.items() if source >= 0]
    from_reads = []
    for load, source in reads.items():
        order = coherence[events[load].place]
        later = order[order.index(source) + 1 :] if source >= 0 else order
        from_reads += [(load, store) for store in later]
        own = load + 1  # the store of the same locked instruction comes right behind its load, in the list and in memory
        if events[load].locked and later[:1] != (own,):
            return False
    same_place = [(one, other) for one, other in program_order if events[one].place == events[other].place]
    if _cyclic([*same_place, *reads_from, *from_reads, *follows]):
        return False
    external = [(one, other) for one, other in reads_from if events[one].thread != events[other].thread]
    locked = [(load, load + 1) for load in reads if events[load].locked]
    return not _cyclic([*kept, *external, *from_reads, *follows, *locked])


def _pairs(order: Iterable[int]) -> Iterator[tuple[int, int]]:
    order = list(order)
    return ((one, other) for number, one in enumerate(order) for other in order[number + 1 :])


def _cyclic(pairs: list[tuple[int, int]]) -> bool:
    after: dict[int, set[int]] = {}
    for one, other in pairs:
        after.setdefault(one, set()).add(other)
    while True:
        ends = {one for one in after if not any(other in after for other in after[one])}
        if not ends:
            return bool(after)
        for one in ends:
            del after[one]


def _outcome(model: Model, events: list[Event], reads: dict[int, int], coherence: dict) -> Final:
    """The final state of a consistent guess; values settle, as no load reads what depends on itself."""
    start = model.memory
    values = [0] * len(events)
    for _ in range(len(events) + 1):
        loaded = {
            load: values[source] if source >= 0 else model.layout.read(start, *events[load].place) for load, source in reads.items()
        }
        fresh: list[int] = []
        registers = []
        for thread in range(len(model.text.code)):
            own = [loaded[number] for number in loaded if events[number].thread == thread]
            _, got, last = _run(model, thread, own)
            fresh += got
            registers.append(last)
        if fresh == values:
            break
        values = fresh
    memory = start
    for place, order in coherence.items():
        if order:
            memory = model.with_bytes(memory, place[0], values[order[-1]].to_bytes(place[1], "little"))
    return Final(memory, tuple(registers))
