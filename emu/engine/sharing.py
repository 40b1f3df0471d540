"""Which bytes do cores share? Found out while they run, for a search that need not interleave what is private.

A word (8 bytes) is shared once one core has written it and another one has touched it, in whatever order. An instruction that
has touched one is ORDERED from then on: a core stops in front of it, and runs through all others.
"""

import numpy as np

from emu.engine.records import INSTRUCTION, ORDERED
from emu.memory.journal import WRITE, enter
from emu.memory.store_buffer import read_ram
from emu.native import array_at, call, njit

SEVERAL = 255
DEVICE = -2  # in place of an address
SHARING = np.dtype(
    [
        ("words", np.int64),
        ("reader", np.int64),  # host address of u8[words]: 0 nobody, core + 1, or SEVERAL
        ("writer", np.int64),
        ("shared", np.int64),  # u8[words]
        ("found", np.int64),  # words and instructions that turned out to be shared since the owner of this record last looked
        ("visible", np.int64),  # a shared word has been touched since then,
        ("address", np.int64),  # here,
        ("writes", np.int64),  # and changed
        ("size", np.int64),
        ("value", np.int64),  # to this
        ("log", np.int64),  # host address of LOGGED_TOUCH[log_room]: who had touched what, for whoever goes back, or room for 0
        ("log_room", np.int64),
        ("log_count", np.int64),
        ("checks", np.int64),  # what that function keeps, at a host address
        ("flagged", np.int64),  # an access was seen that is wrong, whatever comes of it
        ("observer", np.int64),  # function that hears of every access: machine, core, address, size, write; 0: nobody
    ]
)
LOGGED_TOUCH = np.dtype([("word", np.int64), ("reader", np.int64), ("writer", np.int64)])  # of a word, before it was touched


@njit
def touch(machine, core, address, size, write, value):  # type: ignore[no-untyped-def]
    """A core reads physical bytes, or writes them with a value."""
    sharing = array_at(machine.sharing, 1, SHARING)[0]
    readers = array_at(sharing.reader, sharing.words, np.uint8)
    writers = array_at(sharing.writer, sharing.words, np.uint8)
    shared = array_at(sharing.shared, sharing.words, np.uint8)
    me = core.index + 1
    for word in range(address >> 3, ((address + size - 1) >> 3) + 1):
        if shared[word] == 0:
            others_write = writers[word] != 0 and writers[word] != me
            others_read = readers[word] != 0 and readers[word] != me
            if others_write or (write and others_read):
                shared[word] = 1
                sharing.found += 1
            log_touch(sharing, word, readers[word], writers[word])
            if write:
                writers[word] = SEVERAL if others_write else me
            else:
                readers[word] = SEVERAL if others_read else me
        if shared[word] != 0:
            notice(machine, core, address, write)
            sharing.size, sharing.value = size, value
    if sharing.observer != 0:
        call(sharing.observer, core.machine, core.index, address, size, write)


@njit
def log_touch(sharing, word, reader, writer):  # type: ignore[no-untyped-def]
    """Write down who had touched a word, if somebody goes back to that."""
    if sharing.log_count < sharing.log_room:
        logged = array_at(sharing.log, sharing.log_room, LOGGED_TOUCH)[sharing.log_count]
        logged.word = word
        logged.reader = reader
        logged.writer = writer
    sharing.log_count += sharing.log_room != 0


@njit
def notice(machine, core, address, write):  # type: ignore[no-untyped-def]
    """Others can tell of the access in flight; an instruction that was not known to make such accesses is from now on."""
    sharing = array_at(machine.sharing, 1, SHARING)[0]
    sharing.visible = 1
    sharing.address = address
    sharing.writes = write
    instruction = array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current]
    if not instruction.traits & ORDERED:
        instruction.traits |= ORDERED
        sharing.found += 1


@njit
def store_privately(machine, bus, address, size, value, core):  # type: ignore[no-untyped-def]
    """A store of which no other core can tell is visible at once, and no transition; False if it has to take its place.

    Behind stores to the same line it has: going back, those would be laid over it.
    """
    first, last = address >> 6, (address + size - 1) >> 6
    pending = array_at(bus.line.pending, bus.lines, np.uint16)
    if pending[first] > 0 or pending[last] > 0 or is_shared(machine, address, size):
        return False
    enter(bus, WRITE, core.index, address, size, read_ram(bus, address, size), value, -1)
    return True


@njit
def is_shared(machine, address, size):  # type: ignore[no-untyped-def]
    """Whether an access touches a word that is known to be shared."""
    sharing = array_at(machine.sharing, 1, SHARING)[0]
    shared = array_at(sharing.shared, sharing.words, np.uint8)
    found = False
    for word in range(address >> 3, ((address + size - 1) >> 3) + 1):
        found = found or shared[word] != 0
    return found
