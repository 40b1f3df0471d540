"""The errors of emu: one root, split by consequence.

Every message is one line that says what was wanted, what was got, where, and what to do about it.
"""

from pathlib import Path
from traceback import extract_tb


class EmuError(Exception):
    """Root of all errors that emu raises on purpose; `exit_code` is what the command line returns."""

    exit_code = 1


class UserError(EmuError):
    """Occurs when the user asked for something that cannot be: the input is at fault, nothing was run."""

    exit_code = 2


class GuestFault(EmuError):
    """Occurs when the guest did something its machine does not allow: the run ends there."""


class LimitReached(EmuError):
    """Occurs when a run passes one of its bounds: the message says what each core was doing."""


class CheckFailed(EmuError):
    """Occurs when a check that holds in every correct run does not: the result is not to be trusted."""


class InternalError(EmuError):
    """Occurs when emu itself is at fault: please report it."""


def place_of(error: BaseException) -> str:
    """Where an error came up: the innermost line of emu's own that led to it."""
    package = str(Path(__file__).parent)
    frames = [frame for frame in extract_tb(error.__traceback__) if frame.filename.startswith(package)]
    return f"at {frames[-1].filename}:{frames[-1].lineno}"
