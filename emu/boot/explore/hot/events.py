"""What a strategy is asked: at each event, who goes on. And which cores only wait, so that others go first."""

from emu.boot.explore.hot.buffer import drain, place, stores_of
from emu.boot.explore.hot.records import (
    AGENT,
    I64,
    LAST,
    LAST_ACCESS,
    LOAD,
    LOG_ROOM,
    PAIRS,
    PASSES_TIME,
    SEEN,
    SEEN_READ,
    STALE_READS,
    STEP,
    STEPS_ROOM,
    U8,
    VISIBLE,
    WAITS,
)
from emu.boot.explore.hot.sharing import WORD_SHIFT
from emu.boot.hot.deliver import takes_interrupt
from emu.boot.hot.records import CORE, RUNNING
from emu.explore.strategy.choose import choose
from emu.explore.strategy.records import NOBODY, STRATEGY, UNKNOWN
from emu.memory.store_buffer import read_ram
from emu.native import array_at, mix, njit


@njit
def may_go(explore, agent):  # type: ignore[no-untyped-def]
    """Whether a core can go on, and does not wait for another."""
    cpu = array_at(agent.cpu, 1, CORE)[0]
    if cpu.status != RUNNING:
        return takes_interrupt(cpu)
    return agent.waits == 0 or agent.waits_for != explore.changes or takes_interrupt(cpu)


@njit
def offer(explore, strategy):  # type: ignore[no-untyped-def]
    """Say who may go on; how many cores and drains that are."""
    agents = array_at(explore.agents, explore.core_count, AGENT)
    stores = stores_of(explore)
    offered = I64(0)
    for index in range(explore.core_count):
        agent = agents[index]
        buffer = explore.core_count + index
        strategy.enabled[index] = 1 if may_go(explore, agent) else 0
        strategy.enabled[buffer] = 1 if agent.pending > 0 else 0
        strategy.address[buffer] = stores[place(agent, I64(0))].address if agent.pending > 0 else I64(UNKNOWN)
        offered += strategy.enabled[index] + strategy.enabled[buffer]
    return offered


@njit
def choose_core(explore):  # type: ignore[no-untyped-def]
    """Ask the strategy until it names a core; drains that it names first are done. NOBODY if no core can go on."""
    strategy = array_at(explore.strategy, 1, STRATEGY)[0]
    agents = array_at(explore.agents, explore.core_count, AGENT)
    while True:
        if offer(explore, strategy) == 0:
            return I64(NOBODY)
        chosen = choose(strategy)
        if explore.log_count < LOG_ROOM:
            array_at(explore.log, LOG_ROOM, U8)[explore.log_count] = U8(chosen)
        explore.log_count += 1
        if chosen < explore.core_count:
            agents[chosen].waits = 0
            return I64(chosen)
        agent = agents[chosen - explore.core_count]
        if explore.step_log != 0:
            store = stores_of(explore)[place(agent, I64(0))]
            keep_step(explore, agent, store.address, store.width, store.value, I64(VISIBLE))
        drain(explore, agent)


@njit
def wake_all(explore):  # type: ignore[no-untyped-def]
    """Nobody can go on: those that wait look again."""
    agents = array_at(explore.agents, explore.core_count, AGENT)
    for index in range(explore.core_count):
        agents[index].waits = 0


@njit
def let_time_pass(explore):  # type: ignore[no-untyped-def]
    """A core has had a long turn: those that only let time pass go on."""
    agents = array_at(explore.agents, explore.core_count, AGENT)
    for index in range(explore.core_count):
        if agents[index].waits == PASSES_TIME:
            agents[index].waits = 0


@njit
def note_event(explore, agent, address, size, value, write):  # type: ignore[no-untyped-def]
    """The running core touches a shared word."""
    agent.event = 1
    explore.idle = 0
    explore.accesses += 1
    explore.digest = mix(mix(mix(explore.digest, agent.pc), address + write), mix(value, agent.index))
    note_pair(explore, agent, address >> WORD_SHIFT)
    if explore.step_log != 0:
        keep_step(explore, agent, address, size, value, write)


@njit
def keep_step(explore, agent, address, size, value, what):  # type: ignore[no-untyped-def]
    """Write an access down, or the drain of a store."""
    if explore.step_count >= STEPS_ROOM:
        return
    step = array_at(explore.step_log, STEPS_ROOM, STEP)[explore.step_count]
    step.core = agent.index
    step.pc = agent.pc
    step.address = address
    step.value = value
    step.size = size
    step.what = what
    explore.step_count += 1


@njit
def note_pair(explore, agent, word):  # type: ignore[no-untyped-def]
    """Two cores have touched a word one after the other: which instructions did."""
    last = array_at(explore.last, LAST, LAST_ACCESS)[word & (LAST - 1)]
    if last.word == word and last.schedule == explore.schedule and last.core != agent.index:
        pair = mix(mix(word, last.pc), agent.pc) & (PAIRS - 1)
        array_at(explore.pairs, PAIRS, U8)[pair] = U8(1)
    last.word = word
    last.schedule = explore.schedule
    last.core = agent.index
    last.pc = agent.pc


@njit
def wait_for_change(explore, agent, since):  # type: ignore[no-untyped-def]
    """A core only looks whether others have done something: it goes on when a store has become visible."""
    agent.waits = WAITS
    agent.waits_for = since
    agent.event = 1


@njit
def pause(explore, agent):  # type: ignore[no-untyped-def]
    """A PAUSE: the core waits for a change since it last looked. If it has not looked it is to pass time, and the others go first.

    Nobody need ever change anything for it: it goes on when the others have had a turn, or when none of them can.
    """
    if agent.looked != 0:
        wait_for_change(explore, agent, agent.seen_changes)
    else:
        wait_for_change(explore, agent, explore.changes)
        agent.waits = PASSES_TIME
        explore.idle = 0
    agent.looked = 0


@njit
def note_read(explore, agent, address, size):  # type: ignore[no-untyped-def]
    """A read of a shared word; one of a loop that reads again and again what has not changed is one of a core that waits."""
    value = read_ram(explore, address, size) if size <= 8 else I64(0)
    note_event(explore, agent, address, size, value, I64(LOAD))
    slot = (agent.pc ^ address >> WORD_SHIFT) & (SEEN - 1)
    seen = array_at(explore.seen, explore.core_count * SEEN, SEEN_READ)[agent.index * SEEN + slot]
    if seen.pc == agent.pc and seen.address == address and seen.value == value and seen.era == agent.era:
        if agent.stale_since != explore.changes:
            agent.stale_reads = 0
        if agent.stale_reads == 0:
            agent.stale_since = explore.changes
        agent.stale_reads += 1
        if agent.stale_reads >= STALE_READS:
            agent.stale_reads = 0
            wait_for_change(explore, agent, explore.changes)
    else:
        seen.pc = agent.pc
        seen.address = address
        seen.value = value
        seen.era = agent.era
        agent.stale_reads = 0
    agent.seen_changes = explore.changes
    agent.looked = 1
