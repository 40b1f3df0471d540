"""The terminal: what goes to stdout and stderr, how wide it is, progress, and signals that ask to stop."""

import io
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from emu import compiled
from emu.errors import EmuError, UserError
from emu.printable import printable, printable_in_colour
from emu.processes import STOP_SIGNALS

COMPLAINT_MAX = 2000  # characters
PAGE_WIDTH = 100
PAGE_WIDTH_MIN, PAGE_WIDTH_MAX = 60, 140
INTERRUPTED = 128 + signal.SIGINT  # exit code of a program that Ctrl-C ended

Progress = Callable[[int, int], None]


class OutputLost(UserError):
    """Occurs when stdout takes no more: its disk is full, it is closed, or its reader has gone."""

    def __init__(self, error: OSError) -> None:
        """Say why."""
        gone = isinstance(error, BrokenPipeError)
        reason = "its reader has gone" if gone else error.strerror or str(error)
        super().__init__(f"standard output: {reason}; not everything could be printed")
        self.exit_code = 128 + signal.SIGPIPE if gone else UserError.exit_code


class _Stdout(io.TextIOWrapper):
    """Stdout, whoever prints on it: when it takes no more, that is an `OutputLost`, once."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError as error:
            raise self._lost(error) from None

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            raise self._lost(error) from None

    def _lost(self, error: OSError) -> OutputLost:
        """Let what is still to be printed go nowhere, so that nothing fails on it a second time."""
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, self.fileno())
        os.close(null)
        return OutputLost(error)


def open_streams() -> None:
    """Make stdout and stderr ready for a program; one that it was started without takes nothing, lest a file get its number."""
    for number, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):  # 1: so that writing to it fails
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # gets the lowest number that is free
    encoding = sys.stdout.encoding if sys.stdout is not None else "utf-8"
    sys.stdout = _Stdout(open(1, "wb", closefd=False), encoding, "replace", line_buffering=os.isatty(1))  # noqa: SIM115
    encoding = sys.stderr.encoding if sys.stderr is not None else "utf-8"
    sys.stderr = io.TextIOWrapper(open(2, "wb", closefd=False), encoding, "replace", line_buffering=True)  # noqa: SIM115


def show(text: str) -> None:
    """Print to stdout."""
    sys.stdout.write(printable(text if text.endswith("\n") else text + "\n"))
    sys.stdout.flush()


def show_bytes(content: bytes) -> None:
    """Hand bytes of somebody else's console on to stdout as they are."""
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def show_page(render: Callable[..., str]) -> None:
    """Print a page of a report: `render` takes the width, and whether the terminal has colours."""
    sys.stdout.write(printable_in_colour(render(width=page_width(), colour=use_colour())))
    sys.stdout.flush()


def show_fitting(text: str) -> None:
    """Print text in somebody else's format, whose lines are whole for a program and wrapped for a person at a terminal."""
    if sys.stdout.isatty():
        from emu.report.page import fold

        text = fold(text, page_width())
    show_line(text)


def show_line(line: str) -> None:
    """Print one of many lines to stdout."""
    sys.stdout.write(printable(line) + "\n")


def complain(message: object) -> None:
    """Print one line to stderr; of a very long one its ends."""
    line = printable(" ".join(str(message).split()))
    if len(line) > COMPLAINT_MAX:
        line = f"{line[: COMPLAINT_MAX // 2]} … {line[-COMPLAINT_MAX // 4 :]}"
    with suppress(OSError):  # there is nobody left to tell
        sys.stderr.write(f"emu: {line}\n")
        sys.stderr.flush()


def each_of(*steps: Callable[[], None]) -> None:
    """Take every step, whatever becomes of the ones before it; then the first error is raised and the others are lines."""
    failed: list[EmuError] = []
    for step in steps:
        try:
            step()
        except EmuError as error:
            failed.append(error)
    for each in failed[1:]:
        complain(each)
    if failed:
        raise failed[0]


