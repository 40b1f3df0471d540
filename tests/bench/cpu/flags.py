"""What instructions do to the flags: which they read, which they set, which are undefined behind them (`flags.csv`).

Undefined is what the manuals of either maker call so: SDM 2 is Intel's Software Developer's Manual, volume 2; APM 3 AMD's
Architecture Programmer's Manual, volume 3. An instruction without a row changes no flag.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

BITS = {"C": 0x1, "P": 0x4, "A": 0x10, "Z": 0x40, "S": 0x80, "D": 0x400, "O": 0x800}
STATUS = sum(bit for name, bit in BITS.items() if name != "D")
ALWAYS = 0x202  # bit 1, and IF: a program of a user has interrupts on
_CONDITIONS = {
    "O": "o no", "C": "b nb c nc ae nae", "Z": "e ne z nz", "CZ": "be nbe a na", "S": "s ns", "P": "p np pe po",
    "SO": "l nl ge nge", "ZSO": "le nle g ng",
}  # fmt: skip
_READ_BY = {
    **dict.fromkeys(("adc", "sbb", "rcl", "rcr", "cmc"), "C"),
    **dict.fromkeys(("loope", "loopne"), "Z"),
    "lahf": "CPAZS",
    "pushfq": "CPAZSO",
    **{f"{kind}{each}": flags for flags, names in _CONDITIONS.items() for each in names.split() for kind in ("cmov", "set", "j")},
}


def flags(letters: str) -> int:
    """Flags by their letters: CPAZSOD."""
    return sum(BITS[letter] for letter in letters)


def names_of(bits: int) -> str:
    """Flags in words, for a report."""
    return " ".join(f"{letter}F" for letter, bit in BITS.items() if bits & bit) or "none"


@dataclass(frozen=True, slots=True)
class Effect:
    """Of one instruction on the flags."""

    reads: int
    sets: int  # in every case
    undefined: int  # in some case


def effect(name: str, size: int, count: int | None) -> Effect:
    """Of an instruction by its name; `size` in bits and `count` (nothing: not known) matter to shifts and rotates."""
    rows = [row for row in _table() if name in row["names"].split()]
    if count is not None:
        rows = [row for row in rows if row["count"] in ("", _kind(count, size))]
    sets = undefined = 0
    for row in rows:
        sets = flags(row["sets"]) & (sets if row is not rows[0] else -1)
        undefined |= flags(row["undefined"])
    return Effect(flags(_READ_BY.get(name, "")), sets, undefined)


def masked(count: int, size: int) -> int:
    """What a processor makes of a count: 5 bits of it, or 6 (SDM 2, SAL/SAR/SHL/SHR)."""
    return count & (0x3F if size == 64 else 0x1F)


def _kind(count: int, size: int) -> str:
    count = masked(count, size)
    return str(count) if count < 2 else "some" if count < size else "size"


@cache
def _table() -> list[dict[str, str]]:
    with Path(__file__).with_name("flags.csv").open() as file:
        return list(csv.DictReader(file))
