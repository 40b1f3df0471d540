"""One schedule after the other, each from the beginning to its end: a strategy chooses among what the cores may do.

A transition is that of `emu.explore.transition`; a core that goes round without anything changing waits for a change.
"""

import numpy as np

from emu.engine.records import CORE, HALTED, MACHINE
from emu.engine.sharing import DEVICE, LOGGED_TOUCH, SHARING
from emu.explore.coverage import note_pair
from emu.explore.records import DRAIN, FAULT, INTERRUPT, KINDS, PENDING, SEARCH, STEP
from emu.explore.search import failure_of, more_is_shared
from emu.explore.state import STATE_WORDS, copy_words, hash_core, number_of, restore
from emu.explore.strategy.choose import begin_schedule, choose
from emu.explore.strategy.records import NOBODY, STRATEGY, UNKNOWN
from emu.explore.strategy.replay import is_told
from emu.explore.transition import (
    CORE_WORDS,
    FAILED,
    MOVED,
    NOWHERE,
    enabled,
    execute,
    settle,
    state_now,
)
from emu.explore.walk_records import (
    AWAIT,
    CHOICE,
    FAULTED,
    FINISHED,
    FLAGGED,
    LEARNED,
    RESTED,
    SPINS,
    TOO_LONG,
    UNDECIDED,
    UNFINISHED,
    WALK,
)
from emu.memory.access import peek
from emu.memory.records import BUFFER, BUS, RING, STORE
from emu.memory.store_buffer import read_ram
from emu.memory.undo import take_back
from emu.native import array_at, entry, njit

I64 = np.int64
PENDING_WORDS = PENDING.itemsize // 8


@njit
def begin_walk(walk, search, machine):  # type: ignore[no-untyped-def]
    """Bring every core to its first instruction that others can tell of, and keep that: every schedule begins there."""
    cores = array_at(machine.cores, machine.core_count, CORE)
    bus = array_at(machine.bus, 1, BUS)[0]
    pending = array_at(search.pending, search.core_count, PENDING)
    for index in range(search.core_count):
        search.outcome_core = index
        if not settle(search, machine, cores[index]):
            return FAULTED if failure_of(cores[index]) == FAULT else UNDECIDED
        hash_core(search, machine, cores[index])
        pending[index].address = UNKNOWN
    copy_words(walk.base_now, search.now, search.core_count * STATE_WORDS)
    copy_words(walk.base_hashes, search.hashes, 2 * search.core_count)
    copy_words(walk.base_pending, search.pending, PENDING_WORDS * search.core_count)
    if search.devices != 0:
        copy_words(walk.base_cores, machine.cores, search.core_count * CORE_WORDS)
    pcs = array_at(walk.base_pcs, search.core_count, I64)
    for index in range(search.core_count):
        pcs[index] = cores[index].pc
    walk.base_journal = bus.journal.count
    for half in range(2):
        walk.base_memory[half] = search.memory_hash[half]
    forget_touches(machine)
    walk.started = 1
    return LEARNED if more_is_shared(search, machine) else UNFINISHED


@njit
def forget_touches(machine):  # type: ignore[no-untyped-def]
    """Who has touched which word so far is known at the beginning, too."""
    array_at(machine.sharing, 1, SHARING)[0].log_count = 0


@njit
def back_to_beginning(walk, search, machine):  # type: ignore[no-untyped-def]
    """Undo a schedule."""
    bus = array_at(machine.bus, 1, BUS)[0]
    cores = array_at(machine.cores, machine.core_count, CORE)
    take_back(bus, walk.base_journal)
    machine.log.count = 0
    copy_words(search.now, walk.base_now, search.core_count * STATE_WORDS)
    copy_words(search.hashes, walk.base_hashes, 2 * search.core_count)
    copy_words(search.pending, walk.base_pending, PENDING_WORDS * search.core_count)
    if search.devices != 0:
        copy_words(machine.cores, walk.base_cores, search.core_count * CORE_WORDS)
    pcs = array_at(walk.base_pcs, search.core_count, I64)
    for index in range(search.core_count):
        restore(cores[index], state_now(search, index))
        cores[index].pc = pcs[index]
    for half in range(2):
        search.memory_hash[half] = walk.base_memory[half]
    untouch(machine)


