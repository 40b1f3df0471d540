"""`--expect` and `--junit` of `emu compare`: what a comparison must come to, and the file that says whether it does."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emu.cli import options, terminal
from emu.errors import CheckFailed, EmuError
from emu.files import Output

if TYPE_CHECKING:
    from emu.compare.expectation import Expectation, Figures, Judged

Expect = Annotated[
    list[str] | None,
    typer.Option(
        metavar="WHAT",
        help="Exit with 1 unless it holds over all of its 95 % interval: 'difference >= 50%', 'b.hold_cycles_mean < 2000 at 8'. "
        "May be repeated (docs/ci.md).",
    ),
]


class Expecting:
    """What was asked for, and what came of it."""

    def __init__(
        self, texts: Sequence[str] | None, junit: Path | None, known: Sequence[str], rows: Sequence[int] = (), *, overwrite: bool
    ) -> None:
        """Refuse what is no figure of such a comparison, or no file that can be written."""
        from emu.compare.expectation import parse

        self._expectations: list[Expectation] = [parse(text, known, rows) for text in texts or ()]
        self._junit: Output | None = None if junit is None else options.junit_output(junit, overwrite=overwrite)
        self._judged: list[Judged] = []

    def judge(self, figures: "Sequence[Figures]") -> None:
        """Hold the comparison against it."""
        from emu.compare.expectation import judge_all

        self._judged = judge_all(self._expectations, figures)

    def json(self) -> dict[str, Any]:
        """What `--json` prints of it."""
        return {"expectations": [each.to_dict() for each in self._judged]}

    def show(self) -> None:
        """What a person is shown."""
        from emu.report.expectation_report import render_expectations

        if self._judged:
            terminal.show_page(partial(render_expectations, self._judged))

    def steps(self, suite: str, *, partial: bool = False, failed: EmuError | None = None) -> tuple[Callable[[], None], ...]:
        """What is left to do behind the report: write the file, and fail if something does not hold.

        Nothing is judged for good of a comparison that its user has stopped.
        """
        if partial and failed is None:
            return ()
        return lambda: self._write(suite, failed), self._fail

    def _write(self, suite: str, failed: EmuError | None) -> None:
        if self._junit is None:
            return
        from emu.report.expectation_report import cases
        from emu.report.junit import Case, Outcome, render_junit

        found = cases(self._judged, suite)
        if failed is not None:
            found.append(Case("every run comes to its end", suite, Outcome.ERROR, str(failed)))
        self._junit.write(render_junit(suite, found))

    def _fail(self) -> None:
        from emu.report.expectation_report import words

        broken = [words(each) for each in self._judged if not each.holds]
        if broken:
            raise CheckFailed(f"not as expected: {'; '.join(broken)}")
