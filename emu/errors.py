"""The errors of emu: one root, split by consequence.

Every message is one line that says what was wanted, what was got, where, and what to do about it.
"""


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
