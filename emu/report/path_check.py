"""The emulated path beside the real one: how far each figure is off, and whether that is within its bar."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from emu.subjects.ipc_msg.path.lengths import ROWS, SECTIONS, PathLengths
from emu.subjects.ipc_msg.path.reference import Reference
from emu.subjects.path.tally import Means, Measure
from emu.subjects.path.walk import USER

SCHEMA = "emu-path/1"
MATTERS = 0.02  # of the instructions of its system call: a function that has more matters
ROW_BAR, FUNCTION_BAR, LINES_BAR = 0.15, 0.30, 0.20
TRANSFERS_LEAST = 1.0  # real events below which a relative bar says nothing
ROW_BARS = {Measure.INSTRUCTIONS: ROW_BAR}
FUNCTION_BARS = {Measure.INSTRUCTIONS: FUNCTION_BAR}
SECTION_BARS = {Measure.INSTRUCTIONS: ROW_BAR, Measure.LINES: LINES_BAR, Measure.TRANSFERS: LINES_BAR}


@dataclass(frozen=True, slots=True)
class Row:
    """One thing measured. `real` is None when there is nothing to compare with; `bars` hold for what `real` has."""

    name: str
    ours: Means
    real: Mapping[Measure, float] | None = None
    bars: Mapping[Measure, float] = field(default_factory=dict)

    def off(self, measure: Measure) -> float | None:
        """Ours relative to the real one, 0 for equal; None when it cannot be said."""
        real = (self.real or {}).get(measure, 0.0)
        return self.ours[measure] / real - 1 if real else None

    @property
    def outside(self) -> tuple[Measure, ...]:
        """The measures that are outside their bars; a routine that the real path does not have is outside."""
        if self.real is None:
            return ()
        return tuple(measure for measure, bar in self.bars.items() if self._is_outside(measure, bar))

    def outside_words(self, name: str) -> list[str]:
        """What is outside, in words that begin with a name."""
        return [f"{name} {_off_words(self, measure)}" for measure in self.outside]

    def _is_outside(self, measure: Measure, bar: float) -> bool:
        off = self.off(measure)
        if measure is Measure.TRANSFERS and (self.real or {}).get(measure, 0.0) < TRANSFERS_LEAST:
            return False
        if off is None:
            return measure in (self.real or {}) and self.ours[measure] > 0
        return abs(off) > bar

    def to_dict(self) -> dict[str, Any]:
        """For JSON: ours, and under `real` what it is compared with."""
        plain: dict[str, Any] = dict(self.ours.to_dict())
        if self.real is not None:
            plain["real"] = {measure.value: value for measure, value in self.real.items()}
            if self.bars:
                plain["outside"] = [measure.value for measure in self.outside]
        return plain


@dataclass(frozen=True, slots=True)
class PathComparison:
    """A variant's path, beside the real kernel's if there is one to compare with."""

    variant: str
    machine: str
    lengths: PathLengths
    reference: Reference | None

    def rows(self) -> Iterator[Row]:
        """System calls first, then idle, the reschedule interrupt and the program."""
        for name in ROWS:
            real = None if self.reference is None else self.reference.rows.get(name)
            yield Row(name, self.lengths.rows[name], real, ROW_BARS if real is not None else {})

    def sections(self) -> Iterator[Row]:
        """The holds of the queue's lock."""
        for name in SECTIONS:
            real = None if self.reference is None else self.reference.sections.get(name)
            if self.lengths.holds[name]:
                yield Row(name, self.lengths.sections[name], real, SECTION_BARS if real is not None else {})

    def functions(self, context: str) -> Iterator[Row]:
        """The functions of one context, the longest first. Those that matter, here or there, have a bar."""
        ours = self.lengths.functions[context]
        real: Mapping[str, Mapping[Measure, float]] = {}
        if self.reference is not None and context != USER:
            real = self.reference.functions[context]
        totals = _total(ours.values()), sum(each[Measure.INSTRUCTIONS] for each in real.values())

        def lengths(name: str) -> tuple[float, float]:
            here, there = ours.get(name, Means()), real.get(name, {})
            return here.instructions, there.get(Measure.INSTRUCTIONS, 0.0)

        for name in sorted({*ours, *real}, key=lambda name: (-max(lengths(name)), name)):
            matters = any(length > MATTERS * total for length, total in zip(lengths(name), totals, strict=True))
            beside = real.get(name, {Measure.INSTRUCTIONS: 0.0}) if real else None
            yield Row(name, ours.get(name, Means()), beside, FUNCTION_BARS if real and matters else {})

    def outside(self) -> list[str]:
        """What is outside its bar, in words; empty when the path is as long as the real one."""
        found = [(row.name, row) for row in (*self.rows(), *self.sections())]
        found += [(f"{row.name} in {context}", row) for context in ROWS for row in self.functions(context)]
        return [words for name, row in found for words in row.outside_words(name)]

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints."""
        rows = {row.name: row.to_dict() for row in self.rows()}
        return {
            "schema": SCHEMA,
            "variant": self.variant,
            "machine": self.machine,
            "reference": None if self.reference is None else self.reference.name,
            "partial": self.lengths.partial,
            "messages": self.lengths.messages,
            "system_calls": {name: rows.pop(name) for name in ("msgsnd", "msgrcv")},
            "per_message": rows,
            "functions": self._functions_to_dict(),
            "sections": {name: self.lengths.sections[name].to_dict() for name in SECTIONS}
            | {row.name: row.to_dict() for row in self.sections()},
            "transfers_per_message": self.lengths.transfers,
            "transfers_by_object": self.lengths.objects,
            "outside": self.outside(),
        }

    def _functions_to_dict(self) -> dict[str, Any]:
        """Each function over a whole message, both system calls together; `by_context` has them apart."""
        found: dict[str, Any] = {}
        for context in ROWS:
            for row in self.functions(context):
                found.setdefault(row.name, {"by_context": {}})["by_context"][context] = row.to_dict()
        for each in found.values():
            parts = [each["by_context"][call] for call in ("msgsnd", "msgrcv") if call in each["by_context"]]
            each.update({measure.value: sum(part[measure.value] for part in parts) for measure in Measure})
        return found


def _total(means: Iterable[Means]) -> float:
    return sum(each.instructions for each in means)


def _off_words(row: Row, measure: Measure) -> str:
    ours, real = row.ours[measure], (row.real or {})[measure]
    off = row.off(measure)
    return f"{ours:.1f} {measure.value}, real {real:.1f}" + ("" if off is None else f" ({off:+.0%})")
