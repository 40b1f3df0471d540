"""Branch coverage of guest code: how many branches go every way, which ways are missing, which may be missing and why."""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.text import Text

from emu.errors import UserError
from emu.files import read_toml
from emu.observe.branches import GuestBranch, Place
from emu.printable import printable
from emu.report.grid import grid
from emu.report.page import WIDTH, count, page, wrapped
from emu.tables import Key, check

KEYS = {
    "routine": Key(str),
    "line": Key(int, optional=True, least=1),
    "label": Key(str, optional=True),
    "direction": Key(str),
    "reason": Key(str),
}
_DIRECTION = re.compile(r"taken|not taken|to \S+(?: \d+)?")


@dataclass(frozen=True, slots=True)
class Exemption:
    """A way that no run is expected to go: branches of a routine by line, or by the label that they jump to."""

    where: str
    routine: str  # NAME or FOLDER/NAME
    line: int | None
    label: str | None
    direction: str
    reason: str

    def names(self, branch: GuestBranch) -> bool:
        """Whether it speaks of a branch."""
        return (
            self.routine in (branch.routine, f"{branch.folder}/{branch.routine}")
            and self.direction in branch.directions
            and self.line in (None, branch.place.line)
            and self.label in (None, branch.label)
        )


def read_exemptions(path: Path) -> list[Exemption]:
    """Read a file of `[[exception]]` tables, or raise `UserError`."""
    plain = read_toml(path, "exceptions")
    if plain.keys() != {"exception"} or not isinstance(plain["exception"], list):
        raise UserError(f"{path}: must hold [[exception]] tables and nothing else; found {', '.join(plain) or 'nothing'}")
    found = []
    for number, each in enumerate(plain["exception"], 1):
        where = f"{path}: exception {number}"
        check(where, each, KEYS)
        if ("line" in each) == ("label" in each):
            raise UserError(f"{where}: needs line or label, and not both")
        if not _DIRECTION.fullmatch(each["direction"]):
            raise UserError(f"{where}: direction must be taken, not taken, or to LABEL, not {each['direction']!r}")
        if not each["reason"].strip():
            raise UserError(f"{where}: reason is empty: say why no run can go there")
        found.append(
            Exemption(where, each["routine"], each.get("line"), each.get("label"), each["direction"], each["reason"].strip())
        )
    return found


@dataclass(frozen=True, slots=True)
class Missing:
    """One way that a branch has not gone; `reason` if that is exempted."""

    branch: GuestBranch
    direction: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One routine's branches."""

    routine: str  # FOLDER/NAME
    branches: int
    every_way: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was found; `wrong` are sentences about exemptions that name nothing or are not needed any more."""

    rows: tuple[Row, ...]
    missing: tuple[Missing, ...]
    exempted: tuple[Missing, ...]
    wrong: tuple[str, ...]

    @property
    def branches(self) -> int:
        """All branches looked at."""
        return sum(row.branches for row in self.rows)

    @property
    def every_way(self) -> int:
        """Those that went every way, exempted ways apart."""
        return sum(row.every_way for row in self.rows)

    @property
    def percent(self) -> float:
        """The share of those, 100 where there is no branch."""
        return 100 * self.every_way / self.branches if self.branches else 100.0

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "branches": self.branches,
            "every_way": self.every_way,
            "percent": round(self.percent, 2),
            "routines": [{"routine": row.routine, "branches": row.branches, "every_way": row.every_way} for row in self.rows],
            "missing": [_plain(each) for each in self.missing],
            "exempted": [{**_plain(each), "reason": each.reason} for each in self.exempted],
            "wrong_exemptions": list(self.wrong),
        }


def _plain(missing: Missing) -> dict[str, Any]:
    branch = missing.branch
    return {
        "file": branch.place.file,
        "line": branch.place.line,
        "routine": branch.routine,
        "source": branch.source,
        "direction": missing.direction,
    }


def judge(
    branches: Sequence[GuestBranch], gone: Mapping[Place, Set[str]], exemptions: Sequence[Exemption], elsewhere: Set[str]
) -> Coverage:
    """Compare branches with what was gone. `elsewhere` are routines that exist and are not looked at: exemptions may name them."""
    missing: list[Missing] = []
    exempted: list[Missing] = []
    totals: dict[str, list[int]] = {}
    for branch in branches:
        open_ways = len(missing)
        for direction in branch.directions.keys() - gone.get(branch.place, set()):
            reason = next((each.reason for each in exemptions if each.direction == direction and each.names(branch)), "")
            (exempted if reason else missing).append(Missing(branch, direction, reason))
        total = totals.setdefault(f"{branch.folder}/{branch.routine}", [0, 0])
        total[0] += 1
        total[1] += len(missing) == open_ways
    rows = tuple(Row(name, *numbers) for name, numbers in sorted(totals.items()))
    return Coverage(rows, _in_order(missing), _in_order(exempted), tuple(_wrong(branches, gone, exemptions, elsewhere)))


def _in_order(ways: Sequence[Missing]) -> tuple[Missing, ...]:
    return tuple(sorted(ways, key=lambda each: (each.branch.place, each.direction)))


def _wrong(
    branches: Sequence[GuestBranch], gone: Mapping[Place, Set[str]], exemptions: Sequence[Exemption], elsewhere: Set[str]
) -> Iterator[str]:
    for each in exemptions:
        named = [branch for branch in branches if each.names(branch)]
        place = f"line {each.line}" if each.line is not None else f"label {each.label}"
        if not named:
            if each.routine.rsplit("/", 1)[-1] not in elsewhere:
                yield f"{each.where}: {each.routine} has no branch at {place} that can go {each.direction!r}: mend or remove it"
        elif all(each.direction in gone.get(branch.place, set()) for branch in named):
            yield f"{each.where}: {each.routine}, {place}: {each.direction!r} was gone, so it is not needed any more: remove it"


def render_coverage(coverage: Coverage, *, stopped: bool = False, width: int = WIDTH, colour: bool = False) -> str:
    """Summary table, list of what is missing, list of what is exempted; `stopped`: not everything was run."""
    table = grid("routine", "branches", "every way", "%")
    for place, row in enumerate(coverage.rows, 1):
        cells = row.routine, str(row.branches), str(row.every_way), f"{100 * row.every_way / row.branches:.1f}"
        table.add_row(*cells, end_section=place == len(coverage.rows))
    table.add_row("all", str(coverage.branches), str(coverage.every_way), f"{coverage.percent:.1f}")
    partial = [Text.from_markup("[bold red]PARTIAL[/]  ended early: what was run until then")] if stopped else []
    return page([*partial, table], width=width, colour=colour) + "".join(f"{printable(line)}\n" for line in _lists(coverage, width))


def _lists(coverage: Coverage, width: int) -> Iterator[str]:
    """The ways by line; each begins with FILE:LINE, for tools that read that."""
    for ways, what in ((coverage.missing, "that no run went"), (coverage.exempted, "exempted")):
        if ways:
            yield f"\n{count(len(ways), 'way')} {what}"
        for each in ways:
            place = each.branch.place
            words = f"{place.file}:{place.line}  {each.branch.source}  never {each.direction}"
            yield from wrapped(words, width, indent="  ", hanging=" " * 6)
            yield from wrapped(each.reason, width, indent=" " * 4)
