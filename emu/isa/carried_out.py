"""Which instructions a core carries out as a processor does. What is not here is refused by name, whatever Unicorn makes of it.

`USER` are those that tests/cpu compares with the host processor; `SYSTEM` those that a user's program cannot show: they are
privileged, they end in an exception, or what they give is the machine's own. docs/cpu.md says what is known of all of them.
"""

from collections.abc import Collection

from emu.errors import UserError
from emu.isa.instruction import Instruction


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CONDITIONS = ("o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g")
STRINGS = frozenset(f"{name}{size}" for name in ("movs", "stos", "lods", "cmps", "scas") for size in "bwdq")
VECTOR_MOVES = _words(
    "movaps movups movapd movupd movdqa movdqu lddqu movd movq movss movsd movlps movhps movlpd movhpd movhlps movlhps "
    "movntps movntpd movntdq"
)
LOCKABLE = _words("add adc and btc btr bts cmpxchg cmpxchg8b cmpxchg16b dec inc neg not or sbb sub xor xadd xchg")
USER = (
    LOCKABLE
    | STRINGS
    | VECTOR_MOVES
    | {f"{kind}{each}" for kind in ("cmov", "set", "j") for each in CONDITIONS}
    | _words(
        "mov movabs movnti movzx movsx movsxd lea cmp test bt bsf bsr popcnt lzcnt tzcnt bswap mul imul div idiv "
        "shl sal shr sar rol ror rcl rcr shld shrd cbw cwde cdqe cwd cdq cqo clc stc cmc cld std lahf sahf "
        "push pop pushf pushfq popf popfq leave jmp jrcxz jecxz loop loope loopne call ret "
        "nop pause endbr64 mfence lfence sfence clflush prefetchw prefetcht0 prefetcht1 prefetcht2 prefetchnta"
    )
)
SYSTEM = _words(
    "cli sti hlt syscall sysret sysretq iretq retf retfq swapgs rdmsr wrmsr invlpg lgdt lidt ltr cpuid rdtsc "
    "ud2 int int3 fxsave fxsave64 fxrstor fxrstor64 fnclex emms fild"
)


def is_string(mnemonic: str, operands: Collection[str]) -> bool:
    """Whether it is a string instruction: two have the names of moves and comparisons of vector registers, too."""
    return mnemonic in STRINGS and "x" not in operands


class NotCarriedOut(UserError):
    """Occurs when no core carries an instruction out as a processor does; `objection` says why, without the place."""

    def __init__(self, each: Instruction, where: str, objection: str) -> None:
        """The message begins with `where`."""
        super().__init__(f"{where}: {each.text}: {objection}")
        self.address, self.objection = each.address, objection


def refuse_unknown(each: Instruction, where: str) -> None:
    """A `NotCarriedOut` that begins with `where` if no core carries an instruction out as a processor does."""
    if objection := _objection(each):
        raise NotCarriedOut(each, where, objection)


def _objection(each: Instruction) -> str:
    kinds = [operand[0] for operand in each.operands]
    if each.mnemonic not in USER | SYSTEM or (each.mnemonic not in VECTOR_MOVES and "x" in kinds):
        return f"emu does not carry out {each.mnemonic}: docs/cpu.md names what it does"
    if each.mnemonic != "mov" and {"s", "c"} & set(kinds):
        return f"emu does not carry out {each.mnemonic} with this kind of register"
    if each.locked and (each.mnemonic not in LOCKABLE or kinds[:1] != ["m"]):
        return "LOCK belongs to an instruction that reads, changes and writes memory: a processor faults here"
    if each.mnemonic == "bswap" and each.operands == ("r16",):
        return "the result of bswap with 16 bits is undefined"
    return ""
