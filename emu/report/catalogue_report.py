"""Variants and machines as text."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from emu.report.page import WIDTH, wrapped

if TYPE_CHECKING:
    from emu.description.instruction_table import InstructionTable

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Point:
    """A named place of the path where `--stall` can hold a core."""

    name: str
    routine: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class VariantFacts:
    """What there is to say about a variant."""

    name: str
    summary: str
    description: str
    extends: str | None
    lock: str  # what its spin locks are
    folder: str
    files: Sequence[str]
    points: Sequence[Point]

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {"schema": f"emu-variant/{SCHEMA_VERSION}", **asdict(self)}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a catalogue; `broken` says why it cannot be used, if it cannot."""

    name: str
    summary: str = ""
    broken: str | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What there is of a kind."""

    kind: str
    entries: Sequence[Entry]

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {"schema": f"emu-{self.kind}/{SCHEMA_VERSION}", self.kind: [asdict(entry) for entry in self.entries]}


def list_lines(catalogue: Catalogue, *, width: int = WIDTH) -> Iterator[str]:
    """Names with a sentence each."""
    column = max((len(entry.name) for entry in catalogue.entries), default=0) + 2
    for entry in catalogue.entries:
        words = entry.summary if entry.broken is None else f"BROKEN, cannot be used: {entry.broken}"
        yield from wrapped(words, width, indent=entry.name.ljust(column), hanging=" " * column) or [entry.name]


def variant_lines(facts: VariantFacts, *, width: int = WIDTH) -> Iterator[str]:
    """One variant: what it is, its own files, where it can be stalled."""
    yield from wrapped(f"{facts.name}: {facts.summary}", width)
    if facts.description:
        yield ""
        for paragraph in facts.description.strip().split("\n\n"):
            yield from wrapped(" ".join(paragraph.split()), width)
    yield ""
    yield (f"Extends {facts.extends}; its own files:" if facts.extends else "Its own files, beside what all variants share:")
    yield from (f"  {name}" for name in facts.files)
    yield ""
    yield "Points for --stall POINT:CYCLES[:EVERY]:" if facts.points else "No points to stall at."
    for point in facts.points:
        yield from wrapped(f"{point.name}  in {point.routine} ({point.file}:{point.line})", width, indent="  ", hanging=" " * 6)


def machine_lines(machine: Mapping[str, Any], *, width: int = WIDTH) -> Iterator[str]:
    """One machine: every number with its unit, how far it is to be trusted, and where it comes from."""
    yield from wrapped(f"{machine['name']}: {machine['summary']}", width)
    for key, value in machine.items():
        if key in ("name", "summary", "cpuid", "instructions") or not value:
            continue
        yield ""
        for name, section in (
            {f"{key}.{each['name']}": each for each in value}.items() if isinstance(value, tuple) else [(key, value)]
        ):
            yield from _section(name, section, width)
    table = machine["instructions"]
    yield ""
    yield from wrapped(f"instructions: {table['file']}, {len(table['rows'])} rows (--instructions shows them)", width)
    yield f"cpuid: {len(machine.get('cpuid', ()))} leaves (--toml shows them)"


def instruction_lines(table: "InstructionTable", *, width: int = WIDTH) -> Iterator[str]:
    """The rows of a machine's table, by the keys of `--set`."""
    yield from wrapped(f"{table.file}: keys for --set begin with instructions; macro-ops, latency, reciprocal throughput", width)
    for row in table.rows:
        stated = ", ".join(f"{name} {figure.value:g} ({figure.confidence})" for name, figure in row.figures.items())
        yield ""
        yield from wrapped(f"{'(for people) ' if row.is_note else ''}{row.key}: {stated}", width, hanging=" " * 6)
        yield from wrapped(row.name, width, indent=" " * 6)
        yield from _source(next(iter(row.figures.values())).source, width)


def _section(name: str, value: Any, width: int) -> Iterator[str]:
    if not isinstance(value, Mapping) or _is_figure(value):
        yield from _entry(name, value, "", width)
        return
    source = value.get("source")
    yield name
    for key, inner in value.items():
        if key != "source":
            yield from _entry(key, inner, "  ", width)
    if source:
        yield from _source(source, width)


def _entry(name: str, value: Any, indent: str, width: int) -> Iterator[str]:
    if not isinstance(value, Mapping):
        words = f"{value:>13,}" if isinstance(value, int) else value
        yield from wrapped(f"{name:<18} {words}", width, indent=indent, hanging=" " * 6)
    elif _is_figure(value):
        words = f"{value['value']:>13,} {value['unit']}, confidence {value['confidence']}"
        yield from wrapped(f"{name:<18} {words}", width, indent=indent, hanging=" " * 6)
        yield from _source(value["source"], width)
    else:
        yield f"{indent}{name}"
        for key, inner in value.items():
            yield from _entry(key, inner, indent + "  ", width)


def _source(text: str, width: int) -> Iterator[str]:
    yield from wrapped(text, width, indent=" " * 6)


def _is_figure(value: Mapping[str, Any]) -> bool:
    return "value" in value and "source" in value
