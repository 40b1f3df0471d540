"""Variants of the path with one mistake each, as somebody could make it: text of a routine replaced (`mutants.toml`)."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from emu.assembly.variants import get_variant, kernel_sources

BASE = "wakeq"


@dataclass(frozen=True, slots=True)
class Mutant:
    """`old`, which stands once in a routine of the variant, becomes `new`; one of `checkers` finds it."""

    name: str
    routine: str
    old: str
    new: str
    scenario: str
    checkers: tuple[str, ...]


def _load() -> tuple[Mutant, ...]:
    rows = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())["mutant"]
    return tuple(Mutant(**{**row, "checkers": tuple(row["checkers"])}) for row in rows)


MUTANTS = _load()


def write_mutant(each: Mutant, folder: Path) -> Path:
    """The folder of a variant that has the mistake."""
    source = kernel_sources(get_variant(BASE))[each.routine].read_text()
    assert source.count(each.old) == 1, f"{each.name}: {source.count(each.old)} places in {each.routine}"
    folder.mkdir()
    (folder / f"{each.routine}.S").write_text(source.replace(each.old, each.new))
    about = f'name = "{folder.name}"\nextends = "{BASE}"\nsummary = "{each.name}"\ndescription = "{each.name}"\n'
    (folder / "variant.toml").write_text(about)
    return folder
