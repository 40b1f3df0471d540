"""What a sweep's file asks for: axes, what is the same in all runs, and a point for each combination."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from emu.errors import UserError
from emu.files import read_toml
from emu.run.experiment_spec import Experiment, Stall
from emu.run.overrides import parse_override
from emu.whole import within

Value = int | float | str
POINTS_MAX = 100_000
SEEDS_MAX = 1000
SEEDS = 5
WORDS = ("variant", "machine", "workload", "placement", "queues", "types", "preempt", "stall")
NUMBERS = ("cores", "threads", "threads_per_core", "messages", "tick")
AXES = (*WORDS, *NUMBERS)
SET = "set."  # in front of the name of a figure of the machine file
SCALES = ("cores", "threads")  # axes over which throughput is a curve
TOP_KEYS = ("title", "seeds", "x", "fixed", "axes")


@dataclass(frozen=True, slots=True)
class Point:
    """One combination: where it is on each axis, and its run, whose seed does not count."""

    at: Mapping[str, Value]
    experiment: Experiment


@dataclass(frozen=True, slots=True)
class Plan:
    """A sweep."""

    title: str
    axes: Mapping[str, tuple[Value, ...]]
    fixed: Mapping[str, Value]
    seeds: int
    x: str | None  # the axis of its curves; None: it has no axis of numbers
    points: tuple[Point, ...]

    def experiments(self) -> list[Experiment]:
        """All runs, those of a point one behind the other."""
        return [replace(point.experiment, seed=seed) for point in self.points for seed in range(1, self.seeds + 1)]


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
        points.append(Point(at, _experiment(where, at, {**fixed, **at})))
    return Plan(str(table.get("title", name)), axes, fixed, seeds, _x(where, table.get("x"), axes), tuple(points))


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
        elif key in AXES:
            found[key] = value
        else:
            raise UserError(f"{where}: [{section}] has no {key!r}: wanted {', '.join(AXES)}, or set")
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


def _experiment(where: str, at: Mapping[str, Value], given: Mapping[str, Value]) -> Experiment:
    """The run of a point; what cannot be run is refused with the point."""
    try:
        return make_experiment(given)
    except UserError as error:
        raise UserError(f"{where}: at {words_of(at.items())}: {error}") from None


def make_experiment(given: Mapping[str, Value]) -> Experiment:
    """A run from options by their names in a sweep's file."""
    asked: dict[str, Any] = {name: given[name] for name in ("cores", "threads", "messages") if name in given}
    for name in ("variant", "machine", "workload", "placement", "queues", "types", "preempt"):
        if name in given:
            asked[name] = given[name]
    if "threads_per_core" in given:
        if "threads" in given:
            raise UserError("threads and threads_per_core say the same: leave one of them")
        if "cores" not in given:
            raise UserError("threads_per_core needs cores")
        asked["threads"] = int(given["threads_per_core"]) * int(given["cores"])
    for name in ("cores", "threads", "messages"):
        if name in asked and asked[name] < 1:
            raise UserError(f"{name} must be 1 or more, not {asked[name]}")
    overrides = [parse_override(f"{name.removeprefix(SET)}={value}") for name, value in given.items() if name.startswith(SET)]
    stalls = (Stall.parse(str(given["stall"])),) if "stall" in given else ()
    return _checked(Experiment(**asked, tick_hz=int(given.get("tick", 0)), overrides=tuple(overrides), stalls=stalls))


def _checked(experiment: Experiment) -> Experiment:
    """What only a look at the variant and the machine can refuse."""
    from emu.assembly import get_variant
    from emu.description import load_machine
    from emu.run.overrides import apply_overrides

    get_variant(experiment.variant)
    apply_overrides(load_machine(experiment.machine), experiment.overrides)
    return experiment


SeriesKey = tuple[tuple[str, Value], ...]


def series_of(at: Mapping[str, Value], x: str) -> SeriesKey:
    """Which curve a point is on: its place on all axes but that of the curves."""
    return tuple((name, value) for name, value in at.items() if name != x)
