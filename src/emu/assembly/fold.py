"""Addresses as Keystone 0.9.2 takes them: it keeps only the last symbol of a sum inside brackets, without a word.

So every memory operand's constants are added up here, before Keystone sees them.
"""

import re
from collections.abc import Mapping

_MEMORY = re.compile(r"\[([^\]]*)\]")
_TERM = re.compile(r"([+-]?)\s*([A-Za-z_.][\w.]*\s*\*\s*\w+|[A-Za-z_.][\w.]*|0x[0-9a-fA-F]+)")
_SET = re.compile(r"^\s*\.(?:set|equ)\s+([A-Za-z_.]\w*)\s*,\s*(.+)$")


def local_constants(lines: list[tuple[int, str]], values: Mapping[str, int]) -> dict[str, int]:
    """A file's own `.set` names whose values are sums of numbers and known names."""
    found: dict[str, int] = {}
    for _, line in lines:
        if match := _SET.match(line):
            total, rest = _sum(match.group(2), {**values, **found})
            if not rest:
                found[match.group(1)] = total
    return found


def fold(line: str, values: Mapping[str, int]) -> str:
    """The statement with one number in each memory operand: `[rdi + TASK_se + SE_vruntime]` becomes `[rdi + 0xd0]`."""
    return _MEMORY.sub(lambda match: f"[{_fold(match.group(1), values)}]", line)


def _sum(text: str, values: Mapping[str, int]) -> tuple[int, list[str]]:
    total, rest = 0, []
    for sign, term in _TERM.findall(text):
        value = int(term, 16) if term.startswith("0x") else values.get(term)
        if value is None:
            rest.append(f"{sign or '+'} {term}")
        else:
            total += -value if sign == "-" else value
    return total, rest


def _fold(inside: str, values: Mapping[str, int]) -> str:
    total, rest = _sum(inside, values)
    registers = " ".join(rest).removeprefix("+ ")
    if not total:
        return registers
    if "riz" in registers:
        return f"{registers} + {total % 2**64:#x}"
    total = (total + 2**63) % 2**64 - 2**63
    return f"{registers} {'-' if total < 0 else '+'} {abs(total):#x}"
