"""Depth first through every state: try each transition of each core, go on where the state is new, go back where it is not.

Frame 0 stands for the beginning; the last frame's transition led to the state where the search stands.
"""

from emu.engine.records import CORE, MACHINE, STOP_FAULT
from emu.engine.sharing import SHARING
from emu.explore.components import close_states, come_back, meet_state, open_state
from emu.explore.growth import note_all, note_first
from emu.explore.records import (
    DEPTH,
    DONE,
    FAULT,
    FLAGGED,
    FOR_EVER,
    FOUND,
    FRAME,
    GROW,
    KINDS,
    NOTHING,
    SEARCH,
    SHARED,
    SLICE,
    STATES,
    UNDECIDED,
)
from emu.explore.state import hash_core, is_done, number_of
from emu.explore.transition import FAILED, REFUSED, enabled, execute, retract, save_core, settle
from emu.memory.records import BUS
from emu.memory.undo import take_back
from emu.native import array_at, entry, njit


@njit
def begin_search(search, machine):  # type: ignore[no-untyped-def]
    """Bring every core to its first instruction that touches memory: the first state."""
    cores = array_at(machine.cores, machine.core_count, CORE)
    for index in range(search.core_count):
        search.outcome_core = index
        if not settle(search, machine, cores[index]):
            return failure_of(cores[index])
        hash_core(search, machine, cores[index])
    if more_is_shared(search, machine):
        return SHARED
    first = array_at(search.frames, 1, FRAME)[0]
    first.state = number_of(search)
    search.states = 1
    open_state(search, first)
    return judge(search, machine, first)


@njit
def more_is_shared(search, machine):  # type: ignore[no-untyped-def]
    """Whether cores have touched what was not known to be shared."""
    return search.reduced != 0 and array_at(machine.sharing, 1, SHARING)[0].found != 0


@njit
def failure_of(core):  # type: ignore[no-untyped-def]
    """Why a core could not go on."""
    return FAULT if core.stop == STOP_FAULT else UNDECIDED


@njit
def next_choice(search, machine, frame):  # type: ignore[no-untyped-def]
    """The next transition to try from here as core * KINDS + kind, or -1 if all have been."""
    cores = array_at(machine.cores, machine.core_count, CORE)
    while frame.choice < search.core_count * KINDS:
        choice = frame.choice
        frame.choice += 1
        if enabled(search, machine, cores[choice // KINDS], choice % KINDS):
            frame.tried += 1
            return choice
    return -1


@njit
def advance(search, machine):  # type: ignore[no-untyped-def]
    """Search until there is something to say: `search.outcome`."""
    frames = array_at(search.frames, search.depth_max + 1, FRAME)
    cores = array_at(machine.cores, machine.core_count, CORE)
    bus = array_at(machine.bus, 1, BUS)[0]
    while True:
        choice = next_choice(search, machine, frames[search.depth])
        if choice < 0:
            note_all(search, frames[search.depth])
            if close_states(search, frames[search.depth]):
                return FOR_EVER
            if search.depth == 0:
                return DONE
            retract_last(search, machine, frames)
            come_back(search, frames[search.depth], frames[search.depth + 1])
            note_first(search, frames[search.depth])
            continue
        if search.depth == search.depth_max:
            return DEPTH
        core = cores[choice // KINDS]
        search.depth += 1
        save_core(search, machine, frames[search.depth], core, choice % KINDS)
        search.transitions += 1
        search.outcome_core = core.index
        result = execute(search, machine, core, choice % KINDS)
        if more_is_shared(search, machine):
            return SHARED
        if search.reduced != 0 and array_at(machine.sharing, 1, SHARING)[0].flagged != 0:
            return FLAGGED
        if result == FAILED:
            return failure_of(core)
        if bus.journal.count >= bus.journal.capacity:
            return DEPTH
        if result == REFUSED or not is_new(search, frames):
            retract_last(search, machine, frames)
            continue
        search.deepest = max(search.deepest, search.depth)
        frames[search.depth].choice = 0
        open_state(search, frames[search.depth])
        outcome = judge(search, machine, frames[search.depth])
        if outcome != NOTHING:
            return outcome


@njit
def is_new(search, frames):  # type: ignore[no-untyped-def]
    """Number the state that a transition led to; whether it is a new one."""
    state = number_of(search)
    frames[search.depth].state = state
    if state < search.states:
        meet_state(search, frames[search.depth - 1], state)
        return False
    search.states += 1
    return True


@njit
def retract_last(search, machine, frames):  # type: ignore[no-untyped-def]
    """Go back one transition."""
    retract(search, machine, frames[search.depth])
    search.depth -= 1


@njit
def ways_out(search, machine):  # type: ignore[no-untyped-def]
    """How many transitions lead out of the state where the search stands."""
    cores = array_at(machine.cores, machine.core_count, CORE)
    ways = 0
    for choice in range(search.core_count * KINDS):
        ways += enabled(search, machine, cores[choice // KINDS], choice % KINDS)
    return ways


@njit
def judge(search, machine, frame):  # type: ignore[no-untyped-def]
    """What there is to say of the new state."""
    frame.ways = ways_out(search, machine)
    ended = frame.ways == 0 if search.rests != 0 else is_done(search, machine)  # an interrupt may be on its way
    if ended:
        frame.leaves = 1
        return FOUND
    if search.states >= search.states_max:
        return STATES
    if 2 * search.states > search.visited_capacity:
        return GROW
    if search.transitions >= search.slice_end:
        return SLICE
    return NOTHING


@entry
def start(search_address: int) -> int:
    """Take up the search at a host address: one of the outcomes."""
    search = array_at(search_address, 1, SEARCH)[0]
    return begin_search(search, array_at(search.machine, 1, MACHINE)[0])  # type: ignore[no-any-return]


@entry
def resume(search_address: int) -> int:
    """Go on with the search at a host address: one of the outcomes."""
    search = array_at(search_address, 1, SEARCH)[0]
    return advance(search, array_at(search.machine, 1, MACHINE)[0])  # type: ignore[no-any-return]


@entry
def rewind(search_address: int) -> None:
    """Take the search at a host address back to where it began."""
    search = array_at(search_address, 1, SEARCH)[0]
    machine = array_at(search.machine, 1, MACHINE)[0]
    while search.depth > 0:
        retract_last(search, machine, array_at(search.frames, search.depth_max + 1, FRAME))
    take_back(array_at(machine.bus, 1, BUS)[0], 0)
