"""Which bytes do cores share? Found out while they run, for a search that need not interleave what is private.

A word (8 bytes) is shared once one core has written it and another one has touched it, in whatever order.
"""

import numpy as np

from emu.native import array_at, njit

SEVERAL = 255
SHARING = np.dtype(
    [
        ("words", np.int64),
        ("reader", np.int64),  # host address of u8[words]: 0 nobody, core + 1, or SEVERAL
        ("writer", np.int64),
        ("shared", np.int64),  # u8[words]
        ("found", np.int64),  # words that turned out to be shared since the owner of this record last looked
        ("visible", np.int64),  # a shared word has been touched since then
    ]
)


@njit
def touch(machine, core, address, size, write):  # type: ignore[no-untyped-def]
    """A core reads or writes physical bytes."""
    sharing = array_at(machine.sharing, 1, SHARING)[0]
    readers = array_at(sharing.reader, sharing.words, np.uint8)
    writers = array_at(sharing.writer, sharing.words, np.uint8)
    shared = array_at(sharing.shared, sharing.words, np.uint8)
    for word in range(address >> 3, ((address + size - 1) >> 3) + 1):
        if shared[word] == 0:
            others_write = writers[word] != 0 and writers[word] != core + 1
            others_read = readers[word] != 0 and readers[word] != core + 1
            if others_write or (write and others_read):
                shared[word] = 1
                sharing.found += 1
            if write:
                writers[word] = SEVERAL if others_write else core + 1
            else:
                readers[word] = SEVERAL if others_read else core + 1
        if shared[word] != 0:
            sharing.visible = 1


@njit
def is_shared(machine, address, size):  # type: ignore[no-untyped-def]
    """Whether an access touches a word that is known to be shared."""
    sharing = array_at(machine.sharing, 1, SHARING)[0]
    shared = array_at(sharing.shared, sharing.words, np.uint8)
    found = False
    for word in range(address >> 3, ((address + size - 1) >> 3) + 1):
        found = found or shared[word] != 0
    return found
