"""Who watches a boot from the command line."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from emu.cli import terminal

if TYPE_CHECKING:
    from emu.boot.run import Watchers


@contextmanager
def watching(*, verbose: bool, as_json: bool) -> Iterator["Watchers"]:
    """With the console on stdout, unless that is JSON's; Ctrl-C ends the run with what there is."""
    from emu.boot.run import Watchers

    with terminal.interruptible() as interrupt:

        def progress(instructions: int) -> None:
            interrupt.begin()

        yield Watchers(
            output=(lambda content: None) if as_json else terminal.show_bytes,
            progress=progress,
            should_stop=interrupt.should_stop,
            tell=terminal.complain if verbose else lambda line: None,
            announce=terminal.complain,
        )
