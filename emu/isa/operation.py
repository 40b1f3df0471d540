"""What an instruction does, in the terms of the engine's interpreter: an operation, its operands, what it loads and stores.

The commonest forms of the commonest integer instructions have one; all others have none and are left to Unicorn.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from capstone import x86 as cs

# Operation.kind
(
    LEFT,  # to Unicorn
    MOVE, MOVE_SIGNED, ADDRESS,
    ADD, ADD_CARRY, SUBTRACT, SUBTRACT_BORROW, AND, OR, XOR, COMPARE, TEST, INCREMENT, DECREMENT, NEGATE, NOT,
    SHIFT_LEFT, SHIFT_RIGHT, SHIFT_SIGNED, MULTIPLY, BIT_TEST, BIT_SET, BIT_RESET, BIT_COMPLEMENT, SWAP_BYTES,
    JUMP_IF, JUMP, CALL, RETURN, PUSH, POP, LEAVE,
    EXCHANGE, EXCHANGE_ADD, COMPARE_EXCHANGE, WIDEN, SIGN_INTO_RDX, MOVE_IF, SET_IF, NOTHING,
    DOUBLE_LEFT, DOUBLE_RIGHT, FIRST_BIT, LAST_BIT, WIDE_MULTIPLY, WIDE_MULTIPLY_SIGNED, SELECTOR, DIRECTION_UP,
    PUSH_FLAGS, POP_FLAGS,
    # of these it has to be looked first whether they are done here
    STORE_STRING, MOVE_STRING, DIVIDE, DIVIDE_SIGNED, INTERRUPTS_OFF, INTERRUPTS_ON, SWAP_GS, WRITE_MSR, SYSTEM_RETURN,
) = range(60)  # fmt: skip
# Operation.target, .source and .destination; a register is its number in machine code
MEMORY, IMMEDIATE, NOWHERE = 64, 65, 66
HIGH = 32  # added to the number of a register whose second byte is meant
# Operation.base and .index
INSTRUCTION_POINTER, NO_REGISTER = 16, 17
# Operation.segment
FLAT, FS, GS = range(3)
# Operation.load and .store: the address of what is loaded, and stored
NO_ACCESS, AT_OPERAND, AT_STACK, BELOW_STACK, AT_FRAME, AT_RSI, AT_RDI = range(7)
CONDITIONS = ("o", "no", "b", "ae", "e", "ne", "be", "a", "s", "ns", "p", "np", "l", "ge", "le", "g")  # by number

REGISTERS: Mapping[str, tuple[int, int]] = {  # by name: number, bytes
    **{
        form.format(name): (number, size)
        for number, name in enumerate(("ax", "cx", "dx", "bx", "sp", "bp", "si", "di"))
        for form, size in (("r{}", 8), ("e{}", 4), ("{}", 2))
    },
    **{f"r{number}{suffix}": (number, size) for number in range(8, 16) for suffix, size in (("", 8), ("d", 4), ("w", 2), ("b", 1))},
    **{f"{name}l": (number, 1) for number, name in enumerate(("a", "c", "d", "b", "sp", "bp", "si", "di"))},
    **{f"{name}h": (number | HIGH, 1) for number, name in enumerate("acdb")},
}
_ARITHMETIC = {
    "add": ADD, "adc": ADD_CARRY, "sub": SUBTRACT, "sbb": SUBTRACT_BORROW, "and": AND, "or": OR, "xor": XOR, "cmp": COMPARE,
    "test": TEST,
    "xchg": EXCHANGE, "xadd": EXCHANGE_ADD, "cmpxchg": COMPARE_EXCHANGE, "mov": MOVE, "movabs": MOVE, "movzx": MOVE,
    "movsx": MOVE_SIGNED, "bsf": FIRST_BIT, "bsr": LAST_BIT, "movsxd": MOVE_SIGNED, "lea": ADDRESS,
    "bt": BIT_TEST, "bts": BIT_SET, "btr": BIT_RESET, "btc": BIT_COMPLEMENT,
}  # fmt: skip
_ONE_OPERAND = {"inc": INCREMENT, "dec": DECREMENT, "neg": NEGATE, "not": NOT, "bswap": SWAP_BYTES}
_WIDE = {"mul": WIDE_MULTIPLY, "imul": WIDE_MULTIPLY_SIGNED, "div": DIVIDE, "idiv": DIVIDE_SIGNED}
_DOUBLE_SHIFTS = {"shld": DOUBLE_LEFT, "shrd": DOUBLE_RIGHT}
_SELECTORS = ("es", "cs", "ss", "ds", "fs", "gs")
_SHIFTS = {"shl": SHIFT_LEFT, "sal": SHIFT_LEFT, "shr": SHIFT_RIGHT, "sar": SHIFT_SIGNED}
_WIDENS = {
    "cbw": (WIDEN, 2),
    "cwde": (WIDEN, 4),
    "cdqe": (WIDEN, 8),
    "cwd": (SIGN_INTO_RDX, 2),
    "cdq": (SIGN_INTO_RDX, 4),
    "cqo": (SIGN_INTO_RDX, 8),
}
_NO_OPERANDS = {
    "cld": DIRECTION_UP, "cli": INTERRUPTS_OFF, "sti": INTERRUPTS_ON, "swapgs": SWAP_GS,
    "wrmsr": WRITE_MSR, "sysretq": SYSTEM_RETURN,
    **dict.fromkeys(("pause", "endbr64", "mfence", "lfence", "sfence"), NOTHING),
}  # fmt: skip
_HINTS = frozenset(("nop", "prefetchw", "prefetcht0", "prefetcht1", "prefetcht2", "prefetchnta", "clflush"))
_WRITES_NO_TARGET = frozenset((COMPARE, TEST, BIT_TEST))
_STRINGS = {
    f"{name}{suffix}": (kind, size)
    for name, kind in (("stos", STORE_STRING), ("movs", MOVE_STRING))
    for suffix, size in zip("bwdq", (1, 2, 4, 8), strict=True)
}
REPEATS = 1  # Operation.condition of a string instruction


@dataclass(frozen=True, slots=True)
class Operation:
    """One instruction for the interpreter."""

    kind: int = LEFT
    size: int = 8  # bytes of the target
    source_size: int = 8
    load_size: int = 8
    target: int = NOWHERE
    source: int = NOWHERE
    destination: int = NOWHERE  # of the result
    base: int = NO_REGISTER
    index: int = NO_REGISTER
    scale: int = 0  # the index is shifted so far
    segment: int = FLAT
    condition: int = 0
    load: int = NO_ACCESS
    store: int = NO_ACCESS
    displacement: int = 0
    immediate: int = 0  # or how far a direct branch goes, from the instruction behind it


NONE = Operation()


def operation_of(each: Any, mnemonic: str) -> Operation:
    """The operation of Capstone's instruction, `NONE` if it is left to Unicorn; `mnemonic` is without prefixes."""
    if _is_unusual(each, mnemonic):
        return _selector(each, mnemonic) or NONE
    for find in (_simple, _stack, _branch, _string, _conditional, _shift, _wide, _two_operands):
        if found := find(each, mnemonic):
            return found
    return NONE


