"""What an instruction is to a schedule, by its first bytes: one that drains the store buffer, one that waits, or any other."""

import numpy as np

from emu.boot.explore.hot.records import I64, PAGE, U8
from emu.boot.hot.blocks import copy_code
from emu.boot.hot.frames import offset_of
from emu.boot.hot.walk import FETCH, NOWHERE, translate
from emu.engine.env import CPL, HFLAGS, get32
from emu.native import array_at, njit

PLAIN, LOCKED, FENCE, PAUSE = range(4)
LOOKED_AT = 8  # bytes: prefixes, and an opcode with its ModRM
LOCK, REPEAT, XCHG, NOP, IRET, ESCAPE = 0xF0, 0xF3, 0x86, 0x90, 0xCF, 0x0F
FENCES, GROUP_7 = 0xAE, 0x01
MOV_TO_CONTROL, WRMSR, CPUID, RSM = 0x22, 0x30, 0xA2, 0xAA


def _begins() -> "np.ndarray[tuple[int], np.dtype[np.uint8]]":
    """First bytes of what may be of another kind than PLAIN: prefixes and the opcodes themselves."""
    table = np.zeros(256, U8)
    table[[LOCK, 0xF2, REPEAT, 0x66, 0x2E, 0x3E, 0x26, 0x36, 0x64, 0x65, *range(0x40, 0x50), XCHG, XCHG | 1, IRET, ESCAPE]] = 1
    return table


BEGINS = _begins()
SERIALISES = np.zeros(256, np.bool_)  # by opcode behind ESCAPE
SERIALISES[[MOV_TO_CONTROL, WRMSR, CPUID, RSM]] = True


@njit
def code_at(machine, cpu, agent, pc):  # type: ignore[no-untyped-def]
    """Host address of the bytes of the instruction that is about to be carried out; 0 if they are not where RAM is."""
    page = pc >> 12
    if page != agent.code_page or agent.code_generation != cpu.generation or cpu.flushing:
        frame = translate(machine, cpu, pc, FETCH, get32(cpu, HFLAGS) & CPL == 3)
        offset = I64(-1) if frame == NOWHERE else offset_of(machine, frame)
        if offset < 0:
            return I64(0)
        agent.code_page = page
        agent.code_generation = cpu.generation
        agent.code_at = machine.ram + offset
    return agent.code_at + (pc & (PAGE - 1))


@njit
def kind_of(machine, cpu, agent, pc):  # type: ignore[no-untyped-def]
    """Of the instruction at `pc`."""
    at = code_at(machine, cpu, agent, pc)
    if at == 0 or BEGINS[array_at(at, 1, U8)[0]] == 0:
        return PLAIN
    if (pc & (PAGE - 1)) > PAGE - LOOKED_AT:
        copy_code(machine, cpu, pc, I64(2 * LOOKED_AT))
        return kind_by(array_at(cpu.code, LOOKED_AT, U8))
    return kind_by(array_at(at, LOOKED_AT, U8))


@njit
def kind_by(code):  # type: ignore[no-untyped-def]
    """Of the instruction whose first bytes these are (Intel SDM volume 3, 8.3: what serialises; 8.1.2.2: what locks)."""
    at = 0
    repeated = False
    while at < LOOKED_AT - 3 and code[at] != ESCAPE and BEGINS[code[at]] != 0:
        opcode = code[at]
        if opcode == LOCK:
            return LOCKED
        if opcode & 0xFE == XCHG:
            return LOCKED if code[at + 1] >> 6 != 3 else PLAIN
        if opcode == IRET:
            return FENCE
        repeated = repeated or opcode == REPEAT
        at += 1
    if code[at] == NOP:
        return PAUSE if repeated else PLAIN
    if code[at] != ESCAPE:
        return PLAIN
    opcode, modrm = code[at + 1], code[at + 2]
    if opcode == FENCES:
        return FENCE if modrm >> 6 == 3 and (modrm >> 3) & 7 > 4 else PLAIN
    if opcode == GROUP_7:
        return FENCE if modrm >> 6 != 3 and (modrm >> 3) & 7 == 7 else PLAIN  # INVLPG
    return FENCE if SERIALISES[opcode] else PLAIN
