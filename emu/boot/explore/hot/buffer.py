"""Store buffers of cores that share RAM (x86-TSO): stores to shared words drain in their order, and a core sees its own at once.

RAM shows the view of the core that runs. When another one is to run, the pending stores of the first are taken back, the newest
first, and those of the second put on top of what all see. A store drains while somebody else runs by taking that one's view off,
storing, and putting it on again: few are pending, so that costs little. Stores to words that are nobody else's need no buffer.
"""

from emu.boot.explore.hot.records import AGENT, I64, PENDING, ROOM
from emu.memory.store_buffer import read_ram, write_ram
from emu.native import array_at, njit


@njit
def place(agent, number):  # type: ignore[no-untyped-def]
    """Where the store is that is so many behind the oldest one."""
    return agent.index * ROOM + (agent.first + number) % ROOM


@njit
def stores_of(explore):  # type: ignore[no-untyped-def]
    """All stores that are pending, those of core n from n * ROOM on."""
    return array_at(explore.pending, explore.core_count * ROOM, PENDING)


@njit
def take_back(explore, agent):  # type: ignore[no-untyped-def]
    """RAM shows what all see, where it has shown this core's view."""
    stores = stores_of(explore)
    for number in range(agent.pending - 1, -1, -1):
        store = stores[place(agent, number)]
        write_ram(explore, store.address, store.width, store.under)


@njit
def put_on(explore, agent):  # type: ignore[no-untyped-def]
    """RAM shows this core's view, where it has shown what all see."""
    stores = stores_of(explore)
    for number in range(agent.pending):
        store = stores[place(agent, number)]
        store.under = read_ram(explore, store.address, store.width)
        write_ram(explore, store.address, store.width, store.value)


@njit
def show(explore, agent):  # type: ignore[no-untyped-def]
    """RAM shows this core's view from now on."""
    if explore.running == agent.index:
        return
    if explore.running >= 0:
        take_back(explore, array_at(explore.agents, explore.core_count, AGENT)[explore.running])
    put_on(explore, agent)
    explore.running = agent.index


@njit
def drain(explore, agent):  # type: ignore[no-untyped-def]
    """The oldest pending store of a core becomes visible to all."""
    store = stores_of(explore)[place(agent, I64(0))]
    if explore.running != agent.index:
        if explore.running >= 0:
            running = array_at(explore.agents, explore.core_count, AGENT)[explore.running]
            take_back(explore, running)
            write_ram(explore, store.address, store.width, store.value)
            put_on(explore, running)
        else:
            write_ram(explore, store.address, store.width, store.value)
    agent.first = (agent.first + 1) % ROOM
    agent.pending -= 1
    explore.changes += 1


@njit
def drain_all(explore, agent):  # type: ignore[no-untyped-def]
    """Everything that a core has stored becomes visible."""
    while agent.pending > 0:
        drain(explore, agent)


@njit
def push(explore, agent, address, width, value):  # type: ignore[no-untyped-def]
    """The running core is about to store to a shared word: RAM will have it, and the others will not yet."""
    if agent.pending == ROOM:
        drain(explore, agent)
    store = stores_of(explore)[place(agent, agent.pending)]
    store.address = address
    store.width = width
    store.value = value
    store.under = read_ram(explore, address, width)
    agent.pending += 1
