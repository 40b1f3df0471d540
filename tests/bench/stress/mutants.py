"""The tester must be able to fail: break the memory layer on purpose, one fault at a time, and see what it finds.

Run with NUMBA_DISABLE_JIT=1, so that replaced functions are called; prints one JSON object a fault.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from emu.memory import access, cache, coherence, processor, store_buffer
from emu.memory.moesi import Line
from emu.memory.records import BUFFER, FOR_LOCKED, FOR_STORE, NO_STORE, RING, STORE
from emu.native import array_at
from emu.stress import driver
from emu.stress import processor as stress_processor
from emu.stress.case import Shape, machine_file
from emu.stress.operations import random_case
from emu.stress.reduce import reduce_case
from emu.stress.text import parse, render

ROUND, ROUNDS = 300, 30
MACHINE = "a10-7800"
Patches = list[tuple[object, str, Callable]]


def nothing(*arguments: object) -> int:
    return 0


def entries(bus, core: int) -> list:
    buffer = array_at(bus.buffers, bus.cores, BUFFER)[core]
    stores = array_at(bus.stores, bus.cores * RING, STORE)
    return [stores[core * RING + (buffer.head + place) % RING] for place in range(buffer.count)]


def youngest_first() -> Patches:
    drain_head = store_buffer.drain_head

    def wrong(bus, core):
        oldest, youngest = entries(bus, core)[0], entries(bus, core)[-1]
        for field in ("address", "old", "new", "width", "lock"):
            first, last = getattr(oldest, field), getattr(youngest, field)
            setattr(oldest, field, last)
            setattr(youngest, field, first)
        drain_head(bus, core)

    return [(store_buffer, "drain_head", wrong)]


def no_view_for_accesses() -> Patches:
    return [(access, "take_view", nothing)]


def no_view_for_drains() -> Patches:
    return [(store_buffer, "take_view", nothing)]


def other_module_keeps_its_copy() -> Patches:
    probe = coherence.probe

    def wrong(bus, module, line, write, at):
        if not write:
            probe(bus, module, line, write, at)

    return [(coherence, "probe", wrong)]


def reader_leaves_the_owner_alone() -> Patches:
    probe = coherence.probe

    def wrong(bus, module, line, write, at):
        if write:
            probe(bus, module, line, write, at)

    return [(coherence, "probe", wrong)]


def forwards_a_stale_entry() -> Patches:
    forward = store_buffer.forward

    def wrong(bus, core, now, address, size):
        for entry in entries(bus, core):
            if entry.address == address and entry.width == size:
                store_buffer.write_ram(bus, address, size, entry.new)
                break
        return forward(bus, core, now, address, size)

    return [(access, "forward", wrong)]


def loses_the_second_half() -> Patches:
    push = store_buffer.push_store

    def wrong(bus, core, now, at, address, size, *rest):
        buffered = entries(bus, core)
        if size == 1 and address & 63 == 0 and buffered and buffered[-1].address == address - 1:
            return 0
        return push(bus, core, now, at, address, size, *rest)

    return [(access, "push_store", wrong)]


def atomic_does_not_wait() -> Patches:
    return [(driver, "stores_visible_at", nothing)]


def next_drain_is_forgotten() -> Patches:
    push = store_buffer.push_store

    def wrong(bus, *arguments):
        before = bus.next_drain
        stall = push(bus, *arguments)
        bus.next_drain = before
        return stall

    return [(access, "push_store", wrong)]


def drains_too_early() -> Patches:
    drain_due = store_buffer.drain_due

    def wrong(bus, now):
        drain_due(bus, max(now, bus.next_drain) + 1)

    return [(module, "drain_due", wrong) for module in (access, driver)]


def evicted_line_stays_in_l1() -> Patches:
    fill = cache.l2_fill

    def wrong(bus, module, line):
        drop, cache.drop_from_l1s = cache.drop_from_l1s, nothing
        fill(bus, module, line)
        cache.drop_from_l1s = drop

    return [(coherence, "l2_fill", wrong)]


def evicted_line_keeps_its_state() -> Patches:
    fill = cache.l2_fill

    def wrong(bus, module, line):
        states = cache.states_of(bus)
        before = states.copy()
        fill(bus, module, line)
        states[:] = before

    return [(coherence, "l2_fill", wrong)]


def write_does_not_own() -> Patches:
    own = coherence.own_line

    def wrong(bus, core, line, *rest):
        own(bus, core, line, *rest)
        cache.states_of(bus)[line * bus.holders + cache.place_of(bus, core).module] = Line.S

    return [(module, "own_line", wrong) for module in (access, store_buffer)]


def unlocking_is_not_recorded() -> Patches:
    drain_head = store_buffer.drain_head

    def wrong(bus, core):
        drain_head(bus, core)
        bus.released.count = 0

    return [(store_buffer, "drain_head", wrong)]


def pending_count_leaks() -> Patches:
    drain_head = store_buffer.drain_head

    def wrong(bus, core):
        line = entries(bus, core)[0].address >> 6
        drain_head(bus, core)
        array_at(bus.line.pending, bus.lines, np.uint16)[line] += 1

    return [(store_buffer, "drain_head", wrong)]


def no_view_for_walks() -> Patches:
    return [(processor, "take_view", nothing)]


def mark_leaves_own_stores_pending() -> Patches:
    def wrong(bus, core, now, address, value):
        coherence.own_line(bus, core, address >> 6, FOR_LOCKED, now, NO_STORE)
        store_buffer.write_ram(bus, address, 8, value)
        return 0

    return [(stress_processor, "walk_write", wrong)]


def mark_does_not_own() -> Patches:
    def wrong(bus, core, line, *rest):
        coherence.read_line(bus, core, line, 0)

    return [(processor, "own_line", wrong)]


def fetch_leaves_other_cores_alone() -> Patches:
    drain_own = processor.drain_own

    def wrong(bus, core):
        return drain_own(bus, core) if core == 0 else 0

    return [(processor, "drain_own", wrong)]


def code_store_goes_ahead_of_older_ones() -> Patches:
    def wrong(bus, core, now, address, size):
        for line in range(address >> 6, ((address + size - 1) >> 6) + 1):
            store_buffer.take_view(bus, core, line)
            coherence.own_line(bus, core, line, FOR_STORE, now, NO_STORE)
        return 0

    return [(stress_processor, "store_at_once", wrong)]


# What `emu stress` reduced its first find to: the load gets its first bytes from the own store, and RAM shows the view of
# core 1 in the second line.
CROSSING = """machine a10-7800
cores 2
l1 64 4
l2 2048 16
module 2
buffer 24 8
0 0 store 0x1003e 4 0xf8538153
0 1 load 0x10040 8
1 0 load 0x1003e 8
"""


def forwarded_load_forgets_its_second_line() -> Patches:
    """The fault that this tester found in `access.load`."""

    def wrong(bus, core, now, at, address, size):
        bus.met.cause = 0
        if bus.next_drain <= now:
            store_buffer.drain_due(bus, now)
        cycles = 0
        for line in range(address >> 6, ((address + size - 1) >> 6) + 1):
            if array_at(bus.line.pending, bus.lines, np.uint16)[line] > 0:
                store_buffer.take_view(bus, core, line)
                forwarded = store_buffer.forward(bus, core, now, address, size)
                if forwarded >= 0:
                    return forwarded
            cycles = max(cycles, coherence.read_line(bus, core, line, now))
        return cycles

    return [(driver, "load", wrong)]


MUTANTS = [
    youngest_first, no_view_for_accesses, no_view_for_drains, other_module_keeps_its_copy, reader_leaves_the_owner_alone,
    forwards_a_stale_entry, loses_the_second_half, atomic_does_not_wait, next_drain_is_forgotten, drains_too_early,
    evicted_line_stays_in_l1, evicted_line_keeps_its_state, write_does_not_own, unlocking_is_not_recorded, pending_count_leaks,
    no_view_for_walks, mark_leaves_own_stores_pending, mark_does_not_own, fetch_leaves_other_cores_alone,
    code_store_goes_ahead_of_older_ones,
]  # fmt: skip


@contextmanager
def applied(patches: Patches) -> Iterator[None]:
    before = [getattr(module, name) for module, name, _ in patches]
    for module, name, wrong in patches:
        setattr(module, name, wrong)
    yield
    for (module, name, _), function in zip(patches, before, strict=True):
        setattr(module, name, function)


def hunt(patches: Patches) -> dict[str, object]:
    """Test round after round until one fails; then reduce, and replay with the fault and without."""
    own = Shape.of(machine_file(MACHINE))
    queues = {"shape": replace(own, cores_per_module=1, requests=1), "cores": 6, "layout_name": "hot", "lines": 2}
    evictions = {"shape": replace(own, l1=(2, 2), l2=(4, 2)), "cores": 3, "layout_name": "mixed", "lines": 9}
    frames = {"shape": own, "cores": 4, "layout_name": "l1-set", "lines": 4}  # each line in one of its own
    with applied(patches):
        for index in range(ROUNDS):
            case = random_case(MACHINE, **(evictions, queues, frames)[index % 3], count=ROUND, seed=(5, index))
            outcome = case.run(check_every=16)
            if outcome.violation is not None:
                break
        else:
            return {"found": None}
        small, violation = reduce_case(case, tries=500)
        text = render(small, violation)
        again = parse(text, "case").run().violation
    return {
        "found": index * ROUND + outcome.counts["operations"],
        "operations": len(small.operations),
        "words": violation.words(small.operations),
        "same": again == violation,
        "mended": parse(text, "case").run().violation is None,
        "text": text,
    }


def plain_round() -> dict[str, int]:
    """One round of the sound layer: must count the same as compiled code does."""
    shape = replace(Shape.of(machine_file(MACHINE)), l1=(2, 2), l2=(4, 2))
    outcome = random_case(MACHINE, shape, cores=5, layout_name="mixed", lines=None, count=800, seed=(3, 0)).run(check_every=32)
    assert outcome.violation is None
    return dict(outcome.counts)


if __name__ == "__main__":
    for mutant in MUTANTS:
        if len(sys.argv) == 1 or mutant.__name__ in sys.argv:
            print(json.dumps({"name": mutant.__name__, **hunt(mutant())}), flush=True)
    print(json.dumps({"name": "plain_round", **plain_round()}))
    with applied(forwarded_load_forgets_its_second_line()):
        case = parse(CROSSING, "case")
        violation = case.run().violation
        print(json.dumps({"name": "crossing", "words": violation and violation.words(case.operations)}))
