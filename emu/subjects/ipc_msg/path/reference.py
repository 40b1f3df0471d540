"""What the path of the real kernels is like, from the data in `emu/kernels`."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from emu.files import read_toml
from emu.subjects.path.tally import Measure

KERNEL = "linux-4.8.15"
OTHER_OBJECTS = "everything else"

Real = Mapping[Measure, float]  # what was not measured is not there


@dataclass(frozen=True, slots=True)
class Renamed:
    """Functions of the real kernel that together are routines of ours, and why."""

    function: str
    real: tuple[str, ...]
    ours: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Correspondence:
    """How our routines and objects correspond to those of the real kernel, whatever the variant."""

    inlined: dict[str, tuple[str, ...]]  # routine: inlined by which callers, by all when none is named
    renamed: tuple[Renamed, ...]
    objects: dict[str, tuple[str, ...]]  # kind: patterns of our objects' names

    @property
    def names(self) -> dict[str, str]:
        """Name after renaming of each routine of ours that is renamed."""
        return {ours: each.function for each in self.renamed for ours in each.ours}

    def kind_of_object(self, name: str) -> str:
        """The kind of an object of ours."""
        for kind, patterns in self.objects.items():
            if any(fnmatchcase(name, pattern) for pattern in patterns):
                return kind
        return OTHER_OBJECTS


@dataclass(frozen=True, slots=True)
class Reference:
    """One real kernel. `functions`: by context, as in `emu.subjects.ipc_msg.path.lengths.ROWS`, and name after renaming."""

    name: str
    rows: dict[str, Real]
    functions: dict[str, dict[str, Real]]
    sections: dict[str, Real]
    transfers: dict[str, float]
    objects: dict[str, float]


@cache
def correspondence() -> Correspondence:
    """How ours corresponds to the real kernel."""
    plain = read_toml(_folder() / "path.toml", "path of a kernel")
    return Correspondence(
        inlined={each["ours"]: tuple(each.get("callers", ())) for each in plain["inlined"]},
        renamed=tuple(
            Renamed(each["function"], tuple(each["real"]), tuple(each["ours"]), each["reason"]) for each in plain["renamed"]
        ),
        objects={each["name"]: tuple(each["ours"]) for each in plain["objects"]},
    )


@cache
def reference_of(variant: str) -> Reference | None:
    """The real kernel that a variant is compared with, None when there is none."""
    plain = read_toml(_folder() / "path.toml", "path of a kernel")
    name = plain["kernels"].get(variant)
    if name is None:
        return None
    return Reference(
        name=f"{KERNEL}, {'before' if name == 'PRE' else 'after'} the patch",
        rows={row: _measures(values) for row, values in plain["rows"][name].items()},
        functions=_functions(name),
        sections={section: _measures(values) for section, values in plain["sections"][name].items()},
        transfers=plain["transfers"][name],
        objects={each["name"]: each[name] for each in plain["objects"]},
    )


def _folder() -> Path:
    return Path(str(files("emu").joinpath("kernels", KERNEL)))


def _measures(values: Mapping[str, Any]) -> dict[Measure, float]:
    return {measure: float(values[measure.value]) for measure in Measure if measure.value in values}


def _functions(kernel: str) -> dict[str, dict[str, Real]]:
    """Functions by context; those that are one routine here are added up, so that their lines may count twice."""
    names = {real: each.function for each in correspondence().renamed for real in each.real}
    found: dict[str, dict[str, dict[Measure, float]]] = {}
    for row in _rows():
        if row["kernel"] != kernel and row["context"] != "idle":
            continue
        into = found.setdefault(row["context"], {}).setdefault(names.get(row["function"], row["function"]), {})
        for measure, value in _measures(row).items():
            into[measure] = into.get(measure, 0.0) + value
    return {context: dict(functions) for context, functions in found.items()}


def _rows() -> Sequence[dict[str, str]]:
    text = (_folder() / "functions.csv").read_text()
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
