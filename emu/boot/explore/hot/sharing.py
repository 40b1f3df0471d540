"""Which words do cores share? Found out while schedules run that are for that; then it stays so: what a schedule means hangs on it.

A word (8 bytes) is shared once one core has written it and another one has touched it, in whatever order. What those schedules did
not show may be touched by others later: then what its owner stored before is made visible, too, as stores are seen in their order.
"""

from emu.boot.explore.hot.buffer import drain_all
from emu.boot.explore.hot.records import AGENT, U8
from emu.native import array_at, njit

WORD_SHIFT = 3
SEVERAL = 255


@njit
def learn(explore, core, address, size, write):  # type: ignore[no-untyped-def]
    """A core reads or writes physical bytes."""
    words = explore.frames << (12 - WORD_SHIFT)
    readers, writers = array_at(explore.readers, words, U8), array_at(explore.writers, words, U8)
    me = core + 1
    for word in range(address >> WORD_SHIFT, ((address + size - 1) >> WORD_SHIFT) + 1):
        others_write = writers[word] != 0 and writers[word] != me
        others_read = readers[word] != 0 and readers[word] != me
        if others_write or (write and others_read):
            array_at(explore.shared, words, U8)[word] = U8(1)
        if write:
            writers[word] = U8(SEVERAL if others_write else me)
        else:
            readers[word] = U8(SEVERAL if others_read else me)


@njit
def is_shared(explore, address, size):  # type: ignore[no-untyped-def]
    """Whether an access touches a word that is known to be shared."""
    shared = array_at(explore.shared, explore.frames << (12 - WORD_SHIFT), U8)
    first, last = address >> WORD_SHIFT, (address + size - 1) >> WORD_SHIFT
    return shared[first] != 0 or (last != first and shared[last] != 0)


@njit
def own(explore, core, address, size):  # type: ignore[no-untyped-def]
    """A core stores to words that are not known to be shared."""
    owners = array_at(explore.owners, explore.frames << (12 - WORD_SHIFT), U8)
    for word in range(address >> WORD_SHIFT, ((address + size - 1) >> WORD_SHIFT) + 1):
        owners[word] = U8(core + 1)


@njit
def meet_owner(explore, core, address, size):  # type: ignore[no-untyped-def]
    """A core touches words that are not known to be shared: what others stored before they stored there is visible to it."""
    owners = array_at(explore.owners, explore.frames << (12 - WORD_SHIFT), U8)
    for word in range(address >> WORD_SHIFT, ((address + size - 1) >> WORD_SHIFT) + 1):
        if owners[word] != 0 and owners[word] != core + 1:
            explore.late += 1
            drain_all(explore, array_at(explore.agents, explore.core_count, AGENT)[owners[word] - 1])