def _is_unusual(each: Any, mnemonic: str) -> bool:
    """Whether an operand is of a kind, or an address of a size, that the interpreter does not know."""
    if 0x67 in each.prefix or (0xF2 in each.prefix and mnemonic not in _STRINGS and mnemonic[0] not in "jcr"):
        return True
    for operand in each.operands:
        if operand.type == cs.X86_OP_REG and each.reg_name(operand.reg) not in REGISTERS:
            return True
        if operand.type not in (cs.X86_OP_REG, cs.X86_OP_IMM, cs.X86_OP_MEM) or (operand.size > 8 and mnemonic not in _HINTS):
            return True
        names = (
            [each.reg_name(part) for part in (operand.mem.base, operand.mem.index) if part] if operand.type == cs.X86_OP_MEM else []
        )
        if any(name not in ("rip", "riz") and REGISTERS.get(name, (0, 0))[1] != 8 for name in names):
            return True
    return False


def _signed(value: int) -> int:
    value &= 2**64 - 1
    return value - 2**64 if value >> 63 else value


def _place(each: Any, operand: Any) -> int:
    """Where an operand is."""
    if operand.type == cs.X86_OP_REG:
        return REGISTERS[each.reg_name(operand.reg)][0]
    return MEMORY if operand.type == cs.X86_OP_MEM else IMMEDIATE


