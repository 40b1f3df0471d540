"""What is known of a run that did not come to its end: plain values, for the report, `--json` and other processes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from emu.errors import CheckFailed, EmuError, GuestFault, LimitReached

KINDS = ("livelock", "lost wakeup", "deadlock", "bound", "fault", "failed check")
LIVELOCK, LOST_WAKEUP, DEADLOCK, BOUND, FAULT, FAILED_CHECK = KINDS
ERRORS: Mapping[str, type[EmuError]] = {FAULT: GuestFault, FAILED_CHECK: CheckFailed}


def listed(names: Sequence[str]) -> str:
    """Names in a sentence."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def sentence(text: str) -> str:
    """A clause as a sentence; one that begins with the name of a task keeps it."""
    begin = text[:1] if "/" in text.split(maxsplit=1)[0] else text[:1].upper()
    return begin + text[1:] + ("" if text.endswith("?") else ".")


@dataclass(frozen=True, slots=True)
class Call:
    """A place in the code: a call that has not returned, or where a task stands."""

    routine: str
    place: str  # routine and offset
    source: str  # file and line
    in_firmware: bool  # not of the message path

    def to_dict(self) -> dict[str, str]:
        """As `--json` prints it."""
        return {"place": self.place, "source": self.source}


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """One task: all that says why it does not go on."""

    task: str
    policy: str  # as people say it, with the priority
    core: int
    state: str
    on_list: str  # of waiters; empty: on none
    r_msg: str  # of a receiver; empty: it is in no receive, or has not come to that
    waits_for: str  # empty: for nothing
    calls: tuple[Call, ...]  # outermost first; the last is where it stands
    events: tuple[str, ...]  # its last ones, first to last

    @property
    def own(self) -> int:
        """Place in `calls` of the innermost one in the message path, or of the last."""
        return next((at for at in reversed(range(len(self.calls))) if not self.calls[at].in_firmware), len(self.calls) - 1)

    def to_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        return plain | {"calls": [call.to_dict() for call in self.calls], "events": list(self.events)}


@dataclass(frozen=True, slots=True)
class CoreFacts:
    """One core: which task it runs, and what it does."""

    core: int
    task: str
    doing: str

    def __str__(self) -> str:
        """In one phrase."""
        return f"core {self.core} ({self.task}) {self.doing}"

    def to_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """Why a run does not go on."""

    kind: str  # of `KINDS`
    summary: str  # in one line
    words: tuple[str, ...]  # in sentences
    tasks: tuple[TaskFacts, ...]
    cores: tuple[CoreFacts, ...]
    details: Mapping[str, Any] = field(default_factory=dict)  # what only this kind has

    @property
    def error(self) -> EmuError:
        """The error that a command ends with."""
        return ERRORS.get(self.kind, LimitReached)(self.summary)

    def to_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "kind": self.kind,
            "summary": self.summary,
            "why": list(self.words),
            **self.details,
            "cores": [core.to_dict() for core in self.cores],
            "tasks": [task.to_dict() for task in self.tasks],
        }
