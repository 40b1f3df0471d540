"""Operands of an instruction, in AT&T or Intel writing: what they are does not depend on their order."""

import re
from dataclasses import dataclass, replace

from emu.errors import UserError
from emu.litmus.lexer import DIGITS_MAX
from emu.litmus.registers import GENERAL, OTHERS, VECTOR, sized

POINTERS = {"byte": 1, "word": 2, "dword": 4, "qword": 8, "xmmword": 16}
_POINTER = re.compile(rf"({'|'.join(POINTERS)})\s+(?:ptr\b\s*)?", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?\s*(?:0[xX][0-9a-fA-F]+|[0-9]+)")
_NAME = re.compile(r"[A-Za-z_.$][A-Za-z0-9_.$/-]*")
_MEMORY = re.compile(r"([^()\[\]]*)(?:\(([^()\[\]]*)\)|\[([^()\[\]]*)\])")
_TERM = re.compile(
    r"\s*(?P<sign>[+-]?)\s*(?P<term>0[xX][0-9a-fA-F]+|[0-9]+|%?[A-Za-z_.$](?:[A-Za-z0-9_.$/]|-(?=[A-Za-z_]))*)"
    r"\s*(?:\*\s*(?P<factor>%?[A-Za-z0-9]+)\s*)?"
)


@dataclass(frozen=True, slots=True)
class RegisterOperand:
    """A register by its Intel name, in lower case."""

    name: str


@dataclass(frozen=True, slots=True)
class Immediate:
    """A number, plus the address of `symbol` if there is one."""

    number: int
    symbol: str | None = None


@dataclass(frozen=True, slots=True)
class Memory:
    """An address: location, displacement, base, index times scale; `size` is that of a written `dword ptr`."""

    symbol: str | None = None
    displacement: int = 0
    base: str | None = None
    index: str | None = None
    scale: int = 1
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Name:
    """A bare word that is no register: a label or a location."""

    name: str


Operand = RegisterOperand | Immediate | Memory | Name


def split_operands(text: str) -> list[str]:
    """The operands of an instruction: commas inside brackets part none."""
    if not text.strip():
        return []
    parts, depth = [""], 0
    for sign in text:
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]


def parse_operand(text: str) -> Operand:
    """One operand; what cannot be understood is a `UserError` without a place."""
    pointer = _POINTER.match(text)
    size = POINTERS[pointer.group(1).lower()] if pointer else None
    rest = text[pointer.end() :] if pointer else text
    if register := _register(rest):
        return RegisterOperand(register)
    if rest.startswith("$") or rest.lower().startswith("offset "):
        return _immediate(rest.removeprefix("$") if rest[0] == "$" else rest[6:], text)
    if _NUMBER.fullmatch(rest):
        return Immediate(to_number(rest))
    if match := _MEMORY.fullmatch(rest):
        return replace(_memory(match.group(1).strip(), match.group(2) or match.group(3) or "", text), size=size)
    if rest.startswith("%"):
        raise UserError(f"{rest} is no register")
    if _NAME.fullmatch(rest):
        return Memory(symbol=rest, size=size) if pointer else Name(rest)
    if "+" in rest:
        return replace(_sum(rest, text), size=size)
    raise UserError(f"{text!r} is no operand: wanted a register, $1, [x], (x), 4(%rax) or the like")


def to_number(text: str) -> int:
    """A number with or without sign, decimal or hex."""
    digits = "".join(text.split()).lower()
    if len(digits) > DIGITS_MAX:
        raise UserError(f"a number has at most {DIGITS_MAX} digits, this one {len(digits)}")
    return int(digits, 16 if "x" in digits else 10)


def _register(text: str) -> str | None:
    name = text.removeprefix("%").strip().lower()
    return name if name in GENERAL or name in VECTOR or name in OTHERS else None


def _immediate(text: str, whole: str) -> Immediate:
    total = _sum(text.strip(), whole)
    if total.base or total.index:
        raise UserError(f"{whole!r} must be a number or the address of a location")
    return Immediate(total.displacement, total.symbol)


def _memory(outside: str, inside: str, whole: str) -> Memory:
    if ":" in outside:
        raise UserError(f"{whole!r}: a litmus test has no segments: leave {outside.partition(':')[0]}: out")
    outer = _sum(outside, whole) if outside else Memory()
    if outer.base or outer.index:
        raise UserError(f"{whole!r} is no address: a register belongs into the brackets")
    inner = _att(inside, whole) if "," in inside else _sum(inside, whole)
    if outer.symbol and inner.symbol:
        raise UserError(f"{whole!r} must name one location")
    return replace(inner, symbol=outer.symbol or inner.symbol, displacement=outer.displacement + inner.displacement)


def _att(inside: str, whole: str) -> Memory:
    """`base,index,scale`."""
    base, index, *scale = (part.strip() for part in inside.split(","))
    if len(scale) > 1:
        raise UserError(f"{whole!r}: an address has base, index and scale")
    return Memory(
        base=_address(base, whole) if base else None,
        index=_address(index, whole) if index else None,
        scale=_scale(scale[0], whole) if scale else 1,
    )


def _scale(text: str, whole: str) -> int:
    if text not in ("1", "2", "4", "8"):
        raise UserError(f"{whole!r}: an index is taken times 1, 2, 4 or 8, not {text}")
    return int(text)


def _address(text: str, whole: str) -> str:
    """The 64-bit name of a register that holds an address."""
    name = text.removeprefix("%").lower()
    if not _is_address(text):
        raise UserError(f"{whole!r}: {text} is no register of 32 or 64 bits")
    return name if name == "rip" else sized(name, 8)


def _is_address(text: str) -> bool:
    name = text.removeprefix("%").lower()
    return name == "rip" or (name in GENERAL and GENERAL[name].size >= 4)


def _sum(text: str, whole: str) -> Memory:
    """`rax + rbx*4 + x - 8`, in any order."""
    found = Memory()
    at = 0
    while at < len(text):
        match = _TERM.match(text, at)
        if match is None or (at > 0 and not match.group("sign")):
            raise UserError(f"{whole!r} is no sum of registers, a location and numbers")
        found = _add(found, match.group("sign") == "-", match.group("term"), match.group("factor"), whole)
        at = match.end()
    return found


def _add(found: Memory, minus: bool, term: str, factor: str | None, whole: str) -> Memory:
    if factor is not None:
        index, scale = (factor, term) if _NUMBER.fullmatch(term) else (term, factor)
        if found.index or minus:
            raise UserError(f"{whole!r} must have one index, added")
        return replace(found, index=_address(index, whole), scale=_scale(scale, whole))
    if _NUMBER.fullmatch(term):
        return replace(found, displacement=found.displacement + (-to_number(term) if minus else to_number(term)))
    if minus:
        raise UserError(f"{whole!r}: only a number can be subtracted")
    if _is_address(term):
        if found.base is None:
            return replace(found, base=_address(term, whole))
        if found.index is None:
            return replace(found, index=_address(term, whole))
        raise UserError(f"{whole!r}: an address has a base and an index, no third register")
    if term.startswith("%"):
        raise UserError(f"{term} is no register that can hold an address")
    if found.symbol:
        raise UserError(f"{whole!r} must name one location")
    return replace(found, symbol=term)
