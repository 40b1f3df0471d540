"""Scheduling domains: which cores the scheduler takes for siblings, and which for sharers of a last-level cache.

There are at most three levels: SMT, threads of a core; MC, cores that share a cache; DIE, all cores. A level that adds no core is
left out. Which cores those are is the processor's (`processor.py`): without an L3 all cores share one cache, and there is no DIE.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from emu.guest.processor import Processor
from emu.guest.ram import DIRECT_MAP
from emu.guest.record import Kernel, Record

CAPACITY = 1024  # SCHED_CAPACITY_SCALE
SMT_GAIN = 1178  # of a core with all its threads: arch_scale_cpu_capacity divides it among them


@dataclass(frozen=True, slots=True)
class Level:
    """What sd_init of kernel/sched/core.c gives the domains of a level."""

    name: str
    flags: int  # include/linux/sched.h
    imbalance_percent: int


# LOAD_BALANCE, BALANCE_NEWIDLE, _EXEC, _FORK, WAKE_AFFINE, and SHARE_PKG_RESOURCES or, of DIE, PREFER_SIBLING; of SMT
# SHARE_CPUCAPACITY, too; no BALANCE_WAKE
SMT = Level("SMT", 0x2AF, 110)
MC = Level("MC", 0x22F, 117)
DIE = Level("DIE", 0x102F, 125)


def build_domains(kernel: Kernel, cores: Sequence[Record], processor: Processor) -> None:
    """Give each core its domains, smallest first, its relatives by cache, and its share of a physical core's capacity."""
    everyone = range(len(cores))
    siblings = _parts(everyone, processor.siblings)
    caches = _parts(everyone, processor.cache_sharers or len(cores))
    die = _ring(kernel, DIE, caches)
    sharing = {cache: _ring(kernel, MC, [group for group in siblings if group.start in cache]) for cache in caches}
    for group in siblings:
        threads = _ring(kernel, SMT, [range(core, core + 1) for core in group])
        cache = next(cache for cache in caches if group.start in cache)
        for core in group:
            rq = kernel.record("rq", cores[core]["runqueue"] - DIRECT_MAP)
            rq["cpu_capacity"] = rq["cpu_capacity_orig"] = SMT_GAIN // len(group) if threads else CAPACITY
            cores[core]["sd_llc_id"], cores[core]["sd_llc_size"] = cache.start, len(cache)
            inside = [_domain(kernel, *level, core) for level in ((SMT, group, threads), (MC, cache, sharing[cache])) if level[2]]
            domains = [*inside, *([_domain(kernel, DIE, everyone, die, core)] if die else [])]
            cores[core]["sd_llc"] = inside[-1].virtual if inside else 0
            rq["sd"] = domains[0].virtual if domains else 0
            for child, parent in pairwise(domains):
                child["parent"], parent["child"] = parent.virtual, child.virtual


def _parts(cores: range, size: int) -> list[range]:
    """So many neighbours each; the last may have fewer."""
    return [cores[first : first + size] for first in cores[::size]]


def _ring(kernel: Kernel, level: Level, groups: Sequence[range]) -> list[Record]:
    """The groups of a level, which the domains of all their cores share; none where there is but one group."""
    if len(groups) < 2:
        return []
    ring = [kernel.allocate("sched_group", f"sched_group {level.name}/{group.start}") for group in groups]
    for each, following, group in zip(ring, ring[1:] + ring[:1], groups, strict=True):
        each["next"], each["cpumask"] = following.virtual, _mask(group)
    return ring


def _domain(kernel: Kernel, level: Level, span: range, ring: Sequence[Record], core: int) -> Record:
    """One domain of a core; its groups begin with the core's own."""
    record = kernel.allocate("sched_domain", f"sched_domain {level.name}/{core}", core=core)
    record["groups"] = next(each.virtual for each in ring if each["cpumask"] >> core & 1)
    record["span"] = _mask(span)
    record["flags"], record["imbalance_pct"] = level.flags, level.imbalance_percent
    record["balance_interval"] = len(span)  # milliseconds
    return record


def _mask(cores: range) -> int:
    return sum(1 << core for core in cores)
