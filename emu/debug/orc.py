"""A kernel's own unwind tables (CONFIG_UNWINDER_ORC) as instructions of .debug_frame: a kernel that has them has no frame pointers.

Source: arch/x86/include/asm/orc_types.h, and what arch/x86/kernel/unwind_orc.c makes of it.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from emu.debug import cfi
from emu.debug.cfi import DEREF, PLUS_UCONST, RA, RBP, RSP
from emu.elf.elf_file import Elf

ENTRY = np.dtype([("sp_offset", "<i2"), ("bp_offset", "<i2"), ("what", "<u2")])
BASES = {2: 1, 3: 5, 4: RBP, 5: RSP, 6: 10, 7: 13}  # sp_reg to DWARF's number: RDX, RDI, RBP, RSP, R10, R13
BP_INDIRECT, SP_INDIRECT = 8, 9
BP_ON_STACK, BP_BY_BP = 1, 4  # bp_reg
CALL, REGS, PARTIAL = range(3)  # types until Linux 6.3; from 6.4 on, which has a header of these tables, they begin with 2
HEADER, FIRST_TYPE = ".orc_header", 2
# struct pt_regs in arch/x86/include/asm/ptrace.h, where what an entry of the kernel has interrupted is kept, by DWARF's numbers
PT_REGS = {15: 0, 14: 8, 13: 16, 12: 24, RBP: 32, 3: 40, 11: 48, 10: 56, 9: 64, 8: 72, 0: 80, 2: 88, 1: 96, 4: 104, 5: 112, RA: 128}
PT_REGS_RSP = 152
FRAME_RSP = 24  # in what the processor itself pushes


def interrupted(base: int, distance: int) -> bytes:
    """The caller is what a struct pt_regs at a place by a register says."""
    made = cfi.cfa_by(cfi.at(base, distance + PT_REGS_RSP) + bytes((DEREF,)))
    return made + b"".join(cfi.saved_by(register, cfi.at(base, distance + offset)) for register, offset in PT_REGS.items())


class Orc:
    """The tables of one kernel."""

    def __init__(self, places: NDArray[np.int64], entries: NDArray[np.void], first_type: int) -> None:
        """Each entry holds from its place on, up to the next."""
        order = np.argsort(places, kind="stable")
        self._places, self._entries, self._first_type = places[order], entries[order], first_type

    def instructions(self, address: int, size: int) -> tuple[bytes, bool]:
        """Of a function; and whether what it has interrupted is its caller somewhere."""
        made, at, interrupts, before = bytearray(), 0, False, CALL
        for place, entry in self._of(address, size):
            kind = (int(entry["what"]) >> 8 & (3 if self._first_type == 0 else 7)) - self._first_type
            made += cfi.advance(place - at)
            at = place
            if before != CALL and kind == CALL:
                made += b"".join(cfi.as_at_first(register) for register in PT_REGS)
            made += self._rules(entry, kind)
            interrupts, before = interrupts or kind != CALL, kind
        return bytes(made), interrupts

    def _of(self, address: int, size: int) -> Iterator[tuple[int, np.void]]:
        start = address - 2**64 if address >> 63 else address
        first = max(int(np.searchsorted(self._places, start, side="right")) - 1, 0)
        for index in range(first, int(np.searchsorted(self._places, start + size))):
            yield max(int(self._places[index]) - start, 0), self._entries[index]

    @staticmethod
    def _rules(entry: np.void, kind: int) -> bytes:
        sp, bp, distance = int(entry["what"]) & 15, int(entry["what"]) >> 4 & 15, int(entry["sp_offset"])
        if sp == BP_INDIRECT and kind == CALL:
            made = cfi.cfa_by(cfi.at(RBP, distance) + bytes((DEREF,)))
        elif sp == SP_INDIRECT and kind == CALL:
            made = cfi.cfa_by(cfi.at(RSP, 0) + bytes((DEREF, PLUS_UCONST)) + cfi.unsigned(distance))
        elif sp not in BASES or kind not in (CALL, REGS, PARTIAL):
            return cfi.NO_CALLER
        elif kind == REGS:
            return interrupted(BASES[sp], distance)
        elif kind == PARTIAL:
            base = BASES[sp]
            return cfi.cfa_by(cfi.at(base, distance + FRAME_RSP) + bytes((DEREF,))) + cfi.saved_by(RA, cfi.at(base, distance))
        else:
            made = cfi.cfa(BASES[sp], distance)
        made += cfi.saved_below(RA, 8)
        if bp == BP_ON_STACK:
            return made + cfi.saved_below(RBP, -int(entry["bp_offset"]))
        return made + (cfi.saved_by(RBP, cfi.at(RBP, int(entry["bp_offset"]))) if bp == BP_BY_BP else cfi.untouched(RBP))


def orc_tables(elf: Elf) -> Orc | None:
    """Those of a kernel's file; None if it has none."""
    found, entries = elf.placed_section(".orc_unwind_ip"), elf.section(".orc_unwind")
    if found is None or not entries:
        return None
    address, content = found
    offsets = np.frombuffer(content, "<i4").astype(np.int64)
    places = offsets + 4 * np.arange(len(offsets)) + (address - 2**64)
    table = np.frombuffer(entries, ENTRY)
    count = min(len(places), len(table))
    return Orc(places[:count], table[:count], 0 if elf.section(HEADER) is None else FIRST_TYPE)