def _address(each: Any) -> dict[str, int]:
    """The fields of the one operand that is in memory, if there is one."""
    for operand in each.operands:
        if operand.type != cs.X86_OP_MEM:
            continue
        mem = operand.mem
        base = each.reg_name(mem.base) if mem.base else ""
        index = each.reg_name(mem.index) if mem.index else ""
        segment = each.reg_name(mem.segment) if mem.segment else ""
        return {
            "base": INSTRUCTION_POINTER if base == "rip" else REGISTERS[base][0] if base else NO_REGISTER,
            "index": REGISTERS[index][0] if index in REGISTERS else NO_REGISTER,
            "scale": (mem.scale or 1).bit_length() - 1,
            "segment": {"fs": FS, "gs": GS}.get(segment, FLAT),
            "displacement": _signed(mem.disp),
        }
    return {}


def _immediate(each: Any) -> int:
    return next((_signed(operand.imm) for operand in each.operands if operand.type == cs.X86_OP_IMM), 0)


def _simple(each: Any, mnemonic: str) -> Operation | None:
    if mnemonic in _HINTS or (mnemonic in _NO_OPERANDS and not each.operands):
        return Operation(_NO_OPERANDS.get(mnemonic, NOTHING))
    if mnemonic in _WIDENS:
        kind, size = _WIDENS[mnemonic]
        return Operation(kind, size)
    if mnemonic in _ONE_OPERAND:
        return _changing(each, _ONE_OPERAND[mnemonic])
    return None


def _changing(each: Any, kind: int, **fields: int) -> Operation:
    """An instruction that reads and writes its first operand."""
    target = _place(each, each.operands[0])
    access = AT_OPERAND if target == MEMORY else NO_ACCESS
    size = each.operands[0].size
    return Operation(kind, size, size, size, target, destination=target, load=access, store=access, **_address(each), **fields)


def _stack(each: Any, mnemonic: str) -> Operation | None:
    if 0x66 in each.prefix:
        return None
    if mnemonic == "push":
        source = _place(each, each.operands[0])
        load = AT_OPERAND if source == MEMORY else NO_ACCESS
        return Operation(
            PUSH, source=source, destination=MEMORY, load=load, store=BELOW_STACK, immediate=_immediate(each), **_address(each)
        )
    if mnemonic == "pop" and each.operands[0].type == cs.X86_OP_REG:
        return Operation(POP, destination=_place(each, each.operands[0]), load=AT_STACK)
    if mnemonic == "leave":
        return Operation(LEAVE, load=AT_FRAME)
    if mnemonic == "pushfq":
        return Operation(PUSH_FLAGS, destination=MEMORY, store=BELOW_STACK)
    if mnemonic == "popfq":
        return Operation(POP_FLAGS, load=AT_STACK)
    return None


def _branch(each: Any, mnemonic: str) -> Operation | None:
    if mnemonic == "ret" and 0x66 not in each.prefix:
        return Operation(RETURN, load=AT_STACK, immediate=_immediate(each))
    if mnemonic in ("jmp", "call"):
        source = _place(each, each.operands[0])
        far = _signed(each.operands[0].imm - each.address - each.size) if source == IMMEDIATE else 0
        load = AT_OPERAND if source == MEMORY else NO_ACCESS
        if mnemonic == "jmp":
            return Operation(JUMP, source=source, load=load, immediate=far, **_address(each))
        return Operation(CALL, source=source, destination=MEMORY, load=load, store=BELOW_STACK, immediate=far, **_address(each))
    if mnemonic[0] == "j" and mnemonic[1:] in CONDITIONS:
        far = _signed(each.operands[0].imm - each.address - each.size)
        return Operation(JUMP_IF, condition=CONDITIONS.index(mnemonic[1:]), immediate=far)
    return None


def _string(each: Any, mnemonic: str) -> Operation | None:
    if mnemonic not in _STRINGS or each.prefix[1] != 0:
        return None
    kind, size = _STRINGS[mnemonic]
    load = AT_RSI if kind == MOVE_STRING else NO_ACCESS
    repeats = REPEATS if each.prefix[0] in (0xF2, 0xF3) else 0
    return Operation(kind, size, size, size, destination=MEMORY, load=load, store=AT_RDI, condition=repeats)


