"""A real kernel's path, ours beside it: what both have the same code for is judged, what is other code is explained."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emu.report.path_check import FUNCTION_BARS, MATTERS, ROW_BARS, SECTION_BARS, Row
from emu.run.kernel_path import KernelPath
from emu.subjects.ipc_msg.path.beside import BOTH, Functions, Part, parts
from emu.subjects.ipc_msg.path.lengths import CALLS, SECTIONS, PathLengths
from emu.subjects.path.tally import Means, Measure

SCHEMA = "emu-path-kernel/1"


@dataclass(frozen=True, slots=True)
class Beside:
    """One call or one kind of hold: both sides whole, and in parts."""

    context: str
    whole: Row
    parts: tuple[tuple[Part, Row], ...]
    functions: tuple[Row, ...]  # of the code that both have, the longest first

    def outside(self) -> Iterator[str]:
        """What is outside its bar, in words."""
        rows = [(f"{part.name} of {self.context}", row) for part, row in self.parts]
        rows += [(f"{row.name} in {self.context}", row) for row in self.functions]
        return (words for name, row in rows for words in row.outside_words(name))

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            **self.whole.to_dict(),
            "parts": [{"name": part.name, "reason": part.reason, **row.to_dict()} for part, row in self.parts],
            "same_functions": {row.name: row.to_dict() for row in self.functions},
        }


@dataclass(frozen=True, slots=True)
class KernelPathReport:
    """What is said of a kernel's path."""

    found: KernelPath

    def beside(self) -> list[Beside]:
        """Ours beside the kernel's: the calls, then the holds that both have; nothing if ours was not measured."""
        ours, lengths = self.found.ours, self.found.lengths
        if ours is None:
            return []
        pairs: list[tuple[str, Means, Means, Functions, Functions, Mapping[Measure, float]]] = [
            (call, ours.rows[call], lengths.contexts[call], ours.functions[call], lengths.functions[call], ROW_BARS)
            for call in CALLS
        ]
        for name, (call, outcome) in SECTIONS.items():
            section = lengths.section(call, outcome)
            if section is not None and ours.holds[name]:
                pairs.append((name, ours.sections[name], section.means, ours.held[name], section.held, SECTION_BARS))
        return [_beside(*each) for each in pairs]

    def outside(self) -> list[str]:
        """What of the code that both have is outside its bar, in words."""
        return [words for each in self.beside() for words in each.outside()]

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints."""
        found = self.found
        return {
            "schema": SCHEMA,
            "kernel": str(found.kernel),
            "release": found.release,
            "machine": found.machine,
            "cores": found.cores,
            "program": found.program,
            "partial": found.partial,
            **found.lengths.to_dict(),
            "beside": None if found.ours is None else self._beside_dict(found.ours),
        }

    def _beside_dict(self, ours: PathLengths) -> dict[str, Any]:
        both = self.beside()
        return {
            "variant": self.found.variant,
            "system_calls": {each.context: each.to_dict() for each in both if each.context in CALLS},
            "sections": {each.context: each.to_dict() for each in both if each.context in SECTIONS},
            "transfers_per_message": ours.transfers,
            "outside": self.outside(),
        }


def _beside(context: str, ours: Means, kernel: Means, mine: Functions, theirs: Functions, bars: Mapping[Measure, float]) -> Beside:
    found = parts(context, mine, theirs)
    same = next(part for part in found if part.name == BOTH)
    least = MATTERS * ours.instructions, MATTERS * kernel.instructions
    functions = []
    for name, means in same.ours.items():
        other = same.kernel[name]
        matters = context in CALLS and (means.instructions > least[0] or other.instructions > least[1])
        functions.append(_row(name, means, other, FUNCTION_BARS if matters else {}))

    def sums(part: Part) -> tuple[Means, Means]:
        """Lines that two functions use count twice in a part, but not where it is all that there is."""
        return (ours, kernel) if len(found) == 1 else (part.ours_sum, part.kernel_sum)

    return Beside(
        context,
        _row(context, ours, kernel),
        tuple((part, _row(part.name, *sums(part), bars if part is same else {})) for part in found),
        tuple(sorted(functions, key=lambda row: (-row.ours.instructions, row.name))),
    )


def _row(name: str, ours: Means, kernel: Means, bars: Mapping[Measure, float] | None = None) -> Row:
    return Row(name, ours, {measure: kernel[measure] for measure in Measure}, bars or {})
