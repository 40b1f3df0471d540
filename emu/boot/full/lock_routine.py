"""What a routine of a kernel does with the lock that is its first argument."""

from dataclasses import dataclass
from enum import StrEnum

from emu.engine.records import R_RELEASES, R_SPINS, R_TAKES, R_WAITS

READERS, WRITERS = ":R", ":W"  # at the end of the kind: those who may hold a lock together, and those who may not
READ_WRITE = "rwlock"  # which is let go of by a change of its word
SEQCOUNT = "seqcount"  # which nobody holds: readers wait for its writer
SEMAPHORE = "semaphore"  # which has room for a number of holders


class Operation(StrEnum):
    """By the word that tables have for it."""

    TAKES = "takes"  # holds it when it returns
    TAKES_IF_ZERO = "takes_if_zero"  # the same, if it returns 0
    TAKES_IF_NOT_ZERO = "takes_if_not_zero"
    WAITS = "waits"  # is gone to by a routine that has not got the lock at once
    RELEASES = "releases"
    DOWNGRADES = "downgrades"  # makes a writer a reader

    def succeeds(self, returned: int) -> bool:
        """Whether a routine that takes a lock has it, by the value of RAX: an int, or a bool of one byte."""
        if self == Operation.TAKES_IF_ZERO:
            return returned & 0xFFFFFFFF == 0
        return self != Operation.TAKES_IF_NOT_ZERO or returned & 0xFF != 0


@dataclass(frozen=True, slots=True, order=True)
class LockRoutine:
    """One of a kind of locks, such as `mutex` or `rwsem:R`; of a slow path, whose kind is that of the call it belongs to, ""."""

    kind: str
    operation: Operation

    @property
    def code(self) -> int:
        """What compiled code is told: INSTRUCTION.routine."""
        if self.operation in (Operation.RELEASES, Operation.DOWNGRADES):
            return R_RELEASES
        if self.operation == Operation.WAITS:
            return R_WAITS
        return R_SPINS if word_kind(self.kind) == READ_WRITE else R_TAKES


def word_kind(kind: str) -> str:
    """The kind of a lock word, whichever side takes it."""
    return kind.partition(":")[0]


def may_share(kind: str) -> bool:
    """Whether others of the same kind may hold the lock at the same time."""
    return kind.endswith(READERS) or kind == SEMAPHORE
