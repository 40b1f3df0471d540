"""The log of events: written here one after the other, emptied by whoever asks for it."""

from emu.engine.records import LOGGED
from emu.native import array_at, njit

# In the place of a mark. A core begins to wait for a spin lock, by the engine's number; the value is which core has it. It has let
# go of a reader-writer lock, by its address. It has waited for the writer of a seqcount, by its address, since the value.
WAIT, READER_LEFT, WRITER_LEFT, READER_WAITED = -1, -2, -3, -4
SPARE = 1 << 12  # records for what all cores still log on their way to the end of a slice


@njit
def log_event(machine, core, cycle, mark, value, lock, site):  # type: ignore[no-untyped-def]
    """Write an event down; a log that has no more than a spare left is to be emptied: the core yields before its next one."""
    if machine.log.count < machine.log.room:
        logged = array_at(machine.log.at, machine.log.room, LOGGED)[machine.log.count]
        logged.cycle = cycle
        logged.value = value
        logged.mark = mark
        logged.core = core.index
        logged.lock = lock
        logged.site = site
    machine.log.count += 1
    if log_is_full(machine):
        core.limit = min(core.limit, core.clock)


@njit
def log_is_full(machine):  # type: ignore[no-untyped-def]
    """Whether the log must be emptied before anybody goes on."""
    return machine.log.count + SPARE > machine.log.room
