"""What a run measured, as plain values: every report, and `--json`, is made from these alone.

Cycles are simulated core cycles. The words (acquisition, lock wait, lock hold, message spin, stall) are those of the
documentation's definitions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from emu.run.experiment_spec import Stall
from emu.subjects.lock_means import LockMeans

if TYPE_CHECKING:
    from emu.run.stuck.facts import Stuck

SCHEMA = "emu-run/1"


@dataclass(frozen=True, slots=True)
class StateCycles:
    """Where cycles went; every cycle of a core is in exactly one."""

    user: int = 0
    kernel: int = 0
    scheduler: int = 0
    interrupt: int = 0
    lock_wait: int = 0
    message_spin: int = 0
    stall: int = 0
    idle: int = 0

    @classmethod
    def of(cls, cycles: Sequence[int]) -> "StateCycles":
        """From one number a state, in the order of `trace_record.State`."""
        return cls(*(int(number) for number in cycles))

    @property
    def total(self) -> int:
        """Sum over the states."""
        return sum(self.to_dict().values())

    def to_dict(self) -> dict[str, int]:
        """State to cycles, in the order of `trace_record.State`."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True, slots=True)
class MessageSpin:
    """The receivers' busy loop on r_msg: times entered, NULL loads, cycles."""

    entries: int = 0
    iterations: int = 0
    cycles: int = 0


@dataclass(frozen=True, slots=True)
class LockUse(LockMeans):
    """One class of locks over all its instances."""

    acquisitions: int = 0
    contended: int = 0
    wait_cycles: int = 0
    wait_cycles_max: int = 0
    hold_cycles: int = 0
    hold_cycles_max: int = 0
    spin_iterations: int = 0


@dataclass(frozen=True, slots=True)
class Wakeups:
    """Calls of try_to_wake_up: made under the queue lock or not; and by what they found, which is a sum of its own."""

    total: int = 0
    under_queue_lock: int = 0
    after_unlock: int = 0  # or elsewhere: the boot, a signal
    to_idle: int = 0
    to_running: int = 0  # the task was asleep, its core was running something; or it had not left that core yet
    found_awake: int = 0  # nothing was to be done
    under_way: int = 0  # when the run was stopped


@dataclass(frozen=True, slots=True)
class WakeupLatency:
    """From the entry of try_to_wake_up to the first instruction in user or kernel state of a task that had been switched out."""

    count: int = 0
    cycles: int = 0
    cycles_max: int = 0

    @property
    def cycles_mean(self) -> float:
        """Cycles a wakeup took to arrive."""
        return self.cycles / self.count if self.count else 0.0


@dataclass(frozen=True, slots=True)
class Coherence:
    """Transactions on the interconnect; near transfers are among those across modules."""

    transfers_within_module: int = 0
    transfers_across_modules: int = 0
    upgrades: int = 0
    memory_reads: int = 0
    transfers_near: int = 0
    l3_hits: int = 0