def _conditional(each: Any, mnemonic: str) -> Operation | None:
    if mnemonic.startswith("cmov") and mnemonic[4:] in CONDITIONS:
        target, source = (_place(each, operand) for operand in each.operands)
        load = AT_OPERAND if source == MEMORY else NO_ACCESS
        size, condition = each.operands[0].size, CONDITIONS.index(mnemonic[4:])
        return Operation(MOVE_IF, size, size, size, target, source, target, condition=condition, load=load, **_address(each))
    if mnemonic.startswith("set") and mnemonic[3:] in CONDITIONS:
        target = _place(each, each.operands[0])
        store = AT_OPERAND if target == MEMORY else NO_ACCESS
        return Operation(
            SET_IF, 1, 1, 1, target, destination=target, condition=CONDITIONS.index(mnemonic[3:]), store=store, **_address(each)
        )
    return None


def _shift(each: Any, mnemonic: str) -> Operation | None:
    if mnemonic not in _SHIFTS:
        return None
    by_cl = len(each.operands) > 1 and each.operands[1].type == cs.X86_OP_REG
    count = each.operands[1].imm if len(each.operands) > 1 and not by_cl else 1
    return _changing(each, _SHIFTS[mnemonic], source=REGISTERS["cl"][0] if by_cl else IMMEDIATE, immediate=0 if by_cl else count)


def _wide(each: Any, mnemonic: str) -> Operation | None:
    """Of twice as many bits as an operand has."""
    size = each.operands[0].size if each.operands else 0
    if mnemonic in _DOUBLE_SHIFTS and size > 2:
        by_cl = each.operands[2].type == cs.X86_OP_REG
        count = 0 if by_cl else each.operands[2].imm
        return _changing(
            each, _DOUBLE_SHIFTS[mnemonic], source=_place(each, each.operands[1]), condition=int(by_cl), immediate=count
        )
    if mnemonic not in _WIDE or len(each.operands) != 1 or size < 4:
        return None
    source, kind = _place(each, each.operands[0]), _WIDE[mnemonic]
    if source != MEMORY:
        return Operation(kind, size, size, size, source=source)
    return Operation(kind, size, size, size, source=source, load=AT_OPERAND, **_address(each)) if kind < STORE_STRING else None


def _selector(each: Any, mnemonic: str) -> Operation | None:
    """What a segment register has selected."""
    if mnemonic != "mov" or any(operand.type != cs.X86_OP_REG for operand in each.operands):
        return None
    target, source = (each.reg_name(operand.reg) for operand in each.operands)
    if source not in _SELECTORS or target not in REGISTERS:
        return None
    number, size = REGISTERS[target]
    return Operation(SELECTOR, size, size, size, destination=number, condition=_SELECTORS.index(source))


def _two_operands(each: Any, mnemonic: str) -> Operation | None:
    operands = each.operands
    if mnemonic == "imul" and len(operands) > 1:
        return _multiply(each)
    if mnemonic not in _ARITHMETIC or len(operands) != 2:
        return None
    kind, (target, source) = _ARITHMETIC[mnemonic], (_place(each, operand) for operand in operands)
    fields = _address(each)
    if kind == EXCHANGE and source == MEMORY:
        target, source = source, target
    load, store = NO_ACCESS, NO_ACCESS
    if kind != ADDRESS and MEMORY in (target, source):
        load = NO_ACCESS if kind == MOVE and target == MEMORY else AT_OPERAND
        store = NO_ACCESS if target != MEMORY or kind in _WRITES_NO_TARGET else AT_OPERAND
    size = operands[0].size
    source_size = operands[1].size if operands[1].type != cs.X86_OP_IMM else size
    load_size = size if target == MEMORY else source_size
    destination = NOWHERE if kind in _WRITES_NO_TARGET else target
    return Operation(
        kind,
        size,
        source_size,
        load_size,
        target,
        source,
        destination,
        load=load,
        store=store,
        immediate=_immediate(each),
        **fields,
    )


def _multiply(each: Any) -> Operation:
    """Of two operands, or of three: then the second one is multiplied by the third, which is a constant."""
    target, source = (_place(each, operand) for operand in each.operands[:2])
    load = AT_OPERAND if source == MEMORY else NO_ACCESS
    size = each.operands[0].size
    by_constant = len(each.operands) == 3
    return Operation(
        MULTIPLY,
        size,
        size,
        size,
        target,
        source,
        target,
        condition=int(by_constant),
        load=load,
        immediate=_immediate(each),
        **_address(each),
    )
