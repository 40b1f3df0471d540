"""How long an x86 instruction is, and whether it is one that is hooked: enough to count the instructions of a block.

Source: Intel SDM volume 2, appendix A (opcode maps) and chapter 2 (formats), as QEMU decodes them. AVX-512 is left out.
"""

import numpy as np

from emu.boot.hot.records import I64, SITE_FLUSH, SITE_IRET, SITE_MSR, SITE_NONE, SITE_SEGMENT, U8
from emu.native import njit

LONGEST = 15  # bytes of an instruction
MODRM, IMM8, IMM16, IMMZ, IMMV, MOFFS, FAR = (1 << n for n in range(7))  # what follows an opcode


def _one_byte() -> "np.ndarray[tuple[int], np.dtype[np.uint8]]":
    table = np.zeros(256, U8)
    for base in range(0x00, 0x40, 8):
        table[base : base + 6] = (MODRM, MODRM, MODRM, MODRM, IMM8, IMMZ)
    table[[0x62, 0x63, *range(0x84, 0x90), *range(0xD0, 0xD4), *range(0xD8, 0xE0), 0xC4, 0xC5, 0xF6, 0xF7, 0xFE, 0xFF]] = MODRM
    table[[0x6B, 0x80, 0x82, 0x83, 0xC0, 0xC1, 0xC6]] = MODRM | IMM8
    table[[0x69, 0x81, 0xC7]] = MODRM | IMMZ
    table[[0x6A, *range(0x70, 0x80), 0xA8, *range(0xB0, 0xB8), 0xCD, 0xD4, 0xD5, *range(0xE0, 0xE8), 0xEB]] = IMM8
    table[[0x68, 0xA9, 0xE8, 0xE9]] = IMMZ
    table[0xA0:0xA4] = MOFFS
    table[0xB8:0xC0] = IMMV
    table[[0xC2, 0xCA]] = IMM16
    table[0xC8] = IMM16 | IMM8
    table[[0x9A, 0xEA]] = FAR
    return table


def _two_byte() -> "np.ndarray[tuple[int], np.dtype[np.uint8]]":
    table = np.full(256, MODRM, U8)
    alone = [*range(0x04, 0x0D), 0x0E, *range(0x30, 0x38), 0x77, 0xA0, 0xA1, 0xA2, 0xA8, 0xA9, 0xAA, *range(0xC8, 0xD0)]
    table[alone] = 0
    table[0x80:0x90] = IMMZ
    table[[*range(0x70, 0x74), 0xA4, 0xAC, 0xBA, 0xC2, 0xC4, 0xC5, 0xC6, 0x0F]] = MODRM | IMM8
    return table


ONE_BYTE, TWO_BYTE = _one_byte(), _two_byte()


@njit
def modrm_length(code, at, address_bits):  # type: ignore[no-untyped-def]
    """Bytes of a ModRM byte with its SIB byte and displacement."""
    modrm = I64(code[at])
    mod, rm = modrm >> 6, modrm & 7
    if mod == 3:
        return I64(1)
    if address_bits == 16:
        if mod == 0:
            return I64(3) if rm == 6 else I64(1)
        return I64(2) if mod == 1 else I64(3)
    length = I64(1)
    base = rm
    if rm == 4:
        length += 1
        base = I64(code[at + 1]) & 7
    if mod == 1:
        return length + 1
    if mod == 2 or base == 5:
        return length + 4
    return length


@njit
def site_kind(opcode, modrm, escape, operand16):  # type: ignore[no-untyped-def]
    """Whether an instruction is hooked one by one, and for what."""
    mod, reg = modrm >> 6, (modrm >> 3) & 7
    if escape == 0:
        if opcode == 0xCF:
            return SITE_IRET
        return SITE_SEGMENT if opcode == 0x8E else SITE_NONE  # mov to a segment register
    if escape == 1:
        if opcode == 0x30 or opcode == 0x32:
            return SITE_MSR
        if opcode == 0x22 or (opcode == 0x01 and reg == 7 and mod != 3):  # mov to a control register; invlpg
            return SITE_FLUSH
        if opcode == 0x02 or opcode == 0x03 or (opcode == 0x00 and reg >= 4):  # lar, lsl, verr, verw
            return SITE_SEGMENT
        return SITE_NONE
    return SITE_FLUSH if escape == 2 and opcode == 0x82 and operand16 else SITE_NONE  # invpcid


