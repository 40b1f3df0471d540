"""What a sweep's file asks for: axes, what is the same in all runs, and a point for each combination."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from emu.errors import UserError
from emu.files import read_toml
from emu.sweep.point import KERNELS, SCALES, SET, SUBJECTS, VARIANTS, Subject, Value
from emu.whole import within

POINTS_MAX = 100_000
SEEDS_MAX = 1000
SEEDS = 5
WORDS = frozenset(name for subject in SUBJECTS for name in subject.words)
NUMBERS = frozenset(name for subject in SUBJECTS for name in subject.numbers)
TOP_KEYS = ("title", "seeds", "x", "fixed", "axes", "symbols")


@dataclass(frozen=True, slots=True)
class Point:
    """One combination: where it is on each axis, and its run, whose seed does not count."""

    at: Mapping[str, Value]
    call: Any  # of the subject's kind


@dataclass(frozen=True, slots=True)
class Plan:
    """A sweep."""

    title: str
    axes: Mapping[str, tuple[Value, ...]]
    fixed: Mapping[str, Value]
    seeds: int
    x: str | None  # the axis of its curves; None: it has no axis of numbers
    points: tuple[Point, ...]
    subject: Subject = VARIANTS

    def calls(self) -> list[Any]:
        """All runs, those of a point one behind the other."""
        return [self.subject.with_seed(point.call, seed) for point in self.points for seed in range(1, self.seeds + 1)]

    @property
    def rivals(self) -> tuple[Value, ...]:
        """The variants, or the kernels, between which it is to judge."""
        return self.axes.get(self.subject.named, ())


def read_plan(path: Path) -> Plan:
    """Read a sweep's file, or raise a `UserError` with the place in it."""
    return _plan(f"sweep {path}", read_toml(path, "sweep"), path.stem)


def _plan(where: str, table: Mapping[str, Any], name: str) -> Plan:
    for key in table:
        if key not in TOP_KEYS:
            raise UserError(f"{where}: there is no {key!r} in a sweep: wanted {', '.join(TOP_KEYS)}")
    axes = {key: _values(where, key, listed) for key, listed in _flat(where, "axes", table.get("axes", {})).items()}
    fixed = {key: _value(where, key, value) for key, value in _flat(where, "fixed", table.get("fixed", {})).items()}
    for key in fixed:
        if key in axes:
            raise UserError(f"{where}: {key} is in [axes] and in [fixed]: leave it in one of them")
    if not axes:
        raise UserError(f"{where}: [axes] must name at least one, such as cores = [1, 2, 4]")
    subject = _subject(where, {**fixed, **axes})
    symbols = _symbols(where, subject, table.get("symbols", {}))
    seeds = table.get("seeds", SEEDS)
    if not isinstance(seeds, int) or isinstance(seeds, bool):
        raise UserError(f"{where}: seeds must be a whole number, not {seeds!r}")
    within(f"{where}: seeds", seeds, 1, SEEDS_MAX)
    total = 1
    for listed in axes.values():
        total *= len(listed)
    within(f"{where}: the number of points", total, 1, POINTS_MAX)
    points = []
    for chosen in product(*axes.values()):
        at = dict(zip(axes, chosen, strict=True))
        points.append(Point(at, _call(where, subject, at, {**fixed, **at}, symbols)))
    return Plan(str(table.get("title", name)), axes, fixed, seeds, _x(where, table.get("x"), axes), tuple(points), subject)


def _subject(where: str, given: Mapping[str, Any]) -> Subject:
    """What runs: kernels if some are named; an option of the other subject is refused."""
    subject = KERNELS if KERNELS.named in given else VARIANTS
    known = (*subject.words, *subject.numbers)
    for name in given:
        if name not in known and not name.startswith(SET):
            what = "kernels are named, and it is of variants" if subject is KERNELS else "it is of kernels, and none is named"
            raise UserError(f"{where}: {name} has no meaning here: {what}; wanted {', '.join(known)}, or set")
    return subject