@njit
def untouch(machine):  # type: ignore[no-untyped-def]
    """Forget who touched what in a schedule: what another one finds must not depend on it."""
    sharing = array_at(machine.sharing, 1, SHARING)[0]
    readers = array_at(sharing.reader, sharing.words, np.uint8)
    writers = array_at(sharing.writer, sharing.words, np.uint8)
    logged = array_at(sharing.log, sharing.log_room, LOGGED_TOUCH)
    for place in range(min(sharing.log_count, sharing.log_room) - 1, -1, -1):
        readers[logged[place].word] = logged[place].reader
        writers[logged[place].word] = logged[place].writer
    sharing.log_count = 0
    sharing.flagged = 0


@njit
def show_agents(walk, search, machine, strategy):  # type: ignore[no-untyped-def]
    """Say which agents may go on, and what each would do."""
    cores = array_at(machine.cores, machine.core_count, CORE)
    bus = array_at(machine.bus, 1, BUS)[0]
    buffers = array_at(bus.buffers, bus.cores, BUFFER)
    stores = array_at(bus.stores, bus.cores * RING, STORE)
    pending = array_at(search.pending, search.core_count, PENDING)
    told = is_told(strategy)
    for index in range(search.core_count):
        agent = index * KINDS
        strategy.enabled[agent + STEP] = may_go(walk, search, machine, cores[index], buffers[index].count, pending[index], told)
        strategy.address[agent + STEP] = pending[index].address
        strategy.writes[agent + STEP] = pending[index].writes
        drains = buffers[index].count > 0
        strategy.enabled[agent + DRAIN] = 1 if drains else 0
        strategy.address[agent + DRAIN] = stores[index * RING + buffers[index].head].address if drains else I64(UNKNOWN)
        strategy.writes[agent + DRAIN] = 1
        strategy.enabled[agent + INTERRUPT] = 1 if enabled(search, machine, cores[index], INTERRUPT) else 0
        strategy.address[agent + INTERRUPT] = UNKNOWN


@njit
def may_go(walk, search, machine, core, stores, pending, told):  # type: ignore[no-untyped-def]
    """Whether a core's next instruction may be chosen: it is not known to change nothing, or the schedule is `told`.

    A device hears of it after all stores.
    """
    if pending.address == DEVICE and pending.writes != 0 and stores > 0:
        return 0
    await_ = array_at(walk.awaits, search.core_count, AWAIT)[core.index]
    if not told and await_.waits != 0 and await_.memory[0] == search.memory_hash[0] and await_.memory[1] == search.memory_hash[1]:
        return 0
    return 1 if enabled(search, machine, core, STEP) else 0


@njit
def watch_for_rounds(walk, search, core):  # type: ignore[no-untyped-def]
    """A core has moved: see whether it has come to be as it was, with nothing changed (Brent's algorithm, 1980)."""
    await_ = array_at(walk.awaits, search.core_count, AWAIT)[core.index]
    hashes = array_at(search.hashes, 2 * search.core_count, I64)
    low, high = hashes[2 * core.index], hashes[2 * core.index + 1]
    same_memory = await_.memory[0] == search.memory_hash[0] and await_.memory[1] == search.memory_hash[1]
    await_.waits = 1 if same_memory and low == await_.low and high == await_.high else 0
    await_.steps += 1
    if await_.waits == 0 and (not same_memory or await_.steps >= await_.look_at):
        await_.low, await_.high = low, high
        for half in range(2):
            await_.memory[half] = search.memory_hash[half]
        await_.look_at = 2 * await_.steps


@njit
def how_it_rests(search, machine):  # type: ignore[no-untyped-def]
    """Nobody can go on: every core is at its end, or halted, or one goes round for ever."""
    cores = array_at(machine.cores, machine.core_count, CORE)
    for index in range(search.core_count):
        if cores[index].pc == NOWHERE or (cores[index].status != HALTED and enabled(search, machine, cores[index], STEP)):
            return SPINS
    return RESTED