@njit
def is_prefix(opcode):  # type: ignore[no-untyped-def]
    """Legacy prefixes: segments, sizes, LOCK, REP."""
    return opcode & 0xFC == 0x64 or opcode & 0xE7 == 0x26 or opcode == 0xF0 or opcode & 0xFE == 0xF2


@njit
def decode(code, at, bits):  # type: ignore[no-untyped-def]
    """Length of the instruction at `code[at]` in a segment of 16, 32 or 64 bits, and its kind of site."""
    start = at
    operand16 = bits == 16
    address_bits = bits
    wide = False
    while True:
        opcode = I64(code[at])
        if opcode == 0x66:
            operand16 = bits != 16
        elif opcode == 0x67:
            address_bits = I64(32) if bits != 32 else I64(16)
        elif is_prefix(opcode):
            pass
        elif bits == 64 and opcode & 0xF0 == 0x40:
            wide = opcode & 8 != 0  # QEMU keeps it even where another prefix follows
        else:
            break
        at += 1
    at += 1
    escape = 0
    follows = I64(ONE_BYTE[opcode])
    if opcode == 0x0F:
        opcode = I64(code[at])
        at += 1
        escape = 1
        follows = I64(TWO_BYTE[opcode])
        if opcode == 0x38 or opcode == 0x3A:
            escape = 2 if opcode == 0x38 else 3
            follows = I64(MODRM) if opcode == 0x38 else I64(MODRM | IMM8)
            opcode = I64(code[at])
            at += 1
    elif (opcode == 0xC4 or opcode == 0xC5) and (bits == 64 or code[at] >> 6 == 3):
        table = I64(1)
        if opcode == 0xC4:
            table = I64(code[at]) & 31
            at += 1
        at += 1
        opcode = I64(code[at])
        at += 1
        escape = 4  # nothing hooked has a VEX prefix
        follows = I64(TWO_BYTE[opcode]) if table == 1 else I64(MODRM) if table == 2 else I64(MODRM | IMM8)
    modrm = I64(0)
    if follows & MODRM:
        modrm = I64(code[at])
        if escape == 1 and opcode & 0xFC == 0x20:
            at += 1  # control and debug registers: always a register
        else:
            at += modrm_length(code, at, address_bits)
        if escape == 0 and modrm & 0x30 == 0:  # TEST alone of its group has an immediate
            if opcode == 0xF6:
                follows |= IMM8
            elif opcode == 0xF7:
                follows |= IMMZ
    if follows & IMM8:
        at += 1
    if follows & IMM16:
        at += 2
    if follows & IMMZ:
        at += 2 if operand16 and not wide else 4
    if follows & IMMV:
        at += 8 if wide else 2 if operand16 else 4
    if follows & MOFFS:
        at += address_bits >> 3
    if follows & FAR:
        at += 4 if operand16 else 6
    return at - start, site_kind(opcode, modrm, escape, operand16 and bits != 16)


@njit
def reads_to_write(code, bits):  # type: ignore[no-untyped-def]
    """Whether an instruction with a memory operand loads it in order to store it: then a load that faults is a write."""
    at = I64(0)
    while at < LONGEST and (is_prefix(I64(code[at])) or (bits == 64 and code[at] & 0xF0 == 0x40)):
        at += 1
    opcode, modrm = I64(code[at]), I64(code[at + 1])
    reg = (modrm >> 3) & 7
    if opcode != 0x0F:
        if opcode < 0x40:
            return opcode & 7 < 2 and opcode < 0x38
        if opcode == 0x80 or opcode == 0x81 or opcode == 0x83:
            return reg != 7
        if opcode == 0x86 or opcode == 0x87 or opcode & 0xFE == 0xC0 or opcode & 0xFC == 0xD0:
            return True
        return (opcode & 0xFE == 0xF6 and (reg == 2 or reg == 3)) or (opcode & 0xFE == 0xFE and reg < 2)
    opcode, reg = modrm, (I64(code[at + 2]) >> 3) & 7
    if opcode == 0xBA:
        return reg > 4
    if opcode == 0xC7:
        return reg == 1
    if opcode == 0xAB or opcode == 0xB3 or opcode == 0xBB:
        return True  # bts, btr, btc
    return opcode & 0xF6 == 0xA4 or opcode & 0xFE == 0xB0 or opcode & 0xFE == 0xC0  # shld, shrd, cmpxchg, xadd
