"""What Unicorn 2.1.4 gets wrong of some instructions, put right behind them: docs/cpu.md names each, with its cause.

`keep` remembers, in front of such an instruction, what it must not change; `mend` puts it back in front of the next one. All
other instructions pay two tests of a bit.
"""

from collections.abc import Set

from unicorn import x86_const as x86

from emu.engine.records import FIXUP
from emu.engine.registers import RFLAGS, get, put
from emu.isa import Instruction
from emu.native import njit

NO_REGISTER = 0  # Unicorn's number for none
PF, ZF, SF = 0x4, 0x40, 0x80
# INSTRUCTION.mend
MEND_NOTHING, MEND_UPPER_HALF, MEND_ALL_BUT_ZF, MEND_NEGATION = range(4)
KEEP_ALL_BUT_ZF = frozenset(("cmpxchg8b", "cmpxchg16b"))


def mending(each: Instruction) -> tuple[int, tuple[int, int]]:
    """How to mend an instruction; Unicorn's numbers of the registers that keep their value if it sets ZF, and if it clears it."""
    if each.mnemonic in ("cmpxchg", "bsf", "bsr") and each.operands[0] in ("r32", "m32"):
        target = frozenset() if each.operands[0] == "m32" else each.writes - {"rax", "flags"} or {"rax"}
        if each.mnemonic != "cmpxchg":
            return _upper_half(target, frozenset())
        return _upper_half({"rax"} - target, target - {"rax"})
    if each.mnemonic in KEEP_ALL_BUT_ZF:
        return MEND_ALL_BUT_ZF, (NO_REGISTER, NO_REGISTER)
    if each.mnemonic == "neg" and each.locked:
        return MEND_NEGATION, (NO_REGISTER, NO_REGISTER)
    return MEND_NOTHING, (NO_REGISTER, NO_REGISTER)


def _upper_half(if_equal: Set[str], if_not: Set[str]) -> tuple[int, tuple[int, int]]:
    equal, different = (sum(getattr(x86, f"UC_X86_REG_{name.upper()}") for name in names) for names in (if_equal, if_not))
    return (MEND_UPPER_HALF if equal or different else MEND_NOTHING), (equal, different)


@njit
def keep(machine, core, instruction):  # type: ignore[no-untyped-def]
    """Remember what the instruction in flight, which has not run yet, must not change."""
    core.mend.pending = 1
    if instruction.mend == MEND_UPPER_HALF:
        for place in range(2):
            core.mend.kept[place] = get(machine, core, instruction.kept[place]) if instruction.kept[place] != NO_REGISTER else 0
    if instruction.mend > MEND_UPPER_HALF or instruction.traits & FIXUP:
        core.mend.flags = get(machine, core, RFLAGS)


@njit
def mend(machine, core, instruction):  # type: ignore[no-untyped-def]
    """Put right what the instruction in flight has done; of one that repeats itself, what its first element has done.

    True if the flags must become `core.mend.flags`, and Unicorn must be stopped for it: behind an instruction that sets lazy flags
    it takes their kind for known, whatever is put there while it runs.
    """
    if core.mend.pending == 0:
        return False
    core.mend.pending = 0
    if instruction.mend == MEND_UPPER_HALF:
        if (core.mend.kept[0] | core.mend.kept[1]) >> 32 != 0:  # otherwise it is zeros that Unicorn makes zeros of
            place = 0 if get(machine, core, RFLAGS) & ZF else 1
            if instruction.kept[place] != NO_REGISTER:
                put(machine, core, instruction.kept[place], core.mend.kept[place])
        return False
    flags = get(machine, core, RFLAGS)
    if instruction.mend == MEND_NEGATION:
        core.mend.flags = negation_flags(flags, core.access.value, core.access.size)
        return core.mend.flags != flags
    if instruction.mend == MEND_ALL_BUT_ZF:
        core.mend.flags = (core.mend.flags & ~ZF) | (flags & ZF)
    if instruction.mend != MEND_NOTHING and core.mend.flags != flags:
        put(machine, core, RFLAGS, core.mend.flags)
    return False


@njit
def mend_fault(machine, core):  # type: ignore[no-untyped-def]
    """A page fault has ended the instruction in flight: the flags are those before it, which Unicorn has lost if they were lazy."""
    if core.mend.pending != 0:
        core.mend.pending = 0
        put(machine, core, RFLAGS, core.mend.flags)


@njit
def negation_flags(flags, value, size):  # type: ignore[no-untyped-def]
    """The flags of a locked NEG whose result is `value`: Unicorn takes SF and PF from what was there before."""
    low = value ^ (value >> 4)
    even = (0x9669 >> (low & 0xF)) & 1  # bit n: n has an even number of ones
    return (flags & ~(SF | PF)) | (PF if even else 0) | (SF if (value >> (8 * size - 1)) & 1 else 0)
