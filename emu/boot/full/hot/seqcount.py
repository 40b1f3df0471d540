"""Readers that wait for the writer of a seqcount: they load its word, which is odd meanwhile, pause, and load it again.

`read_seqcount_begin` of include/linux/seqlock.h does no more than that until the number is even, which is then a later one: so a
load of any other word ends what is followed here, and a word that goes back, as a flag does, is no seqcount.
"""

from emu.boot.full.hot.records import I64
from emu.engine.log import READER_WAITED, log_event
from emu.native import call, njit

WORD = 4
LAPS = 1 << 31  # a number that is further on is an earlier one


@njit
def note_load(gear, machine, full, core, address, size, value):  # type: ignore[no-untyped-def]
    """A load has got its value: it may be the one that a reader has waited for."""
    if full.spins_on != 0:
        if address == full.spins_on and size == WORD:
            if value & 1 == 0:
                end_spin(gear, machine, full, core, address, value)
        else:
            full.spins_on = 0
    full.loaded_at = address if size == WORD else 0
    full.loaded = value


@njit
def begin_spin(full, core):  # type: ignore[no-untyped-def]
    """The kernel pauses: for a writer, if what it has just loaded is odd."""
    if full.spins_on == 0 and full.loaded_at != 0 and full.loaded & 1:
        full.spins_on = full.loaded_at
        full.spins_since = core.clock
        full.spins_from = core.current_pc
        full.odd = full.loaded


@njit
def end_spin(gear, machine, full, core, address, value):  # type: ignore[no-untyped-def]
    """The number is even."""
    full.spins_on = 0
    if (value - full.odd) & 0xFFFFFFFF < LAPS:
        call(gear.find_linear, core.index, address, 0, 0, 0)
        log_event(machine, core, core.data_at, READER_WAITED, I64(full.spins_since), full.linear, full.spins_from)
