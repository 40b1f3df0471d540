"""Broken on purpose: a routine whose locked instructions have lost LOCK, to show that a search would notice."""

from collections.abc import Callable

from emu.engine import records as rec
from emu.engine.machine import Machine
from emu.image import Image

LOCK, DS = 0xF0, 0x3E  # a DS prefix in place of LOCK does nothing


def weaken(machine: Machine, image: Image, routine: str, physical: Callable[[int], int]) -> int:
    """Take LOCK out of a routine, in RAM and in the table; returns how many instructions had it."""
    each = next(found for found in image.routines if found.name == routine)
    weakened = 0
    for address, decoded in machine.text.decoded.items():
        at = physical(address)
        if each.address <= address < each.address + each.size and decoded.locked and machine.bus.ram[at] == LOCK:
            machine.bus.ram[at] = DS
            row = machine.text.instructions[address - machine.text.kernel_base]
            row["traits"] &= ~(rec.LOCKED | rec.WAIT_STORES)
            weakened += 1
    return weakened