@dataclass(frozen=True, slots=True)
class StallCount:
    """What one --stall did: how often a core was held at the point, and for how many cycles in all."""

    count: int = 0
    cycles: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """One run. `partial`: it was stopped before all messages were delivered."""

    variant: str
    machine: str  # the machine file's own name
    workload: str
    placement: str
    cores: int
    modules: int  # that these cores are
    threads: int
    seed: int
    messages_wanted: int
    messages: int  # delivered
    cycles: int  # elapsed, of each core; the states of one core sum to this
    boot_cycles: int  # of `cycles`, how many had passed when the tasks were released
    seconds: float  # simulated
    messages_per_second: float
    instructions: int
    host_seconds: float
    trace_digest: str
    cycles_by_core_and_state: tuple[StateCycles, ...]
    # By cause, over all cores; with the states lock_wait, message_spin, stall and idle, cores x cycles. Empty: not counted.
    cycles_by_cause: Mapping[str, int] = field(default_factory=dict)
    message_spin: MessageSpin = MessageSpin()
    locks: Mapping[str, LockUse] = field(default_factory=dict)  # by class: "q_perm.lock", "pi_lock", "rq.lock", ...
    wakeups: Wakeups = Wakeups()
    wakeup_latency: WakeupLatency | None = None  # None: not counted
    interprocessor_interrupts: int = 0
    context_switches: int = 0
    coherence: Coherence = Coherence()
    # delivered = enqueued + handed_over - under_way; and system calls that returned an error to the program, by its name
    outcomes: Mapping[str, int] = field(default_factory=dict)
    tick_hz: int = 0
    overrides: Mapping[str, float] = field(default_factory=dict)  # figures of the machine file that were set: key to value
    stall_schedule: tuple[Stall, ...] = ()
    stalls: Mapping[str, StallCount] = field(default_factory=dict)  # by point
    preempt: str = "none"  # kind of kernel preemption
    queues: str | None = None  # which reading of pmsg-shared, beside the placement: `emu.guest.workload`
    types: str | None = None
    partial: bool = False
    stuck: "Stuck | None" = None  # why the run cannot go on, if it cannot; it is partial then

    @property
    def cycles_by_state(self) -> StateCycles:
        """Sum over the cores."""
        return StateCycles.of(
            [sum(getattr(core, state) for core in self.cycles_by_core_and_state) for state in StateCycles.__slots__]
        )

    @property
    def spin(self) -> MessageSpin:
        """The only spin that there is, as tests say it."""
        return self.message_spin

    @property
    def reading(self) -> str:
        """Where the tasks ran and, for pmsg-shared, how its pairs used queues and types, in words."""
        queues = {None: "", "shared": ", one queue", "pair": ", a queue a pair"}[self.queues]
        types = {None: "", "own": ", own types", "common": ", common types"}[self.types]
        return f"{self.placement}{queues}{types}"

    @property
    def mips(self) -> float:
        """Guest instructions a host microsecond."""
        return self.instructions / self.host_seconds / 1e6 if self.host_seconds > 0 else 0.0

    @property
    def undisturbed(self) -> bool:
        """Nothing held a core up from outside the path: no stall, no tick."""
        return not self.stall_schedule and not self.tick_hz

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints, in a fixed order."""
        return {
            "schema": SCHEMA,
            "variant": self.variant,
            "machine": self.machine,
            "preempt": self.preempt,
            "workload": self.workload,
            "placement": self.placement,
            "queues": self.queues,
            "types": self.types,
            "cores": self.cores,
            "modules": self.modules,
            "threads": self.threads,
            "seed": self.seed,
            "tick_hz": self.tick_hz,
            "overrides": dict(self.overrides),
            "partial": self.partial,
            "stuck": self.stuck.to_dict() if self.stuck is not None else None,
            "messages_wanted": self.messages_wanted,
            "messages": self.messages,
            "cycles": self.cycles,
            "boot_cycles": self.boot_cycles,
            "seconds": self.seconds,
            "messages_per_second": self.messages_per_second,
            "instructions": self.instructions,
            "host_seconds": self.host_seconds,
            "mips": self.mips,
            "trace_digest": self.trace_digest,
            "cycles_by_state": self.cycles_by_state.to_dict(),
            "cycles_by_core_and_state": [core.to_dict() for core in self.cycles_by_core_and_state],
            "cycles_by_cause": dict(self.cycles_by_cause),
            "message_spin": _plain(self.message_spin),
            "locks": {name: _plain(use) for name, use in self.locks.items()},
            "wakeups": _plain(self.wakeups),
            "wakeup_latency": _plain(self.wakeup_latency) if self.wakeup_latency is not None else None,
            "interprocessor_interrupts": self.interprocessor_interrupts,
            "context_switches": self.context_switches,
            "coherence": _plain(self.coherence),
            "outcomes": dict(self.outcomes),
            "stalls": {point: _plain(stall) for point, stall in self.stalls.items()},
            "stall_schedule": [_plain(stall) for stall in self.stall_schedule],
        }


def _plain(value: Any) -> dict[str, int | str]:
    return {each.name: getattr(value, each.name) for each in fields(value)}
