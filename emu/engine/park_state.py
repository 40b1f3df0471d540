"""Is a core as it was an iteration ago, and how is it after many more? The pipeline, the predictor, the instructions between."""

from emu.engine.account import index_of
from emu.engine.park_records import ALLOWED, BODY_MAX, CORE_WORDS, IS_APART
from emu.engine.records import HISTORY, I64, INSTRUCTION, LOADS, ORDERED, PAUSE, U8
from emu.native import array_at, mix, njit
from emu.timing.branch import CONDITIONAL, JUMP, NONE, PREDICTOR
from emu.timing.pipeline import REGISTERS, RING, TICKS

GENERAL = len(REGISTERS) - 3  # the numbers of registers up to here are the general ones and the flags


@njit
def ahead(time, clock):  # type: ignore[no-untyped-def]
    """How far a time lies ahead; all that have passed are alike."""
    return max(time - clock, 0)


@njit
def same_pipeline(before, then, after, now):  # type: ignore[no-untyped-def]
    """Whether a pipeline at `now` does whatever comes as one at `then` did."""
    same = before.cycle - then == after.cycle - now and before.slots == after.slots
    same = same and before.redirected_at - then == after.redirected_at - now and before.waiting == after.waiting
    for register in range(len(before.ready)):
        same = same and ahead(before.ready[register], then) == ahead(after.ready[register], now)
    for unit in range(len(before.free)):
        same = same and ahead(before.free[unit], then * TICKS) == ahead(after.free[unit], now * TICKS)
    for place in range(before.waiting):
        one, other = before.starts[(before.first + place) & (RING - 1)], after.starts[(after.first + place) & (RING - 1)]
        same = same and ahead(one, then) == ahead(other, now)
    for back in range(1, before.reorder_buffer + 1):
        one, other = before.retires[(before.dispatched - back) & (RING - 1)], after.retires[(after.dispatched - back) & (RING - 1)]
        same = same and ahead(one, then) == ahead(other, now)
    for back in range(1, before.load_queue + 1):
        one, other = before.loads[(before.loaded - back) & (RING - 1)], after.loads[(after.loaded - back) & (RING - 1)]
        same = same and ahead(one, then) == ahead(other, now)
    return same


@njit
def move_ring(ring, spare, first, count, places, cycles):  # type: ignore[no-untyped-def]
    """Entries of a ring go so many places on, and are so much later."""
    for each in range(first, first + count):
        spare[(each + places) & (RING - 1)] = ring[each & (RING - 1)] + cycles
    for each in range(first + places, first + places + count):
        ring[each & (RING - 1)] = spare[each & (RING - 1)]


@njit
def shift_pipeline(before, after, times, cycles):  # type: ignore[no-untyped-def]
    """The pipeline `after` an iteration, `cycles` long and `before` which it stood so, goes through so many more."""
    later = times * cycles
    macro_ops, starts, loads = after.dispatched - before.dispatched, after.first - before.first, after.loaded - before.loaded
    oldest = after.dispatched - after.reorder_buffer
    move_ring(after.retires, before.retires, oldest, after.reorder_buffer, times * macro_ops, later)
    move_ring(after.starts, before.starts, after.first, after.waiting, times * starts, later)
    move_ring(after.loads, before.loads, after.loaded - after.load_queue, after.load_queue, times * loads, later)
    after.dispatched += times * macro_ops
    after.first += times * starts
    after.loaded += times * loads
    after.cycle += later
    after.redirected_at += times * (after.redirected_at - before.redirected_at)
    for register in range(len(after.ready)):
        after.ready[register] += times * (after.ready[register] - before.ready[register])
    for unit in range(len(after.free)):
        after.free[unit] += times * (after.free[unit] - before.free[unit])


@njit
def general_only(registers):  # type: ignore[no-untyped-def]
    """Whether a list of registers, numbers in bytes, has general registers and flags alone: those are compared."""
    while registers != 0:
        if registers & 0xFF > GENERAL:
            return False
        registers >>= 8
    return True


@njit
def take_body(machine, core, park):  # type: ignore[no-untyped-def]
    """Take down the instructions since the last visit; False if one of them could do more than wait."""
    body, count = park.body, core.history_count
    if body < 1 or body > BODY_MAX or core.history[(count - 1 - body) % HISTORY] != core.pc:
        return False
    park.pauses = 0
    for place in range(body - 1, -1, -1):
        pc = core.history[(count - 1 - body + place) % HISTORY]
        index = index_of(machine, core, pc)
        if index < 0:
            return False
        instruction = array_at(machine.instructions, index + 1, INSTRUCTION)[index]
        loads = instruction.traits & (LOADS | ORDERED)
        if instruction.traits & ~ALLOWED or (loads != 0) != (place == 0) or not general_only(instruction.writes):
            return False
        if instruction.branch not in (NONE, CONDITIONAL, JUMP):
            return False
        park.pcs[place] = pc
        park.retired[place] = core.retired[(count - 1 - body + place) % HISTORY]
        park.pauses += 1 if instruction.traits & PAUSE else 0
    return True


@njit
def counters_are_saturated(machine, core, park):  # type: ignore[no-untyped-def]
    """Whether one more iteration leaves the predictor as it is."""
    predictor = array_at(core.predictor, 1, PREDICTOR)[0]
    counters = array_at(predictor.counters, predictor.counter_count, U8)
    history = predictor.history
    for place in range(park.body):
        pc = park.pcs[place]
        index = index_of(machine, core, pc)
        instruction = array_at(machine.instructions, index + 1, INSTRUCTION)[index]
        if instruction.branch == CONDITIONAL:
            taken = park.pcs[(place + 1) % park.body] != pc + instruction.length
            slot = ((pc >> 1) ^ (history << 4)) & (predictor.counter_count - 1)
            if counters[slot] != (3 if taken else 0):
                return False
            history = ((history << 1) | (1 if taken else 0)) & predictor.history_mask
    return history == predictor.history


@njit
def replay_digest(park, digest, seen, first, times, cycles):  # type: ignore[no-untyped-def]
    """The digest after `times` iterations, of which the first is the one `first` after the last that was carried out."""
    for iteration in range(first, first + times):
        digest = mix(digest, seen)
        for place in range(park.body):
            digest = mix(mix(digest, park.pcs[place]), park.retired[place] + iteration * cycles)
    return digest


@njit
def same_change(park, before, after):  # type: ignore[no-untyped-def]
    """Note what an iteration changes in a core's words; whether that is what the one before it has changed."""
    same = True
    for word in range(CORE_WORDS):
        if IS_APART[word] == 0:
            change = after[word] - before[word]
            same = same and change == park.change[word]
            park.change[word] = change
    return same


@njit
def repeat_history(core, park, times, cycles):  # type: ignore[no-untyped-def]
    """The last instructions of a core that has gone through so many iterations, of so many cycles, and has counted them."""
    for back in range(min(HISTORY, times * park.body)):
        slot = (core.history_count - 1 - back) % HISTORY
        place = (park.body - back % park.body) % park.body
        core.history[slot] = park.pcs[place]
        core.retired[slot] = park.retired[place] + (times - (back - 1) // park.body) * cycles


@njit
def loads_until(core, at, period):  # type: ignore[no-untyped-def]
    """How many of the loads, of which the first is made at the core's clock, come before a time."""
    return I64(0) if core.clock >= at else (at - core.clock + period - 1) // period
