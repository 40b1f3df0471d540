"""What Unicorn 2.1.4 gets wrong of some instructions, put right behind them: docs/cpu.md names each, with its cause.

`keep` remembers, in front of such an instruction, what it must not change; `mend` puts it back behind it.
"""

from collections.abc import Set

from emu.engine.registers import RFLAGS, get, put
from emu.isa import Instruction
from emu.isa.operation import REGISTERS
from emu.native import njit

NO_REGISTER = 255
PF, ZF, SF = 0x4, 0x40, 0x80
# INSTRUCTION.mend
MEND_NOTHING, MEND_UPPER_HALF, MEND_NEGATION = range(3)


def mending(each: Instruction) -> tuple[int, tuple[int, int]]:
    """How to mend an instruction; the numbers of the registers that keep their value if it sets ZF, and if it clears it."""
    if each.mnemonic in ("cmpxchg", "bsf", "bsr") and each.operands[0] in ("r32", "m32"):
        target = frozenset() if each.operands[0] == "m32" else each.writes - {"rax", "flags"} or {"rax"}
        if each.mnemonic != "cmpxchg":
            return _upper_half(target, frozenset())
        return _upper_half({"rax"} - target, target - {"rax"})
    if each.mnemonic == "neg" and each.locked:
        return MEND_NEGATION, (NO_REGISTER, NO_REGISTER)
    return MEND_NOTHING, (NO_REGISTER, NO_REGISTER)


def _upper_half(if_equal: Set[str], if_not: Set[str]) -> tuple[int, tuple[int, int]]:
    equal, different = (next((REGISTERS[name][0] for name in names), NO_REGISTER) for names in (if_equal, if_not))
    return (MEND_UPPER_HALF if if_equal or if_not else MEND_NOTHING), (equal, different)


@njit
def keep(core, instruction):  # type: ignore[no-untyped-def]
    """Remember what the instruction in flight, which has not run yet, must not change."""
    if instruction.mend == MEND_UPPER_HALF:
        for place in range(2):
            core.kept[place] = get(core, instruction.kept[place]) if instruction.kept[place] != NO_REGISTER else 0


@njit
def mend(core, instruction):  # type: ignore[no-untyped-def]
    """Put right what Unicorn has done of the instruction in flight."""
    flags = get(core, RFLAGS)
    if instruction.mend == MEND_NEGATION:
        put(core, RFLAGS, negation_flags(flags, core.access.value, core.access.size))
    elif (core.kept[0] | core.kept[1]) >> 32 != 0:  # otherwise it is zeros that Unicorn makes zeros of
        place = 0 if flags & ZF else 1
        if instruction.kept[place] != NO_REGISTER:
            put(core, instruction.kept[place], core.kept[place])


@njit
def negation_flags(flags, value, size):  # type: ignore[no-untyped-def]
    """The flags of a locked NEG whose result is `value`: Unicorn takes SF and PF from what was there before."""
    low = value ^ (value >> 4)
    even = (0x9669 >> (low & 0xF)) & 1  # bit n: n has an even number of ones
    return (flags & ~(SF | PF)) | (PF if even else 0) | (SF if (value >> (8 * size - 1)) & 1 else 0)
