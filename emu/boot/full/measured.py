"""What a region in full detail gave, as plain values: addresses and vectors, without names."""

from collections.abc import Mapping
from dataclasses import dataclass, field

SPIN_LOCK = "spinlock"  # the kind of most locks


@dataclass(frozen=True, slots=True)
class SiteFigures:
    """One lock as taken from one place: the call's return address, or the address of an inlined lock's locked instruction."""

    address: int
    acquisitions: int
    contended: int
    wait_cycles: int
    wait_cycles_min: int  # of contended acquisitions; 0 if there was none
    wait_cycles_max: int
    hold_cycles: int
    hold_cycles_min: int  # of those that are over
    hold_cycles_max: int
    spin_iterations: int
    wakeups: int  # while it was held from here
    # Acquisitions, and beginnings of waits, of a lock that another core had taken last; None: nobody has counted them.
    bounces: int | None = None
    contended_bounces: int | None = None


@dataclass(frozen=True, slots=True)
class Lengths:
    """Each wait and each hold of a place, in cycles."""

    waits: tuple[int, ...]
    holds: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OwnerFigures:
    """Who held a lock when others began to wait for it."""

    task: int  # address of its task_struct
    site: int  # where it had taken it
    contended: int  # how often


@dataclass(frozen=True, slots=True)
class LockFigures:
    """One lock word, or one side of it, such as its readers: where it is, and what each place did with it."""

    physical: int
    virtual: int
    kind: str  # spinlock, mutex, ...
    sites: tuple[SiteFigures, ...]
    wait_histogram: tuple[int, ...]  # waits by the bits of their length in cycles
    hold_histogram: tuple[int, ...]
    owners: tuple[OwnerFigures, ...]  # the one in whose holds most waits began first
    lengths: Mapping[int, Lengths] = field(default_factory=dict)  # by the site's address; of spin locks a trace has them


@dataclass(frozen=True, slots=True)
class TaskFigures:
    """One task in the region: times are cycles."""

    address: int  # of its task_struct
    comm: str  # "" if that is not known: it is over, or the kernel does not say
    pid: int | None
    run_cycles: int  # on a CPU
    switches: int  # to it
    migrations: int  # switches to it on another CPU than before
    wakeups: int
    queue_wait_cycles: int  # from being woken, or taken off a CPU while it could go on, to the switch to it, summed
    queue_wait_cycles_max: int


@dataclass(frozen=True, slots=True)
class Measured:
    """The region from one mark to another."""

    cores: int
    cycles: int
    hertz: int  # cycles a second
    instructions: int
    instructions_by_core: tuple[int, ...]
    host_seconds: float
    digest: str
    cycles_by_state: Mapping[str, int]
    cycles_by_cause: Mapping[str, int]
    cycles_by_core: tuple[Mapping[str, int], ...]  # by state
    estimated: Mapping[str, int]  # instructions retired whose cost is that of a class, by mnemonic
    locks: tuple[LockFigures, ...]
    events: Mapping[str, int]  # wakeups, context_switches
    interrupts: Mapping[int, int]  # taken, by vector
    interprocessor_interrupts: Mapping[int, int]  # sent, by vector
    coherence: Mapping[str, int]
    lines: tuple[tuple[int, int], ...]  # physical address of a line, how often it moved between modules: the most moved first
    tasks: tuple[TaskFigures, ...]
    counts: Mapping[str, int]  # of the gear itself: fills, walks, decodes, accesses without ORDERED, ...
