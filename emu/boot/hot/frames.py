"""Guest RAM by physical address: where a frame is in the host's memory, and words of it."""

from emu.boot.hot.records import FOUR_GIB, I64
from emu.native import array_at, njit


@njit
def offset_of(machine, address):  # type: ignore[no-untyped-def]
    """Offset in the host's memory of a physical address in RAM, or -1: RAM goes on at 4 GiB behind the hole for devices."""
    if address >= 0 and address < machine.low_bytes:
        return address
    high = address - FOUR_GIB
    if high >= 0 and high < machine.ram_bytes - machine.low_bytes:
        return high + machine.low_bytes
    return I64(-1)


@njit
def read_word(machine, address):  # type: ignore[no-untyped-def]
    """Eight bytes of RAM within a page; what is no RAM reads as ones."""
    offset = offset_of(machine, address)
    return I64(-1) if offset < 0 else array_at(machine.ram + offset, 1, I64)[0]


@njit
def write_word(machine, address, value):  # type: ignore[no-untyped-def]
    """Eight bytes of RAM within a page; what is no RAM takes nothing."""
    offset = offset_of(machine, address)
    if offset >= 0:
        array_at(machine.ram + offset, 1, I64)[0] = value
