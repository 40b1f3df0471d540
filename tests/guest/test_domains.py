"""Scheduling domains as Linux 4.8 builds them on this family: a module is a core of two threads, all cores share a cache."""

from itertools import product

import pytest

from emu.assembly import assemble_variant
from emu.guest.domains import MC, SMT
from emu.guest.ram import DIRECT_MAP
from emu.guest.record import Record
from emu.subjects.ipc_msg.build import Guest, build_guest
from emu.subjects.ipc_msg.workload.pmsg_shared import plan_pmsg_shared


def build(cores: int, cores_per_module: int = 2) -> Guest:
    return build_guest(assemble_variant("wakeq"), plan_pmsg_shared(cores=cores, cores_per_module=cores_per_module))


def domains(guest: Guest, core: int) -> list[Record]:
    """Of one core, smallest first; each one's child is the one before."""
    area = guest.percpu[core]
    found, child, at = [], 0, guest.kernel.at("rq", area["runqueue"])["sd"]
    while at:
        domain = guest.kernel.record("sched_domain", at - DIRECT_MAP)
        assert domain["child"] == child
        found.append(domain)
        child, at = at, domain["parent"]
    assert area["sd_llc"] == child
    return found


def groups(guest: Guest, domain: Record) -> list[int]:
    """Masks of the ring, from the core's own on."""
    masks, at = [], domain["groups"]
    while True:
        group = guest.kernel.record("sched_group", at - DIRECT_MAP)
        masks.append(group["cpumask"])
        at = group["next"]
        if at == domain["groups"]:
            return masks


@pytest.mark.parametrize(
    ("cores", "core", "expected"),
    [
        (4, 0, [(0b0011, [0b01, 0b10]), (0b1111, [0b0011, 0b1100])]),
        (4, 3, [(0b1100, [0b1000, 0b0100]), (0b1111, [0b1100, 0b0011])]),
        (2, 1, [(0b11, [0b10, 0b01])]),  # all cores are one module: that level adds nothing
        (3, 2, [(0b111, [0b100, 0b011])]),  # a module of one core has no siblings
        (3, 0, [(0b011, [0b01, 0b10]), (0b111, [0b011, 0b100])]),
        (1, 0, []),
    ],
)
def test_levels_and_their_groups(cores: int, core: int, expected: list[tuple[int, list[int]]]) -> None:
    guest = build(cores)
    assert [(domain["span"], groups(guest, domain)) for domain in domains(guest, core)] == expected


@pytest.mark.parametrize(("cores", "cores_per_module"), list(product((1, 2, 3, 4, 6, 8, 64), (1, 2, 4))))
def test_every_core_is_in_its_own_groups(cores: int, cores_per_module: int) -> None:
    guest = build(cores, cores_per_module)
    for core, area in enumerate(guest.percpu):
        assert (area["sd_llc_id"], area["sd_llc_size"]) == (0, cores)
        found = domains(guest, core)
        for domain in found:
            masks = groups(guest, domain)
            assert masks[0] >> core & 1
            assert sum(masks) == domain["span"] and len(masks) > 1, "disjoint, and no level that adds nothing"
            assert domain["balance_interval"] == domain["span"].bit_count()
            assert (domain["flags"], domain["imbalance_pct"]) in [(each.flags, each.imbalance_percent) for each in (SMT, MC)]
        if found:
            assert found[-1]["span"] == (1 << cores) - 1


def test_siblings_share_a_core_s_capacity() -> None:
    guest = build(3)
    capacities = [guest.kernel.at("rq", area["runqueue"])["cpu_capacity"] for area in guest.percpu]
    assert capacities == [589, 589, 1024]


def test_load_is_shared_out_from_the_start() -> None:
    """The group's entity of each core has its share of 1024, however many tasks start there."""
    guest = build_guest(assemble_variant("wakeq"), plan_pmsg_shared(cores=4, threads=6))
    objects = {each.name: each for each in guest.objects}
    loads = [guest.kernel.record("sched_entity", objects[f"group se/{core}"].physical)["avg.load_avg"] for core in range(4)]
    starts = [task.plan.core for task in guest.tasks]
    assert loads == [1024 * starts.count(core) // 6 for core in range(4)]
