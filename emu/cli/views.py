"""`--locks` and `--lines`, and the commands that do the same with a trace: what somebody looks for in a form that they know."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from emu.cli import terminal
from emu.errors import UserError

if TYPE_CHECKING:
    from emu.subjects.kernel.lock_names import NamedLock

LOCK_FORMS = ("percentiles", "lock_stat", "perf", "perf-l", "perf-o", "perf-t", "perf-x")
FORMS = "percentiles, lock_stat (/proc/lock_stat), perf (perf lock contention), or perf-l, -o, -t, -x as its options"

Locks = Annotated[str | None, typer.Option("--locks", metavar="FORM", help=f"The locks instead of the report: {FORMS}.")]

Lines = Annotated[bool, typer.Option("--lines", help="The lines that cores take from each other instead of the report.")]
VIEWS = ("--locks", "--lines")


def lock_form(form: str) -> str:
    """A form of locks by its name, or a `UserError`."""
    if form not in LOCK_FORMS:
        raise UserError(f"locks must be shown as {', '.join(LOCK_FORMS)}, not {form!r}")
    return form


def views(locks: str | None, lines: bool) -> "Views":
    """What the options ask for."""
    return Views(None if locks is None else lock_form(locks), lines)


@dataclass(frozen=True, slots=True)
class Views:
    """What is shown instead of a report, if anything."""

    locks: str | None
    lines: bool

    def __bool__(self) -> bool:
        """Whether anything is."""
        return self.locks is not None or self.lines

    @contextmanager
    def trace(self, asked: Path | None) -> Iterator[Path | None]:
        """The trace that is asked for, or, where a view needs one, one that is gone afterwards."""
        if asked is not None or not self:
            yield asked
            return
        with TemporaryDirectory(prefix="emu-") as folder:
            yield Path(folder) / "trace"

    def show(self, trace: Path, others: "Sequence[NamedLock]" = ()) -> None:
        """One after the other. `others`: locks that the trace does not have, as their waiters sleep."""
        if self.locks is not None:
            show_locks(trace, self.locks, others)
        if self.lines:
            show_lines(trace)


def show_locks(trace: Path, form: str, others: "Sequence[NamedLock]" = (), *, as_json: bool = False) -> None:
    """The locks of a trace in a form."""
    from emu.export.lock_book import LockBooks
    from emu.report.lock_percentiles import locks_json, render_lock_percentiles
    from emu.report.lock_stat import lock_stat_lines
    from emu.report.perf_lock import perf_lock_lines
    from emu.subjects.kernel.trace_header import NO_LOCK
    from emu.trace.file import TraceFile

    file = TraceFile(trace)
    header = file.header
    if not header.locks:
        raise UserError(f"trace {trace}: it knows no locks: a lock of emu bench is known by the comment `Lock word:` in its file")
    if not (header.clock_hz or as_json or form == LOCK_FORMS[0]):
        raise UserError(f"trace {trace}: it does not say how long a cycle is; --form {LOCK_FORMS[0]} is in cycles")
    with terminal.progress_bar("locks", "records") as progress:
        books = [book for book in LockBooks(file).read(progress) if header.locks[book.number].name != NO_LOCK]
    if as_json:
        terminal.show(json.dumps(locks_json(books, header), indent=2))
    elif form == LOCK_FORMS[0]:
        terminal.show_page(partial(render_lock_percentiles, books, header, others))
    elif form == "lock_stat":
        terminal.show("\n".join(lock_stat_lines(books, header, others)))
    else:
        terminal.show("\n".join(perf_lock_lines(books, header, form, others)))


def show_lines(trace: Path, *, as_json: bool = False) -> None:
    """The lines of a trace that cores take from each other."""
    from emu.export.line_census import LineCensus
    from emu.report.line_report import lines_json, render_lines
    from emu.trace.file import TraceFile

    file = TraceFile(trace)
    with terminal.progress_bar("lines", "records") as progress:
        lines = LineCensus(file).read(progress)
    if as_json:
        terminal.show(json.dumps(lines_json(lines, file.header), indent=2))
    else:
        terminal.show_page(partial(render_lines, lines, file.header))
