"""Scheduling domains: without L3s a module is a core of threads and all cores share a cache; with them, who shares an L3 does."""

from itertools import product

import pytest

from emu.assembly import assemble_variant
from emu.description import load_machine
from emu.guest.domains import DIE, MC, SMT
from emu.guest.processor import Processor, processor_of
from emu.guest.ram import DIRECT_MAP
from emu.guest.record import Record
from emu.subjects.ipc_msg.build import Guest, build_guest
from emu.subjects.ipc_msg.workload.pmsg_shared import plan_pmsg_shared

CLOCK_HZ = 10**9
SHARE_PKG_RESOURCES = 0x200


def build(cores: int, siblings: int = 2, cache_sharers: int = 0) -> Guest:
    return build_guest(assemble_variant("wakeq"), plan_pmsg_shared(cores=cores), Processor(CLOCK_HZ, siblings, cache_sharers))


def domains(guest: Guest, core: int) -> list[Record]:
    """Of one core, smallest first; each one's child is the one before. The core knows the largest that shares its cache."""
    area, shared = guest.percpu[core], 0
    found, child, at = [], 0, guest.kernel.at("rq", area["runqueue"])["sd"]
    while at:
        domain = guest.kernel.record("sched_domain", at - DIRECT_MAP)
        assert domain["child"] == child
        found.append(domain)
        shared = at if domain["flags"] & SHARE_PKG_RESOURCES else shared
        child, at = at, domain["parent"]
    assert area["sd_llc"] == shared
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
    ("cores", "shape", "core", "expected"),
    [
        (4, (2, 0), 0, [(0b0011, [0b01, 0b10]), (0b1111, [0b0011, 0b1100])]),
        (4, (2, 0), 3, [(0b1100, [0b1000, 0b0100]), (0b1111, [0b1100, 0b0011])]),
        (2, (2, 0), 1, [(0b11, [0b10, 0b01])]),  # all cores are one module: that level adds nothing
        (3, (2, 0), 2, [(0b111, [0b100, 0b011])]),  # a module of one core has no siblings
        (3, (2, 0), 0, [(0b011, [0b01, 0b10]), (0b111, [0b011, 0b100])]),
        (1, (2, 0), 0, []),
        (8, (1, 4), 5, [(0xF0, [0x20, 0x40, 0x80, 0x10]), (0xFF, [0xF0, 0x0F])]),  # two caches of four cores
        (8, (2, 4), 1, [(0x03, [0x02, 0x01]), (0x0F, [0x03, 0x0C]), (0xFF, [0x0F, 0xF0])]),
        (4, (2, 2), 2, [(0x0C, [0x04, 0x08]), (0x0F, [0x0C, 0x03])]),  # a core's threads have their cache: no level of it
        (3, (1, 1), 1, [(0b111, [0b010, 0b100, 0b001])]),  # nobody shares one
        (5, (1, 4), 4, [(0x1F, [0x10, 0x0F])]),  # the last cache has one core
    ],
)
def test_levels_and_their_groups(cores: int, shape: tuple[int, int], core: int, expected: list[tuple[int, list[int]]]) -> None:
    guest = build(cores, *shape)
    assert [(domain["span"], groups(guest, domain)) for domain in domains(guest, core)] == expected


@pytest.mark.parametrize(
    ("cores", "siblings", "sharers"), [*product((1, 2, 3, 4, 6, 8, 64), (1, 2, 4), (0,)), (8, 1, 4), (64, 2, 8), (7, 2, 4)]
)
def test_every_core_is_in_its_own_groups(cores: int, siblings: int, sharers: int) -> None:
    guest = build(cores, siblings, sharers)
    for core, area in enumerate(guest.percpu):
        first = core - core % (sharers or cores)
        assert (area["sd_llc_id"], area["sd_llc_size"]) == (first, min(sharers or cores, cores - first))
        found = domains(guest, core)
        for domain in found:
            masks = groups(guest, domain)
            assert masks[0] >> core & 1
            assert sum(masks) == domain["span"] and len(masks) > 1, "disjoint, and no level that adds nothing"
            assert domain["balance_interval"] == domain["span"].bit_count()
            assert (domain["flags"], domain["imbalance_pct"]) in [(each.flags, each.imbalance_percent) for each in (SMT, MC, DIE)]
        if found:
            assert found[-1]["span"] == (1 << cores) - 1


def test_siblings_share_a_core_s_capacity() -> None:
    guest = build(3)
    capacities = [guest.kernel.at("rq", area["runqueue"])["cpu_capacity"] for area in guest.percpu]
    assert capacities == [589, 589, 1024]


def test_load_is_shared_out_from_the_start() -> None:
    """The group's entity of each core has its share of 1024, however many tasks start there."""
    processor = processor_of(load_machine("a10-7800"))
    guest = build_guest(assemble_variant("wakeq"), plan_pmsg_shared(cores=4, threads=6), processor)
    objects = {each.name: each for each in guest.objects}
    loads = [guest.kernel.record("sched_entity", objects[f"group se/{core}"].physical)["avg.load_avg"] for core in range(4)]
    starts = [task.plan.core for task in guest.tasks]
    assert loads == [1024 * starts.count(core) // 6 for core in range(4)]


@pytest.mark.parametrize(
    ("machine", "threads", "wanted"),
    [
        ("a10-7800", 1, Processor(3_500_000_000, 2, 0)),
        ("zen2-8c", 1, Processor(3_600_000_000, 1, 4)),
        ("zen2-8c", 2, Processor(3_600_000_000, 2, 8)),
    ],
)
def test_a_machine_file_says_who_is_related(machine: str, threads: int, wanted: Processor) -> None:
    described = load_machine(machine)
    topology = described.topology.model_copy(update={"threads_per_core": threads})
    assert processor_of(described.model_copy(update={"topology": topology})) == wanted


@pytest.mark.parametrize("clock_hz", [1_000_000_000, 3_500_000_000])
def test_the_guest_s_nanoseconds_are_those_of_the_clock(clock_hz: int) -> None:
    guest = build_guest(assemble_variant("wakeq"), plan_pmsg_shared(cores=2), Processor(clock_hz, 2, 0))
    for area in guest.percpu:
        assert clock_hz * area["cyc2ns_mult"] >> area["cyc2ns_shift"] == pytest.approx(10**9, abs=2)