def page_width() -> int:
    """Columns for a report: COLUMNS of the environment or the terminal's, within reason; a mail's otherwise."""
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        return PAGE_WIDTH
    return max(PAGE_WIDTH_MIN, min(shutil.get_terminal_size((PAGE_WIDTH, 24)).columns, PAGE_WIDTH_MAX))


def use_colour() -> bool:
    """Whether stdout is a terminal that takes colour."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


class Terminated(KeyboardInterrupt):
    """Occurs when another signal than Ctrl-C's asks the program to end: what was to be left in order is, on the way out."""


class Interrupted(EmuError):
    """Occurs when a command was asked to stop before it had anything to show; the message says before what."""

    def __init__(self, before: str) -> None:
        """Say it."""
        super().__init__(f"interrupted before {before}")
        self.exit_code = 128 + Interrupt.signal


class Interrupt:
    """A signal as a request: a run that has begun is asked to stop; before that, or a second time, the program ends."""

    signal = signal.SIGINT  # the last one, of the whole program: which exit code there is

    def __init__(self) -> None:
        """Nothing requested yet."""
        self.requested = False
        self._begun = False

    def begin(self) -> None:
        """The run measures from here on."""
        self._begun = True

    def should_stop(self) -> bool:
        """What the run asks."""
        return self.requested

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested or not self._begun:
            end_now(number, frame)
        Interrupt.signal = signal.Signals(number)
        self.requested = True


def end_now(number: int, frame: FrameType | None) -> None:
    """Handle a signal that nobody takes as a request."""
    Interrupt.signal = signal.Signals(number)
    raise KeyboardInterrupt if number == signal.SIGINT else Terminated


def end_in_order() -> None:
    """Let the signals that end a program unwind it, so that no part of a file is left; one that is ignored (nohup) stays so."""
    for number in STOP_SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, end_now)


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Take the signals that end a program as a request while the block runs."""
    interrupt = Interrupt()
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    for number, handler in before.items():
        if handler != signal.SIG_IGN:
            signal.signal(number, interrupt._handle)
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Bar:
    """A progress bar that is shown."""

    now: "_Bar | None" = None

    def __init__(self, bar: Any, title: str) -> None:
        self._bar, self._title = bar, title
        self._task = bar.add_task(title, total=None)

    def progress(self, done: int, total: int) -> None:
        self._bar.update(self._task, description=self._title, completed=done, total=total)

    def compiling(self, done: int, total: int) -> None:
        how_far = f" {done} of {total} functions" if total else ""
        self.say(f"compiling{how_far}, once")

    def say(self, what: str) -> None:
        self._bar.update(self._task, description=f"{self._title}: {what}")


def say_in_bar(what: str) -> None:
    """Show how far a part of the work is, in the bar; nothing where none is shown."""
    if _Bar.now is not None:
        _Bar.now.say(what)


class FirstRun(compiled.Listener):
    """Says that compiling takes its time, and how far it is: in the bar that is shown, or in one line."""

    def __init__(self) -> None:
        """Nothing said yet."""
        self._said = False

    def progress(self, done: int, total: int) -> None:
        """Say how far it is."""
        if _Bar.now is not None:
            _Bar.now.compiling(done, total)
        elif not self._said:
            complain("the first run compiles the machine: some 20 s of one core, once for each version")
        self._said = True

    def trouble(self, message: str) -> None:
        """Say it."""
        complain(message)


@contextmanager
def progress_bar(title: str, unit: str = "messages") -> Iterator[Progress]:
    """A progress bar on stderr, gone afterwards; nothing at all when stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeRemainingColumn(),
    )
    # Rich prints above the bar, on the bar's stream, what is written to stdout meanwhile: right only on a terminal.
    above = sys.stdout.isatty()
    with Bars(*columns, console=Console(stderr=True), transient=True, redirect_stdout=above) as bars:
        _Bar.now = _Bar(bars, escape(printable(title)))
        try:
            yield _Bar.now.progress
        finally:
            _Bar.now = None