def _symbols(where: str, subject: Subject, table: Any) -> dict[str, str]:
    """The System.map of each kernel that has none beside it."""
    if not isinstance(table, dict) or not all(isinstance(each, str) for each in table.values()):
        raise UserError(f'{where}: [symbols] must be a table of files by kernel, such as "./a/bzImage" = "./a/System.map"')
    if table and subject is not KERNELS:
        raise UserError(f"{where}: [symbols] is of kernels, and none is named")
    return dict(table)


def _flat(where: str, section: str, table: Any) -> dict[str, Any]:
    """A section's keys; figures to set stand in a table of their own, `set`, by their whole names."""
    if not isinstance(table, dict):
        raise UserError(f"{where}: [{section}] must be a table, not {table!r}")
    found: dict[str, Any] = {}
    for key, value in table.items():
        if key == "set":
            if not isinstance(value, dict):
                raise UserError(f'{where}: {section}.set must be a table, such as set."latencies.remote_line" = [175, 350]')
            found |= {f"{SET}{name}": each for name, each in _leaves("", value)}
        elif key in WORDS | NUMBERS:
            found[key] = value
        else:
            wanted = dict.fromkeys(name for subject in SUBJECTS for name in (*subject.words, *subject.numbers))
            raise UserError(f"{where}: [{section}] has no {key!r}: wanted {', '.join(wanted)}, or set")
    return found


def _leaves(name: str, table: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Figures by their whole names, whether those stand in quotes or as tables in tables."""
    found: list[tuple[str, Any]] = []
    for key, value in table.items():
        whole = f"{name}.{key}" if name else key
        found += _leaves(whole, value) if isinstance(value, dict) else [(whole, value)]
    return found


def _values(where: str, key: str, listed: Any) -> tuple[Value, ...]:
    if not isinstance(listed, list) or not listed:
        raise UserError(f"{where}: axis {key} must be a list of values, not {listed!r}")
    values = tuple(_value(where, key, each) for each in listed)
    if len(set(values)) < len(values):
        raise UserError(f"{where}: axis {key} must name each value once, not {listed!r}")
    return values


def _value(where: str, key: str, value: Any) -> Value:
    kinds: Any = (int, float) if key.startswith(SET) else int if key in NUMBERS else str
    if not isinstance(value, kinds) or isinstance(value, bool):
        wanted = "a number" if key.startswith(SET) else "a whole number" if key in NUMBERS else "text"
        raise UserError(f"{where}: {key} must be {wanted}, not {value!r}")
    found: Value = value
    return found


def _x(where: str, named: Any, axes: Mapping[str, Sequence[Value]]) -> str | None:
    """The axis of the curves: the one that is named, or the first of cores, threads and any other of numbers that has several."""
    numeric = [name for name, values in axes.items() if len(values) > 1 and not any(isinstance(each, str) for each in values)]
    if named is not None:
        if named not in numeric:
            raise UserError(f"{where}: x must be an axis of several numbers{_list(numeric)}, not {named!r}")
        return str(named)
    return next((name for name in (*SCALES, *numeric) if name in numeric), None)


def label(name: str) -> str:
    """An axis as it is shown: a figure of the machine file by its own name."""
    return name.removeprefix(SET)


def words_of(at: Iterable[tuple[str, Value]]) -> str:
    """A place on axes: words by themselves, numbers with what they are of."""
    return ", ".join(str(value) if isinstance(value, str) else f"{label(name)} {value}" for name, value in at)


def _list(names: Sequence[str]) -> str:
    return f" ({', '.join(names)})" if names else ""


def _call(where: str, subject: Subject, at: Mapping[str, Value], given: Mapping[str, Value], symbols: Mapping[str, str]) -> Any:
    """The run of a point; what cannot be run is refused with the point."""
    try:
        return subject.call(given, symbols)
    except UserError as error:
        raise UserError(f"{where}: at {words_of(at.items())}: {error}") from None


SeriesKey = tuple[tuple[str, Value], ...]


def series_of(at: Mapping[str, Value], x: str) -> SeriesKey:
    """Which curve a point is on: its place on all axes but that of the curves."""
    return tuple((name, value) for name, value in at.items() if name != x)
