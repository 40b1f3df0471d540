"""The length of the path in steady state: means a system call, a function, a hold, and what a message costs in line transfers."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from emu.errors import CheckFailed
from emu.subjects.ipc_msg import QUEUE_LOCK
from emu.subjects.ipc_msg.path.reference import Correspondence
from emu.subjects.path.sections import Outcome
from emu.subjects.path.tally import Means
from emu.subjects.path.walk import IDLE, USER, Rules, Walk, function_means
from emu.trace.coherence_replay import Event

CALLS = ("msgsnd", "msgrcv")
CALL_ROUTINES = {f"sys_{call}": call for call in CALLS}
ROWS = (*CALLS, IDLE, "irq_resched", USER)
SECTIONS = {  # holds of a queue's lock: in which call, and what came of it
    "msgsnd_handoff_hold": ("msgsnd", Outcome.WAKES),
    "msgsnd_enqueue_hold": ("msgsnd", Outcome.GOES_ON),
    "msgrcv_sleep_hold": ("msgrcv", Outcome.SLEEPS),
}
SECTION_WORDS = {  # what people call them, and those that steady state need not have
    ("msgsnd", Outcome.WAKES): "hand-off",
    ("msgsnd", Outcome.GOES_ON): "enqueue",
    ("msgsnd", Outcome.SLEEPS): "sleep, the queue is full",
    ("msgrcv", Outcome.SLEEPS): "sleep",
    ("msgrcv", Outcome.GOES_ON): "receive",
    ("msgrcv", Outcome.WAKES): "receive, and wake a sender",
}
TAIL_MESSAGES = 10  # at the end, where the tasks stop one after the other


def rules(same: Correspondence) -> Rules:
    """What to look for in a trace of ours."""
    return Rules(
        calls=CALL_ROUTINES,
        holds_of=lambda lock: lock == QUEUE_LOCK,
        wakes=frozenset({"handed_over"}),
        interrupts={0xFD: "irq_resched"},
        inlined=same.inlined,
        names=same.names,
    )


class _Placed(Protocol):
    first: int


P = TypeVar("P", bound=_Placed)


@dataclass(frozen=True, slots=True)
class PathLengths:
    """Means over `messages` messages in steady state; a message is one msgsnd and one msgrcv.

    `rows` and `functions` have the contexts of `ROWS`: a system call's per call, the others' per message. `holds` says how
    many holds stand behind each section, `held` what of each function is in one. `transfers` are coherence events a message by
    kind, `objects` by kind of object.
    """

    messages: int
    rows: dict[str, Means]
    functions: dict[str, dict[str, Means]]
    sections: dict[str, Means]
    holds: dict[str, int]
    held: dict[str, dict[str, Means]]
    transfers: dict[str, float]
    objects: dict[str, float]
    partial: bool = False  # of the beginning of a trace

    @property
    def transfers_total(self) -> float:
        """Coherence events a message."""
        return sum(self.transfers.values())


def measure(walk: Walk, warm_up: int, kind_of: Callable[[int], str]) -> PathLengths:
    """Means over the messages after the first `warm_up` and before the last few; `kind_of` names the object at an address.

    A trace with no message in between is a `CheckFailed`. A section that steady state does not have, such as the enqueueing of
    a message that nobody waits for, is taken from the whole trace.
    """
    sends = [each.first for each in walk.episodes if each.kind == "msgsnd"]
    if len(sends) <= warm_up + TAIL_MESSAGES:
        raise CheckFailed(f"the trace has {len(sends)} calls of msgsnd: too few, {warm_up + TAIL_MESSAGES} are not steady state")
    begin, end = sends[warm_up], sends[-TAIL_MESSAGES]
    messages = len(sends) - warm_up - TAIL_MESSAGES
    episodes = _within(walk.episodes, begin, end)
    rows, functions = {}, {}
    for kind in ROWS:
        own = [each for each in episodes if each.kind == kind]
        count = len(own) if kind in CALLS else messages
        rows[kind] = Means.of([each.total() for each in own], count)
        functions[kind] = function_means(own, count)
    sections, holds, under = {}, {}, {}
    for kind, (call, outcome) in SECTIONS.items():
        everywhere = [each for each in walk.holds if (each.episode.kind, each.outcome) == (call, outcome)]
        held = _within(everywhere, begin, end) or everywhere
        sections[kind], holds[kind] = Means.of([each.total() for each in held]), len(held)
        under[kind] = function_means(held)
    events = [event for event in walk.transfers if begin <= event[0] < end]
    return PathLengths(
        messages=messages,
        rows=rows,
        functions=functions,
        sections=sections,
        holds=holds,
        held=under,
        transfers=_rates((event.name.lower() for _, event, _ in events), messages, (e.name.lower() for e in Event if e)),
        objects=_rates((kind_of(address) for _, _, address in events), messages),
    )


def _within(placed: Iterable[P], begin: int, end: int) -> list[P]:
    return [each for each in placed if begin <= each.first < end]


def _rates(names: Iterable[str], messages: int, always: Iterable[str] = ()) -> dict[str, float]:
    """How often each name comes a message, most often first; those in `always` even if never."""
    counts = Counter(dict.fromkeys(always, 0))
    counts.update(names)
    return {name: count / messages for name, count in counts.most_common()}
