"""What comes of one call: its value, or the error that it ended with; both can be sent from one process to another."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from emu.errors import EmuError, InternalError, UserError, place_of

C = TypeVar("C")
R = TypeVar("R")
ShouldStop = Callable[[], bool]
Function = Callable[[C, ShouldStop], R]  # what is called; one that stops in the middle because it was asked to raises `Stopped`


class Stopped(Exception):
    """Occurs when whoever wants results has asked to stop."""


class WorkerLost(EmuError):
    """Occurs when a call ended the process that carried it out, and did so again each time it was tried."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[R]):
    """Of one call."""

    value: R | None = None
    error: EmuError | None = None

    def result(self) -> R:
        """The value; an error is raised."""
        if self.error is not None:
            raise self.error
        return cast(R, self.value)


def never() -> bool:
    """What asks nobody to stop."""
    return False


def outcome_of(function: Function[C, R], call: C, should_stop: ShouldStop) -> Outcome[R]:
    """Carry a call out. Whatever is wrong with it is its outcome, and no other call's."""
    try:
        return Outcome(function(call, should_stop))
    except Stopped:
        raise
    except EmuError as error:
        return Outcome(error=_plain(error))
    except OSError as error:
        what = f"{error.filename}: " if error.filename is not None else ""
        return Outcome(error=UserError(f"{what}{error.strerror or error}"))
    except MemoryError:
        return Outcome(error=UserError("this host has not the memory for that; ask for fewer --jobs, cores or messages"))
    except Exception as error:  # a fault of emu's own, where a traceback would be lost
        return Outcome(error=InternalError(f"{type(error).__name__}: {error}, {place_of(error)}"))


def _plain(error: EmuError) -> EmuError:
    """The error without what another process could not make anew: of the nearest kind that is made of its message alone."""
    kind: Any = next(each for each in type(error).__mro__ if "__init__" not in vars(each))
    return cast(EmuError, kind(str(error)))
