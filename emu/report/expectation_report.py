"""What was expected of a comparison, and what it is: a line an expectation and row."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from emu.compare.bootstrap import CONFIDENCE_PERCENT
from emu.compare.expectation import OF_A, PERCENT, Judged
from emu.report.junit import Case, Outcome
from emu.report.page import WIDTH, page


def render_expectations(judged: Sequence[Judged], *, width: int = WIDTH, colour: bool = False) -> str:
    """All of them as text."""
    return "\n" + page(_parts(judged), width=width, colour=colour)


def _parts(judged: Sequence[Judged]) -> Iterator[RenderableType]:
    yield Text("Expected", style="bold")
    for each in judged:
        yield Text.assemble(("holds  " if each.holds else "fails  ", "green" if each.holds else "bold red"), words(each))


def words(judged: Judged) -> str:
    """One of them in a sentence: the figure, its interval, and why the mean alone does not do."""
    figure, estimate = judged.expectation.figure, judged.estimate
    text, place = judged.expectation.text, judged.figures.place
    where = f" at {place}" if place and judged.expectation.row is None else ""
    if estimate is None:
        return f"{text}{where}: these runs do not count {figure.removesuffix(OF_A)}"
    unit = " %" if figure in PERCENT or figure.endswith(OF_A) else ""
    low_and_high = ""
    if estimate.interval is not None:
        low, high = (_number(bound, figure) for bound in estimate.interval)
        low_and_high = f", {CONFIDENCE_PERCENT} % interval {low} to {high}"
    why = "; the mean would do, the interval does not" if judged.mean_holds and not judged.holds else ""
    return f"{text}{where}: {figure.removesuffix(OF_A)} is {_number(estimate.mean, figure)}{unit}{low_and_high}{why}"


def _number(value: float, figure: str) -> str:
    """With digits enough to tell it from the bound."""
    return f"{value / PERCENT.get(figure, 1.0):,.6g}"


def cases(judged: Sequence[Judged], suite: str) -> list[Case]:
    """The same for JUnit."""
    return [
        Case(
            name=f"{each.expectation.text} ({each.figures.place})" if each.figures.place else each.expectation.text,
            classname=suite,
            outcome=Outcome.PASSED if each.holds else Outcome.FAILURE,
            message=words(each),
        )
        for each in judged
    ]
