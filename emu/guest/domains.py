"""Scheduling domains: which cores the scheduler takes for siblings, and which for sharers of a last-level cache.

Linux 4.8 sees the two cores of a module of this family as threads of one core, and all cores of the package as one
last-level cache, although each module has an L2 of its own (arch/x86/kernel/cpu/amd.c, amd_detect_cmp: cpu_llc_id is the
package). So there are at most two levels: SMT, a module, and MC, all cores. A level that adds no core is left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

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


# LOAD_BALANCE, BALANCE_NEWIDLE, _EXEC, _FORK, WAKE_AFFINE, SHARE_PKG_RESOURCES and, of SMT, SHARE_CPUCAPACITY; no BALANCE_WAKE
SMT = Level("SMT", 0x2AF, 110)
MC = Level("MC", 0x22F, 117)


def build_domains(kernel: Kernel, cores: Sequence[Record], cores_per_module: int) -> None:
    """Give each core its domains, smallest first, and its share of a module's capacity."""
    everyone = range(len(cores))
    modules = [everyone[first : first + cores_per_module] for first in everyone[::cores_per_module]]
    module_groups = _ring(kernel, MC, modules) if len(modules) > 1 else []
    for module in modules:
        core_groups = _ring(kernel, SMT, [[core] for core in module]) if len(module) > 1 else []
        for core in module:
            rq = kernel.record("rq", cores[core]["runqueue"] - DIRECT_MAP)
            rq["cpu_capacity"] = rq["cpu_capacity_orig"] = SMT_GAIN // len(module) if core_groups else CAPACITY
            domains = [_domain(kernel, SMT, core, module, core_groups)] if core_groups else []
            domains += [_domain(kernel, MC, core, everyone, module_groups)] if module_groups else []
            cores[core]["sd_llc_size"] = len(cores)
            if domains:
                rq["sd"], cores[core]["sd_llc"] = domains[0].virtual, domains[-1].virtual
            for child, parent in pairwise(domains):
                child["parent"], parent["child"] = parent.virtual, child.virtual


def _ring(kernel: Kernel, level: Level, groups: Sequence[Sequence[int]]) -> list[Record]:
    """The groups of a level, which the domains of all their cores share."""
    ring = [kernel.allocate("sched_group", f"sched_group {level.name}/{group[0]}") for group in groups]
    for each, following, group in zip(ring, ring[1:] + ring[:1], groups, strict=True):
        each["next"], each["cpumask"] = following.virtual, _mask(group)
    return ring


def _domain(kernel: Kernel, level: Level, core: int, span: Sequence[int], ring: Sequence[Record]) -> Record:
    """One domain of a core; its groups begin with the core's own."""
    record = kernel.allocate("sched_domain", f"sched_domain {level.name}/{core}", core=core)
    record["groups"] = next(each.virtual for each in ring if each["cpumask"] >> core & 1)
    record["span"] = _mask(span)
    record["flags"], record["imbalance_pct"] = level.flags, level.imbalance_percent
    record["balance_interval"] = len(span)  # milliseconds
    return record


def _mask(cores: Sequence[int]) -> int:
    return sum(1 << core for core in cores)
