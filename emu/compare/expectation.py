"""`--expect "difference >= 50%"`: which figure of a comparison, what it must be, and whether it is.

An expectation holds where every value of the figure's 95 % confidence interval meets it: so what seeds alone might have made is
no success. A figure without an interval (of one seed, a count, a maximum) is judged by itself.
"""

import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emu.compare.bootstrap import Estimate, estimate_difference, estimate_difference_percent, estimate_mean, interval_of
from emu.compare.comparison import QUANTITIES, SIDE_COUNTS, Comparison, Row
from emu.compare.kernel_comparison import KernelComparison, KernelSide
from emu.errors import UserError
from emu.subjects.kernel.result import DetailResult
from emu.whole import whole

DIFFERENCE = "difference"  # of the rates, in percent of A's
RELATIONS: Mapping[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
OF_A = " of A's"  # behind the name of a difference in percent of what A has
PERCENT = {DIFFERENCE: 1.0, "a.contended_share": 0.01, "b.contended_share": 0.01}  # what one percent of these is
_FORM = re.compile(
    r"(?P<figure>[a-z_.]+) *(?P<relation>>=|<=|==|!=|>|<) *"
    r"(?P<value>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)) *(?P<percent>%?)(?: +at +(?P<row>[0-9]+))?"
)

KERNEL_QUANTITIES: Mapping[str, Callable[[DetailResult, int], float]] = {
    "instructions_per_item": lambda run, items: run.measured.instructions / items,
    "wakeups_per_item": lambda run, items: run.wakeups / items,
    "context_switches_per_item": lambda run, items: run.context_switches / items,
}
OF_VARIANTS = (
    DIFFERENCE,
    *(f"{side}.{name}" for side in "ab" for name in (*QUANTITIES, *SIDE_COUNTS)),
    *(f"{DIFFERENCE}.{name}" for name in QUANTITIES),
)
OF_KERNELS = (
    DIFFERENCE,
    *(f"{side}.{name}" for side in "ab" for name in ("items_per_second", *KERNEL_QUANTITIES)),
    *(f"{DIFFERENCE}.{name}" for name in KERNEL_QUANTITIES),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What can be expected something of: a row of a comparison of variants, or all of one of kernels."""

    row: int | None  # as rows are called; None: there is but one
    place: str  # the row in words
    values: Mapping[str, Estimate | None]  # None: these runs do not count it


@dataclass(frozen=True, slots=True)
class Expectation:
    """One, as it was typed and as it was read."""

    text: str
    figure: str
    relation: str
    value: float  # in the figure's own unit
    row: int | None = None  # None: of every row

    def judge(self, figures: Figures) -> "Judged":
        """Whether it holds in a row."""
        estimate, meets = figures.values[self.figure], RELATIONS[self.relation]
        if estimate is None:
            return Judged(self, figures, None, holds=False, mean_holds=False)
        low, high = estimate.interval or (estimate.mean, estimate.mean)
        every = meets(low, self.value) and meets(high, self.value) and (self.relation != "!=" or not low <= self.value <= high)
        return Judged(self, figures, estimate, holds=every, mean_holds=meets(estimate.mean, self.value))


@dataclass(frozen=True, slots=True)
class Judged:
    """An expectation in one row."""

    expectation: Expectation
    figures: Figures
    estimate: Estimate | None
    holds: bool
    mean_holds: bool  # the mean alone would do

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "expectation": self.expectation.text,
            "row": self.figures.row,
            "holds": self.holds,
            "mean": self.estimate.mean if self.estimate is not None else None,
            "confidence_interval": interval_of(self.estimate),
        }


def parse(text: str, known: Sequence[str], rows: Sequence[int] = ()) -> Expectation:
    """Read FIGURE RELATION NUMBER[%] [at ROW]; `rows` are those that there will be."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise UserError(
            f"expect: wanted FIGURE >= NUMBER, such as 'difference >= 50%' or 'b.hold_cycles_mean < 2000 at 4', got {text!r}"
        )
    figure, row = match["figure"], None if match["row"] is None else whole("expect: at", match["row"])
    if figure not in known:
        names = dict.fromkeys(each.partition(".")[2] for each in known if "." in each)
        raise UserError(
            f"expect {text!r}: there is no figure {figure!r}; there are {DIFFERENCE} (of the rates), and with a., b. or, "
            f"where it has an interval, {DIFFERENCE}. before it {', '.join(names)}"
        )
    if match["percent"] and figure not in PERCENT:
        if not figure.startswith(f"{DIFFERENCE}."):
            raise UserError(f"expect {text!r}: {figure} is no percentage; leave the % out")
        figure += OF_A
    if row is not None and row not in rows:
        there = f"the rows are {', '.join(map(str, rows))}" if rows else "a comparison of two kernels has no rows"
        raise UserError(f"expect {text!r}: there is no row {row}; {there}")
    unit = PERCENT.get(figure, 1.0) if match["percent"] else 1.0
    return Expectation(text.strip(), figure, match["relation"], float(match["value"]) * unit, row)


def judge_all(expectations: Iterable[Expectation], figures: Sequence[Figures]) -> list[Judged]:
    """Each expectation in each row of which it is one."""
    return [each.judge(row) for each in expectations for row in figures if each.row in (None, row.row)]


def figures_of_rows(comparison: Comparison) -> list[Figures]:
    """Of two variants, row by row."""
    unit = comparison.unit
    return [Figures(row.threads, f"{row.threads} {unit}{'s' * (row.threads != 1)}", _of_row(row)) for row in comparison.rows]


def _of_row(row: Row) -> dict[str, Estimate | None]:
    found: dict[str, Estimate | None] = {DIFFERENCE: row.difference}
    for name, side in (("a", row.a), ("b", row.b)):
        found |= {f"{name}.{quantity}": estimate for quantity, estimate in side.estimates.items()}
        found |= {f"{name}.{count}": Estimate(float(getattr(side, count))) for count in SIDE_COUNTS}
    found |= {f"{DIFFERENCE}.{quantity}": estimate for quantity, estimate in row.differences.items()}
    return found | {f"{DIFFERENCE}.{quantity}{OF_A}": estimate for quantity, estimate in row.differences_percent.items()}


def figures_of_kernels(comparison: KernelComparison) -> list[Figures]:
    """Of two kernels."""
    found: dict[str, Estimate | None] = {DIFFERENCE: comparison.difference}
    for name, side in (("a", comparison.a), ("b", comparison.b)):
        found[f"{name}.items_per_second"] = side.rate
        found |= {f"{name}.{each}": estimate_mean(_of_runs(each, side, comparison.items)) for each in KERNEL_QUANTITIES}
    for each in KERNEL_QUANTITIES:
        a, b = (_of_runs(each, side, comparison.items) for side in (comparison.a, comparison.b))
        found[f"{DIFFERENCE}.{each}"] = estimate_difference(a, b)
        found[f"{DIFFERENCE}.{each}{OF_A}"] = estimate_difference_percent(a, b)
    return [Figures(None, "", found)]


def _of_runs(name: str, side: KernelSide, items: int) -> list[float]:
    return [KERNEL_QUANTITIES[name](run, items) for run in side.runs]
