"""One instruction of a litmus test, in AT&T or Intel order, as a statement in Intel syntax for Keystone.

A statement names a location as `{x}` and a label as `{:L0}`; `{:}` is the end of the thread. `emu.litmus.program` puts numbers
and labels of its own there.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from emu.errors import UserError
from emu.litmus.mnemonics import (
    ACCESS,
    BYTES,
    EXTENSION,
    IGNORED_PREFIXES,
    LOCKED,
    MEMORY_FIRST,
    NO_OPERATION,
    OF_A_KERNEL,
    OTHER_NAMES,
    OTHER_PREFIXES,
    PREFIXES,
    REPEAT_BYTES,
    RETURN,
    SHIFTS,
    SIZED,
    SUFFIXES,
)
from emu.litmus.operand import (
    POINTERS,
    Immediate,
    Memory,
    Name,
    Operand,
    RegisterOperand,
    parse_operand,
    split_operands,
)
from emu.litmus.registers import GENERAL, OTHERS, sized
from emu.litmus.scope import ACCESS_BYTES_MAX, DEFAULT_BYTES, Scope, check_fit

_MNEMONIC = re.compile(r"[a-z][a-z0-9]*")
_NUMBER = re.compile(r"\$.*|[+-]?[0-9][0-9a-fA-FxX]*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Statement:
    """`text` for Keystone, and the labels that it jumps to."""

    text: str
    targets: tuple[str, ...] = ()


def order_of(instructions: Iterable[str], architecture: str) -> str:
    """Order of the operands in a test, `att` or `intel`.

    The numbers in it decide, then how its operands look, and where that tells nothing or two things, the header.
    """
    texts = list(instructions)
    for order in (_order_by_numbers, _order_by_look):
        seen = {each for text in texts if (each := order(text))}
        if len(seen) == 1:
            return seen.pop()
    return "intel" if architecture == "X86" else "att"


def _order_by_numbers(text: str) -> str | None:
    """A number is never the target of an instruction."""
    operands = split_operands(text.partition(" ")[2])
    numbers = [bool(_NUMBER.fullmatch(each)) for each in operands]
    if len(operands) < 2 or numbers[0] == numbers[-1]:
        return None
    return "att" if numbers[0] else "intel"


def _order_by_look(text: str) -> str | None:
    if "%" in text:
        return "att"
    return "intel" if re.search(r"\bptr\b", text, re.IGNORECASE) else None


def translate(text: str, order: str, thread: int, scope: Scope) -> Statement:
    """One instruction as a statement; what cannot be understood is a `UserError` without a place."""
    prefixes, words = _prefixes(text.replace(";", " ").split())
    mnemonic = words[0].lower()
    mnemonic = OTHER_NAMES.get(mnemonic, mnemonic)
    if special := _special(mnemonic, prefixes, " ".join(words[1:])):
        return special
    operands = [parse_operand(each) for each in split_operands(" ".join(words[1:]))]
    _check_looked_at(mnemonic, operands)
    order = _order_by_numbers(" ".join(words)) or order
    if order == "att":
        operands.reverse()
    operands = [_located(each, order) for each in operands]
    name, operands = _settle(mnemonic, operands, thread, scope)
    if "lock" in prefixes and not (name in LOCKED and isinstance(operands[0], Memory)):
        raise UserError("LOCK belongs to an instruction that reads, changes and writes memory: a processor faults here")
    return Statement(" ".join((*prefixes, name, ", ".join(map(_written, operands)))).strip())


def _check_looked_at(mnemonic: str, operands: list[Operand]) -> None:
    """Refuse what no final state and no comparison of states would show."""
    if mnemonic in OF_A_KERNEL:
        raise UserError(f"{mnemonic} belongs to a kernel: a litmus test is about general and vector registers and memory")
    if other := next((each.name for each in operands if isinstance(each, RegisterOperand) and each.name in OTHERS), None):
        raise UserError(f"{other} is no register of a litmus test: wanted a general one, or xmm0 to xmm15")


def _prefixes(words: list[str]) -> tuple[list[str], list[str]]:
    """The prefixes of an instruction, and its name with its operands."""
    prefixes = []
    while len(words) > 1 and words[0].lower() in PREFIXES | IGNORED_PREFIXES:
        word = words.pop(0).lower()
        if word in PREFIXES:
            prefixes.append(word)
    first = words[0].lower()
    if first in PREFIXES | IGNORED_PREFIXES:
        raise UserError(f"{words[0]} stands in front of an instruction, here is none")
    if first in OTHER_PREFIXES or any(word.lower() in PREFIXES for word in words[1:-1]):
        raise UserError(f"{words[0]} has no place in front of an instruction: wanted {', '.join(sorted(PREFIXES))} or nothing")
    if not _MNEMONIC.fullmatch(first):  # not even a question to Keystone, which has directives, and never answers some
        raise UserError(f"{words[0]!r} is no instruction")
    return prefixes, words


def _special(mnemonic: str, prefixes: list[str], rest: str) -> Statement | None:
    """Instructions whose operands are none, or labels."""
    if mnemonic in RETURN:
        return Statement("jmp {:}", ("",))
    if mnemonic in NO_OPERATION:  # one with an operand is wrong in Keystone, and does nothing
        return Statement("pause" if prefixes else "nop")
    if mnemonic in BYTES and not rest:
        return Statement(".byte " + ", ".join([*(REPEAT_BYTES[prefix] for prefix in prefixes), BYTES[mnemonic]]))
    if mnemonic.startswith("call"):
        raise UserError("a call has no place in a litmus test: write the code of the routine here")
    if mnemonic[0] == "j" or mnemonic.startswith("loop"):
        target = rest.strip()
        if not re.fullmatch(r"[\w.$/-]+", target):
            raise UserError(f"{mnemonic} wants a label of this thread, got {target!r}")
        return Statement(f"{mnemonic} {{:{target}}}", (target,))
    return None


def _located(operand: Operand, order: str) -> Operand:
    """AT&T writes a location without brackets too; in Intel order that could be its address as well as its value."""
    if isinstance(operand, Memory) and operand.base == "rip":
        if operand.symbol is None:
            raise UserError("an address relative to rip must name a location")
        operand = replace(operand, base=None)
    if isinstance(operand, Name):
        if order == "intel":
            raise UserError(f"{operand.name} is no register: a location is [{operand.name}], its address ${operand.name}")
        operand = Memory(symbol=operand.name)
    if isinstance(operand, Memory) and operand.symbol is None:
        names = [name for name in (operand.base, operand.index) if name]
        if not names:
            raise UserError(f"{operand.displacement:#x} is an address of no location: name one")
    return operand


def _settle(mnemonic: str, operands: list[Operand], thread: int, scope: Scope) -> tuple[str, list[Operand]]:
    """Intel mnemonic and operands in Intel order, with sizes."""
    if match := EXTENSION.fullmatch(mnemonic):
        if len(operands) != 2:
            raise UserError(f"{mnemonic} has two operands, not {len(operands)}")
        sign, narrow, wide = match.groups()
        name = "movsxd" if (sign, narrow) == ("s", "l") else f"mov{sign}x"
        target = _sized(operands[0], SUFFIXES[wide])
        source = _sized(operands[1], SUFFIXES[narrow])
        _note([source], thread, scope, SUFFIXES[narrow])
        return name, [target, source]
    name, suffix = _suffix(mnemonic, operands)
    if name in MEMORY_FIRST and len(operands) == 2 and isinstance(operands[1], Memory):
        operands.reverse()
    if name.startswith("cmov") and len(operands) == 2 and isinstance(operands[0], Memory):
        operands.reverse()
    if name not in SIZED:
        _note(operands, thread, scope, _other_size(name, operands))
        return name, operands
    fixed = operands[1:] if name in SHIFTS and operands[1:] else []
    if suffix is not None:
        operands = [each if _is_count(each, fixed) else _sized(each, suffix) for each in operands]
    size = suffix or _size(name, operands, fixed, thread, scope)
    for each in operands:
        if isinstance(each, Immediate) and each.symbol is None:
            check_fit(each.number, size, f"an operand of {mnemonic}")
    _note(operands, thread, scope, 0 if name == "lea" else size)
    if name != "lea":
        operands = [replace(each, size=each.size or size) if isinstance(each, Memory) else each for each in operands]
    return name, operands


def _suffix(mnemonic: str, operands: list[Operand]) -> tuple[str, int | None]:
    """Name of an instruction and the size that its last letter gives."""
    vector = any(isinstance(each, RegisterOperand) and each.name not in GENERAL for each in operands)
    if mnemonic not in SIZED and mnemonic[:-1] in SIZED and mnemonic[-1] in SUFFIXES and not vector:
        return mnemonic[:-1], SUFFIXES[mnemonic[-1]]
    return mnemonic, None


def _is_count(operand: Operand, fixed: list[Operand]) -> bool:
    return operand == RegisterOperand("cl") and bool(fixed) and operand is fixed[-1]


def _sized(operand: Operand, size: int) -> Operand:
    """A general register as its part of `size` bytes, a memory operand with that size."""
    if isinstance(operand, RegisterOperand) and operand.name in GENERAL:
        return RegisterOperand(sized(operand.name, size))
    if isinstance(operand, Memory):
        return replace(operand, size=size)
    return operand


def _size(name: str, operands: list[Operand], fixed: list[Operand], thread: int, scope: Scope) -> int:
    """Size of an access that no suffix gives: a written one, a register's, the location's type, else 4."""
    for each in operands:
        if isinstance(each, Memory) and each.size:
            return each.size
    for each in operands:
        if isinstance(each, RegisterOperand) and each.name in GENERAL and not _is_count(each, fixed):
            return GENERAL[each.name].size
    if name in ("push", "pop"):
        return 8
    for each in operands:
        if isinstance(each, Memory):
            location = each.symbol or scope.pointee(thread, each.base or "")
            return (scope.declared_size(location) if location else None) or DEFAULT_BYTES
    return 8


def _other_size(name: str, operands: list[Operand]) -> int:
    """What an instruction of another kind reaches in memory, as far as that is known; a wide one counts as 8 bytes."""
    written = next((each.size for each in operands if isinstance(each, Memory) and each.size), None)
    registers = [each.name for each in operands if isinstance(each, RegisterOperand)]
    wide = ACCESS_BYTES_MAX if registers and registers[0] not in GENERAL else 0
    return written or ACCESS.get(name, GENERAL[registers[0]].size if registers and not wide else wide)


def _note(operands: list[Operand], thread: int, scope: Scope, size: int) -> None:
    """Tell the scope which locations an instruction names, and how much of them it reaches."""
    for each in operands:
        if isinstance(each, Immediate) and each.symbol:
            scope.mention(each.symbol)
        if isinstance(each, Memory):
            if each.symbol:
                scope.mention(each.symbol, size and each.displacement + size)
            elif each.base and (location := scope.pointee(thread, each.base)):
                scope.mention(location, size and each.displacement + size)


def _written(operand: Operand) -> str:
    if isinstance(operand, RegisterOperand):
        return operand.name
    if isinstance(operand, Immediate):
        if operand.symbol is None:
            return hex(operand.number)
        return f"{{{operand.symbol}}}{_offset(operand.number)}"
    assert isinstance(operand, Memory)
    return _address(operand)


def _address(operand: Memory) -> str:
    """An absolute address has an index register that is none: otherwise Keystone makes it relative to RIP."""
    terms = [term for term in (operand.base, f"{operand.index}*{operand.scale:#x}" if operand.index else None) if term]
    if operand.symbol:
        terms = [*(terms or ["riz*0x1"]), f"{{{operand.symbol}}}"]
    size = next((f"{name} ptr " for name, size in POINTERS.items() if size == operand.size), "")
    return f"{size}[{' + '.join(terms)}{_offset(operand.displacement)}]"


def _offset(number: int) -> str:
    return "" if number == 0 else f" {'-' if number < 0 else '+'} {abs(number):#x}"
