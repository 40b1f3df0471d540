"""Names of constants become numbers before Keystone 0.9.2 sees them.

It keeps only the last symbol of a sum inside brackets, without a word, and a `.set` of one file reaches into the next. So each
statement's struct offsets, globals and `.set` names are resolved here; what is left in an address must be registers (or, with
RIP, one label), and anything else is refused: silence here would be a wrong address there.
"""

import ast
import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from emu.errors import UserError

REGISTERS = frozenset(
    [f"{width}{name}" for width in "re" for name in ("ax", "bx", "cx", "dx", "si", "di", "bp", "sp")]
    + [f"r{number}{width}" for number in range(8, 16) for width in ("", "d")]
    + ["rip", "riz"]
)
MEMORY = re.compile(r"\[([^\]]*)\]")
SET = re.compile(r"^\.(?:set|equ)\s+([A-Za-z_.][\w.]*)\s*,\s*(.+)$")
_WORD = re.compile(r"(?<![\w.\\])[A-Za-z_][\w.]*")
_ARGUMENT = re.compile(r"\\(\w+)")  # of a macro
_MARK = "_argument_"
_OPERATIONS: Mapping[type[ast.operator], Callable[[int, int], int]] = {
    ast.Mult: lambda a, b: a * b,
    ast.LShift: lambda a, b: a << _shift(b),
    ast.RShift: lambda a, b: a >> _shift(b),
    ast.BitOr: lambda a, b: a | b,
    ast.BitAnd: lambda a, b: a & b,
}

Terms = list[tuple[str, int]]  # unknown names, each with its factor


def _shift(count: int) -> int:
    """A count that no result is too large for."""
    if not 0 <= count < 64:
        raise ValueError(count)
    return count


def fold(path: Path, lines: list[tuple[int, str]], values: Mapping[str, int]) -> list[tuple[int, str]]:
    """Statements of a file with numbers for `values` and for its own `.set` names, which have one value from top to bottom.

    `[rdi + TASK_se + SE_vruntime]` becomes `[rdi + 0xd0]`. An unknown or ambiguous name is a `UserError` with file and line.
    """
    known = {**values, **_own_constants(path, lines, values)}
    return [(number, _statement(line, known, f"{path}:{number}")) for number, line in lines if not SET.match(line)]


def _own_constants(path: Path, lines: list[tuple[int, str]], values: Mapping[str, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for number, line in lines:
        if match := SET.match(line):
            name, expression = match.groups()
            if name in found or name in values:
                raise UserError(f"{path}:{number}: {name} has a value already: a name has one value in a file")
            try:
                rest, found[name] = _sum(expression, {**values, **found})
            except ValueError:
                raise UserError(f"{path}:{number}: {expression} must be a number made of names and hex numbers") from None
            if rest:
                raise UserError(f"{path}:{number}: {rest[0][0]} in the value of {name} is not defined above or elsewhere")
    return found


def _statement(line: str, known: Mapping[str, int], where: str) -> str:
    line = MEMORY.sub(lambda match: f"[{_operand(match.group(1), known, where)}]", line)
    return _WORD.sub(lambda match: _number(known[match.group()]) if match.group() in known else match.group(), line)


def _number(value: int) -> str:
    return hex(value) if value >= 0 else f"({hex(value)})"


def _operand(inside: str, known: Mapping[str, int], where: str) -> str:
    try:
        rest, total = _sum(inside, known)
    except ValueError:
        raise UserError(f"{where}: [{inside}] must be a sum of registers, register*scale, names and hex numbers") from None
    registers = [name for name, _ in rest if name in REGISTERS or name.startswith(_MARK)]
    labels = [name for name, _ in rest if name not in registers]
    if any(factor not in (1, 2, 4, 8) for _, factor in rest) or len(registers) > 2:
        raise UserError(f"{where}: [{inside}] must have a base, an index times 1, 2, 4 or 8, or both")
    if labels and ("rip" not in registers or len(labels) > 1):
        raise UserError(f"{where}: {labels[0]} in [{inside}] is neither a struct offset, a global nor a .set name of this file")
    if "rip" in registers and not labels:
        raise UserError(f"{where}: [{inside}] must name a code label; a global is absolute: write it without rip")
    signed = (total + 2**63) % 2**64 - 2**63
    if not -(2**31) <= signed < 2**31:
        raise UserError(f"{where}: [{inside}] is at {signed:#x}: a displacement has 32 bits, with sign")
    text = " + ".join(name if factor == 1 and name != "riz" else f"{name}*{factor:#x}" for name, factor in rest)
    text = text.replace(_MARK, "\\")
    if "riz" in registers:  # the form that Keystone encodes as an absolute displacement
        return f"{text} + {signed % 2**64:#x}"
    return text if signed == 0 else f"{text} {'-' if signed < 0 else '+'} {abs(signed):#x}"


def _sum(text: str, known: Mapping[str, int]) -> tuple[Terms, int]:
    """An expression as unknown names and a constant; `ValueError` if it is not linear in the unknown names, or too deep."""
    try:
        return _value(_parse(text), known)
    except (RecursionError, MemoryError):  # the parser calls the same by two names
        raise ValueError(text) from None


@cache
def _parse(text: str) -> ast.expr:
    try:
        return ast.parse(_ARGUMENT.sub(_MARK + r"\1", text).strip(), mode="eval").body
    except SyntaxError:
        raise ValueError(text) from None


def _value(node: ast.expr, known: Mapping[str, int]) -> tuple[Terms, int]:
    match node:
        case ast.Constant(value=int(number)):
            return [], number
        case ast.Name(id=name):
            return ([], known[name]) if name in known else ([(name, 1)], 0)
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return _scaled(_value(inner, known), -1)
        case ast.BinOp(left=left, op=operation, right=right):
            return _combined(_value(left, known), operation, _value(right, known))
    raise ValueError(ast.dump(node))


def _combined(left: tuple[Terms, int], operation: ast.operator, right: tuple[Terms, int]) -> tuple[Terms, int]:
    if isinstance(operation, ast.Add | ast.Sub):
        terms, number = _scaled(right, -1) if isinstance(operation, ast.Sub) else right
        return left[0] + terms, left[1] + number
    if type(operation) in _OPERATIONS and not left[0] and not right[0]:
        return [], _OPERATIONS[type(operation)](left[1], right[1])
    if isinstance(operation, ast.Mult) and not (left[0] and right[0]):
        return _scaled(left, right[1]) if left[0] else _scaled(right, left[1])
    raise ValueError(ast.dump(operation))


def _scaled(value: tuple[Terms, int], factor: int) -> tuple[Terms, int]:
    return [(name, each * factor) for name, each in value[0]], value[1] * factor