@njit
def write_down(walk, search, bus, strategy, core, agent):  # type: ignore[no-untyped-def]
    """Write down what is about to be done."""
    choice = array_at(walk.choices, walk.choices_max, CHOICE)[walk.choice_count]
    walk.choice_count += 1
    walk.transitions += 1
    choice.agent, choice.task, choice.pc, choice.journal = agent, core.task, core.pc, bus.journal.count
    choice.address, choice.writes = strategy.address[agent], strategy.writes[agent]
    choice.size = choice.value = 0
    if choice.address < 0:
        return choice
    if agent % KINDS == DRAIN:
        entry = array_at(bus.stores, bus.cores * RING, STORE)[
            core.index * RING + array_at(bus.buffers, bus.cores, BUFFER)[core.index].head
        ]
        choice.size, choice.value = entry.width, entry.new
        return choice
    pending = array_at(search.pending, search.core_count, PENDING)[core.index]
    choice.size, choice.value = pending.size, pending.value
    if pending.size in (1, 2, 4, 8) and pending.writes == 0:
        peek(bus, core.index, 0, pending.address)
        choice.value = read_ram(bus, pending.address, pending.size)
    return choice


@njit
def write_down_what_it_did(search, choice):  # type: ignore[no-untyped-def]
    """A core that waited for its stores has said nothing before; what a locked instruction stores depends on who was faster."""
    did = search.did
    if did.address >= 0 and (choice.address < 0 or (did.writes != 0 and did.address == choice.address)):
        choice.address, choice.writes, choice.value, choice.size = did.address, did.writes, did.value, did.size


@njit
def make_schedule(walk, search, machine, strategy):  # type: ignore[no-untyped-def]
    """Make one schedule from the beginning; how it ended."""
    cores = array_at(machine.cores, machine.core_count, CORE)
    bus = array_at(machine.bus, 1, BUS)[0]
    sharing = array_at(machine.sharing, 1, SHARING)[0]
    for await_ in array_at(walk.awaits, search.core_count, AWAIT):
        await_.waits = await_.steps = await_.look_at = await_.low = await_.high = 0
    begin_schedule(strategy, walk.schedule)
    walk.choice_count = 0
    while True:
        show_agents(walk, search, machine, strategy)
        agent = choose(strategy)
        if agent == NOBODY:
            return how_it_rests(search, machine)
        if walk.choice_count == walk.choices_max or bus.journal.count >= bus.journal.capacity:
            return TOO_LONG
        core = cores[agent // KINDS]
        search.outcome_core = core.index
        choice = write_down(walk, search, bus, strategy, core, agent)
        result = execute(search, machine, core, agent % KINDS)
        if sharing.flagged != 0:
            return FLAGGED
        if result == FAILED:
            return FAULTED if failure_of(core) == FAULT else UNDECIDED
        if agent % KINDS == STEP:
            write_down_what_it_did(search, choice)
        if result == MOVED and choice.address >= 0:
            note_pair(walk, core.index, choice)
        watch_for_rounds(walk, search, core)


@njit
def make_schedules(walk, search, machine, strategy, first, last):  # type: ignore[no-untyped-def]
    """Make schedules until one ends as none has before; the machine stands there then."""
    for number in range(first, last):
        walk.schedule = number
        back_to_beginning(walk, search, machine)
        outcome = make_schedule(walk, search, machine, strategy)
        if more_is_shared(search, machine):
            return LEARNED
        if outcome != RESTED or walk.every_end != 0:
            return outcome
        if number_of(search) == search.states:
            search.states += 1
            return outcome
    return FINISHED


@entry
def begin(walk_address: int) -> int:
    """Bring the machine of the walk at a host address to its beginning."""
    walk = array_at(walk_address, 1, WALK)[0]
    search = array_at(walk.search, 1, SEARCH)[0]
    return begin_walk(walk, search, array_at(search.machine, 1, MACHINE)[0])  # type: ignore[no-any-return]


@entry
def make(walk_address: int, first: int, last: int) -> int:
    """Make schedules number `first` to `last` - 1 of the walk at a host address; one of the outcomes, FINISHED after the last."""
    walk = array_at(walk_address, 1, WALK)[0]
    search = array_at(walk.search, 1, SEARCH)[0]
    strategy = array_at(walk.strategy, 1, STRATEGY)[0]
    return make_schedules(walk, search, array_at(search.machine, 1, MACHINE)[0], strategy, first, last)  # type: ignore[no-any-return]
