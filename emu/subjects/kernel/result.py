"""What a region of a kernel gave, with names: every report, and `--json`, is made from this alone. Cycles are simulated ones."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from emu.boot.full.measured import Measured, TaskFigures
from emu.errors import InternalError
from emu.subjects.kernel.lock_names import NamedLock, name_locks
from emu.subjects.kernel.places import Places
from emu.subjects.kernel.vectors import by_kind
from emu.units import LINE_BYTES

SCHEMA = "emu-boot-detail/1"
MNEMONICS_MAX = 10  # of estimated costs, named
WAKEUPS, CONTEXT_SWITCHES = "wakeups", "context_switches"  # names of events, as in roles.toml


@dataclass(frozen=True, slots=True)
class NamedLine:
    """Cache lines of one name that moved between modules."""

    name: str
    lines: int  # how many of that name
    moves: int
    locks: tuple[str, ...]  # whose words are in them


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailResult:
    """A region in full detail."""

    measured: Measured
    locks: tuple[NamedLock, ...]
    lines: tuple[NamedLine, ...]
    unrecognised: tuple[str, ...]  # what of this kernel is not seen, a sentence each
    items: int | None  # in the region, as the user says

    @property
    def seconds(self) -> float:
        """Simulated."""
        return self.measured.cycles / self.measured.hertz

    @property
    def mips(self) -> float:
        """Guest instructions a host microsecond."""
        measured = self.measured
        return measured.instructions / measured.host_seconds / 1e6 if measured.host_seconds > 0 else 0.0

    @property
    def items_per_second(self) -> float | None:
        """Of the user's items, simulated; None where the user names none."""
        return None if self.items is None or not self.measured.cycles else self.items / self.seconds

    @property
    def estimated_instructions(self) -> int:
        """Retired at the cost of a class, as no table has their own."""
        return sum(self.measured.estimated.values())

    @property
    def estimated_cost_share(self) -> float:
        """From 0 to 1."""
        return self.estimated_instructions / self.measured.instructions if self.measured.instructions else 0.0

    @property
    def estimated_costs(self) -> dict[str, int]:
        """The mnemonics that were estimated most often, how often each."""
        ranked = sorted(self.measured.estimated.items(), key=lambda each: (-each[1], each[0]))
        return dict(ranked[:MNEMONICS_MAX])

    @property
    def wakeups(self) -> int:
        """Calls of try_to_wake_up."""
        return self.measured.events.get(WAKEUPS, 0)

    @property
    def wakeups_under_locks(self) -> dict[str, int]:
        """By the lock that the waker held; one call counts for each lock held."""
        found = dict[str, int]()
        for lock in self.locks:
            if lock.use.wakeups:
                found[lock.name] = found.get(lock.name, 0) + lock.use.wakeups
        return dict(sorted(found.items(), key=lambda each: -each[1]))

    @property
    def context_switches(self) -> int:
        """From one task to another, the idle ones included."""
        return self.measured.events.get(CONTEXT_SWITCHES, 0)

    @property
    def interprocessor_interrupts(self) -> dict[str, int]:
        """Sent, by kind."""
        return by_kind(self.measured.interprocessor_interrupts)

    @property
    def interrupts(self) -> dict[str, int]:
        """Taken, by kind."""
        return by_kind(self.measured.interrupts)

    @property
    def tasks(self) -> list[TaskFigures]:
        """Those that ran longest first."""
        return sorted(self.measured.tasks, key=lambda task: (-task.run_cycles, task.address))

    def to_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        measured, rate = self.measured, self.items_per_second
        return {
            "cores": measured.cores,
            "cycles": measured.cycles,
            "seconds": self.seconds,
            "instructions": measured.instructions,
            "instructions_by_core": list(measured.instructions_by_core),
            "host_seconds": round(measured.host_seconds, 3),
            "mips": round(self.mips, 2),
            "trace_digest": measured.digest,
            "cycles_by_state": dict(measured.cycles_by_state),
            "cycles_by_core_and_state": [dict(core) for core in measured.cycles_by_core],
            "cycles_by_cause": dict(measured.cycles_by_cause),
            "estimated_cost_share": self.estimated_cost_share,
            "estimated_costs": self.estimated_costs,
            "items": self.items,
            "items_per_second": rate,
            "locks": [lock.to_dict() for lock in self.locks],
            "wakeups": {"total": self.wakeups, "under_locks": self.wakeups_under_locks},
            "interprocessor_interrupts": self.interprocessor_interrupts,
            "interrupts": self.interrupts,
            "context_switches": self.context_switches,
            "coherence": dict(measured.coherence),
            "tasks": [{**asdict(task), "address": f"{task.address:#x}"} for task in self.tasks],
            "lines": [asdict(line) for line in self.lines],
            "unrecognised": list(self.unrecognised),
            "counts": dict(measured.counts),
        }


def detail_result(measured: Measured, places: Places, unrecognised: tuple[str, ...] = (), items: int | None = None) -> DetailResult:
    """The region with names; states that do not sum to the elapsed cycles of every core are an `InternalError`."""
    _check_sums(measured)
    locks = tuple(name_locks(measured.locks, places, {task.address: task for task in measured.tasks}))
    return DetailResult(
        measured=measured, locks=locks, lines=_lines(measured, locks, places), unrecognised=unrecognised, items=items
    )


def _check_sums(measured: Measured) -> None:
    """Every cycle of every core has one state."""
    for index, core in enumerate(measured.cycles_by_core):
        if sum(core.values()) != measured.cycles:
            raise InternalError(
                f"core {index}: its states sum to {sum(core.values())} cycles of {measured.cycles}: please report it"
            )
    whole, total = measured.cores * measured.cycles, sum(measured.cycles_by_state.values())
    if total != whole or len(measured.cycles_by_core) != measured.cores:
        raise InternalError(f"the states of all cores sum to {total} cycles of {whole}: please report it")


def _lines(measured: Measured, locks: Sequence[NamedLock], places: Places) -> tuple[NamedLine, ...]:
    """Lines by what lies at their first byte, else by the locks in them, else by their address; those of one name are one row."""
    inside = dict[int, list[str]]()
    for lock in locks:
        for word in lock.words:
            inside.setdefault(word // LINE_BYTES, []).append(lock.name)
    found = dict[str, NamedLine]()
    for physical, moves in measured.lines:
        there, place = sorted(set(inside.get(physical // LINE_BYTES, ()))), places.line(physical)
        name = str(place) if place is not None else f"line of {there[0]}" if there else f"{physical:#x}"
        before = found.get(name, NamedLine(name, 0, 0, ()))
        found[name] = NamedLine(name, before.lines + 1, before.moves + moves, tuple(sorted({*before.locks, *there})))
    return tuple(sorted(found.values(), key=lambda line: (-line.moves, line.name)))
