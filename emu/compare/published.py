"""Figures that somebody measured on real machines, to put beside a comparison; the tables are in `emu/published/`."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from emu.files import read_toml


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """Both rates at one number of threads, and their difference as it was printed."""

    messages_per_second: tuple[float, float]
    difference_percent: float

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        a, b = self.messages_per_second
        return {
            "a": {"messages_per_second": a},
            "b": {"messages_per_second": b},
            "difference_percent": self.difference_percent,
        }


@dataclass(frozen=True, slots=True)
class Published:
    """One table, by number of threads, with where it is from and what machine it is of; `experiment`: what stands for it here."""

    source: str
    machine: str
    rows: Mapping[int, PublishedRow]
    experiment: Mapping[str, str | int]

    def differences(self, ours: Mapping[str, Any]) -> tuple[str, ...]:
        """What makes an experiment of ours another one, in words; nothing may have been set or held up in it."""
        found = [f"{key} {ours[key]}, not {value}" for key, value in self.experiment.items() if ours[key] != value]
        found += [f"{key} = {value:,}" for key, value in ours["overrides"].items()]
        return (*found, *(f"stall {stall}" for stall in ours["stall_schedule"]))


@lru_cache(maxsize=16)
def published(workload: str, variants: tuple[str, str]) -> Published | None:
    """The table for these variants, in this order, of this workload; None if nobody published one."""
    path = Path(str(files("emu"))) / "published" / f"{workload}.toml"
    if not path.exists():
        return None
    table = read_toml(path, "published figures")
    if tuple(table["variants"]) != variants:
        return None
    rows = {
        row["threads"]: PublishedRow(
            (row["messages"][0] / table["seconds"], row["messages"][1] / table["seconds"]), row["difference_percent"]
        )
        for row in table["rows"]
    }
    return Published(table["source"], table["machine"], rows, table["experiment"])
