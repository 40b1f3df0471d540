"""The terminal: what goes to stdout and stderr, how wide it is, progress, and Ctrl-C."""

import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

PAGE_WIDTH = 100
PAGE_WIDTH_MAX = 120
INTERRUPTED = 130  # exit code of a program that Ctrl-C ended

Progress = Callable[[int, int], None]


def show(text: str) -> None:
    """Print to stdout."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()


def show_line(line: str) -> None:
    """Print one of many lines to stdout."""
    sys.stdout.write(line + "\n")


def complain(message: object) -> None:
    """Print one line to stderr."""
    sys.stderr.write(f"emu: {' '.join(str(message).split())}\n")


def page_width() -> int:
    """Columns for a report: the terminal's within reason, a mail's otherwise."""
    if not sys.stdout.isatty():
        return PAGE_WIDTH
    return max(80, min(shutil.get_terminal_size((PAGE_WIDTH, 24)).columns, PAGE_WIDTH_MAX))


def use_colour() -> bool:
    """Whether stdout is a terminal that takes colour."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


class Interrupt:
    """Ctrl-C as a request: a run that has begun is asked to stop; before that, or a second time, the program ends."""

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
            raise KeyboardInterrupt
        self.requested = True


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Take Ctrl-C as a request while the block runs."""
    interrupt = Interrupt()
    before = signal.signal(signal.SIGINT, interrupt._handle)
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def progress_bar(title: str, unit: str = "messages") -> Iterator[Progress]:
    """A progress bar on stderr, gone afterwards; nothing at all when stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeRemainingColumn(),
    )
    # Rich prints above the bar, on the bar's stream, what is written to stdout meanwhile: right only on a terminal.
    above = sys.stdout.isatty()
    with Bar(*columns, console=Console(stderr=True), transient=True, redirect_stdout=above) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
