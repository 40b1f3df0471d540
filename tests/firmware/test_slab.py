"""The slab allocator on one and on several cores: no object is handed out twice, none is lost, wherever it is freed."""

import random
from collections.abc import Sequence

import pytest
from unicorn import UcError

from bench.firmware.ipc_machine import FREE_OBJECTS_PER_CORE, SLAB_OBJECTS, IpcMachine
from emu.guest.held import Held
from emu.guest.ram import DIRECT_MAP
from emu.guest.record import Record
from emu.guest.slab import FREE_ON_CPU_SLAB, KINDS, Kind, build_slabs, slab_counts
from emu.subjects.ipc_msg.slabs import A_TASK_AND_A_QUEUE, usual_slabs

GFP_KERNEL = 0x24000C0


def allocate(machine: IpcMachine, core: int, size: int = 56) -> int:
    return machine.cores[core].call("__kmalloc", size, GFP_KERNEL)


def free(machine: IpcMachine, core: int, address: int) -> None:
    machine.cores[core].call("kfree", address)


def check(machine: IpcMachine, live: set[int]) -> None:
    """Every object is live or on exactly one free list; the counts of each slab agree with its lists."""
    available = machine.free_objects()
    assert len(available) == len(set(available)), "an object is on two lists"
    assert not live & set(available), "a live object is on a free list"
    assert len(live) + len(available) == machine.total_objects, "an object is lost"
    caches = [core.area.inner("kmalloc_64", "kmem_cache_cpu") for core in machine.cores]
    on_node = machine.node_partial()
    assert machine.node["nr_partial"] == len(on_node) == len(set(on_node))
    assert machine.node["list_lock"] == 0
    frozen = {page.virtual for page in machine.slabs if page["objects_frozen"] & 0x8000}
    held = [cache["page"] for cache in caches if cache["page"]]
    for cache in caches:
        at = cache["partial"]
        while at:
            held.append(at)
            at = machine.get(at + machine.kernel.offset("page", "next"))
    assert sorted(held) == sorted(frozen), "frozen slabs are those of the cores"
    assert not frozen & set(on_node)
    for page in machine.slabs:
        assert page["objects_frozen"] & 0x7FFF == SLAB_OBJECTS
        assert page["inuse"] == SLAB_OBJECTS - len(list(machine.chain(page["freelist"])))
        assert page["refcount"] == 1, "the upper half of the counters"
        if page.virtual not in frozen and page.virtual not in on_node:
            assert page["freelist"] == 0, "a slab on no list must be full"


def test_kmalloc_slab_picks_the_cache_by_size() -> None:
    machine = IpcMachine()
    for index in range(1, 14):
        machine.put(machine.symbol("kmalloc_caches") + 8 * index, 0x1000 * index)
    sizes = {1: 96, 2: 192, **{index: 1 << index for index in range(3, 14)}}
    for size in (1, 8, 9, 16, 17, 24, 32, 33, 56, 64, 65, 96, 97, 128, 129, 192, 193, 256, 257, 512, 1025, 4096, 8192):
        index = machine.cores[0].call("kmalloc_slab", size, GFP_KERNEL) // 0x1000
        fitting = min(bytes_ for bytes_ in sizes.values() if bytes_ >= size)
        assert sizes[index] == fitting, size
    assert machine.cores[0].call("kmalloc_slab", 0, GFP_KERNEL) == 0x10
    assert machine.cores[0].call("kmalloc_slab", 0x400001, GFP_KERNEL) == 0


def test_one_core_gives_back_and_takes_again() -> None:
    machine = IpcMachine()
    first = allocate(machine, 0)
    free(machine, 0, first)
    assert allocate(machine, 0) == first, "the object freed last is still in the cache"
    check(machine, {first})
    free(machine, 0, 0)  # kfree(NULL)


def test_an_object_freed_elsewhere_comes_back_to_its_slab() -> None:
    machine = IpcMachine(cores=2)
    taken = [allocate(machine, 0) for _ in range(FREE_OBJECTS_PER_CORE)]
    free(machine, 1, taken[3])
    free(machine, 1, taken[5])
    assert list(machine.chain(machine.slabs[0]["freelist"])) == [taken[5], taken[3]]
    check(machine, set(taken) - {taken[3], taken[5]})
    assert [allocate(machine, 0), allocate(machine, 0)] == [taken[5], taken[3]], "the owner's refill takes them"
    check(machine, set(taken))


def test_a_full_slab_becomes_the_freeing_cores_and_too_many_of_them_go_to_the_node() -> None:
    machine = IpcMachine(cores=2, spare_slabs=4)
    machine.cache["cpu_partial"] = 2
    taken = [allocate(machine, 0) for _ in range(FREE_OBJECTS_PER_CORE + 4 * SLAB_OBJECTS)]
    check(machine, set(taken))
    assert not machine.node_partial()
    live = set(taken)
    for address in taken:
        free(machine, 1, address)
        live.discard(address)
    check(machine, live)
    assert machine.node_partial(), "more than cpu_partial free objects: drained"
    own = machine.cores[0].area.inner("kmalloc_64", "kmem_cache_cpu")["page"]
    assert machine.kernel.record("page", own - DIRECT_MAP)["objects_frozen"] & 0x8000
    out_of_reach = len(list(machine.chain(machine.kernel.record("page", own - DIRECT_MAP)["freelist"])))
    again = {allocate(machine, 1) for _ in range(machine.total_objects - out_of_reach)}
    check(machine, again)
    again |= {allocate(machine, 0) for _ in range(out_of_reach)}
    check(machine, again)
    assert len(again) == machine.total_objects


@pytest.mark.parametrize("cores", [1, 2, 4])
@pytest.mark.parametrize("seed", range(3))
def test_random_sequences(cores: int, seed: int) -> None:
    machine = IpcMachine(cores=cores, spare_slabs=6 * cores)
    source = random.Random(seed)
    live: list[int] = []
    for number in range(700):
        grow = number // 100 % 2 == 0
        core = source.randrange(cores)
        if live and (source.random() < (0.3 if grow else 0.7) or len(live) >= 100 * cores):
            free(machine, core, live.pop(source.randrange(len(live))))
        else:
            address = allocate(machine, core)
            assert address not in live
            live.append(address)
        if number % 20 == 0:
            check(machine, set(live))
    check(machine, set(live))


@pytest.mark.parametrize("seed", range(3))
def test_messages_that_ping_pong_for_ever_never_run_dry(seed: int) -> None:
    machine = IpcMachine(cores=2, spare_slabs=1)
    source = random.Random(seed)
    for _ in range(150):
        sender = source.randrange(2)
        address = allocate(machine, sender)
        free(machine, 1 - sender, address)
    check(machine, set())


@pytest.mark.parametrize("seed", range(4))
def test_cores_that_free_each_others_objects_at_the_same_time(seed: int) -> None:
    """Three cores exchange objects through eight shared slots, one instruction at a time in random order."""
    rounds, cores = 60, 3
    machine = IpcMachine(cores=cores, spare_slabs=2)
    slots = machine.ram.allocate(64)
    for core in machine.cores:
        core.start("pass_loop", 0xFFFF880000000000 + slots, rounds)
    source = random.Random(seed)
    running = list(machine.cores)
    while running:
        core = source.choice(running)
        for _ in range(source.choice((1, 1, 1, 2, 5, 30))):
            core.step()
            if core.finished:
                running.remove(core)
                break
    left = {machine.ram.get(slots + 8 * index) for index in range(8)} - {0}
    check(machine, left)


def test_when_all_slabs_are_used_up_there_is_null_until_something_is_freed() -> None:
    machine = IpcMachine(cores=2, spare_slabs=1)
    taken = [allocate(machine, 0) for _ in range(FREE_OBJECTS_PER_CORE + SLAB_OBJECTS)]
    assert [allocate(machine, 0) for _ in range(3)] == [0, 0, 0], "what core 1 has cannot be had"
    check(machine, set(taken))
    free(machine, 0, taken[20])
    assert allocate(machine, 0) == taken[20]
    check(machine, set(taken))
    with pytest.raises(UcError):  # kmalloc_large would need a page allocator
        allocate(machine, 0, 0x2001)


class AllSizes(IpcMachine):
    """A machine with the slabs that the guest builder makes, or with so many of each kind."""

    def __init__(self, cores: int = 1, *, spare_slabs: int = 2, slabs: Sequence[int] = ()) -> None:
        self._counts = slabs or slab_counts(cores, usual_slabs(cores, spare_slabs))
        super().__init__(cores=cores)

    def _slab(self, spare_slabs: int) -> None:
        build_slabs(self.kernel, [core.area for core in self.cores], self._counts)

    def records(self, kind: Kind) -> list[Record]:
        """Head pages of a cache's slabs."""
        cache = self.get(self.symbol("kmalloc_caches") + 8 * kind.index)
        found = [self.kernel.record("page", each.physical) for each in self.ram.objects if each.struct == "page"]
        return [page for page in found if page["slab_cache"] == cache]

    def free_of(self, kind: Kind) -> list[int]:
        """Every free object of a cache, wherever it is."""
        heads = [page["freelist"] for page in self.records(kind)]
        heads += [core.area.inner(f"kmalloc_{kind.object_bytes}", "kmem_cache_cpu")["freelist"] for core in self.cores]
        found = []
        for head in heads:
            while head:
                found.append(head)
                head = self.get(head)
        return found


def test_every_size_up_to_8192_has_a_cache_that_works_alike() -> None:
    machine = AllSizes(cores=2)
    source = random.Random(1)
    before = {kind: sorted(machine.free_of(kind)) for kind in KINDS}
    live: list[tuple[int, int]] = []  # address, bytes asked for
    for number in range(1500):
        core = source.randrange(2)
        if live and (source.random() < 0.5 or number > 1000):
            free(machine, core, live.pop(source.randrange(len(live)))[0])
            continue
        size = source.choice((source.randrange(1, 8193), 1 << source.randrange(14), 4096, 56))
        if (address := allocate(machine, core, size)) == 0:
            continue
        assert not any(at < address + size and address < at + other for at, other in live), "objects overlap"
        live.append((address, size))
    for kind in KINDS:
        mine = machine.free_of(kind)
        assert len(mine) == len(set(mine))
        assert set(mine) <= set(before[kind])
    for address, _ in live:
        free(machine, source.randrange(2), address)
    assert {kind: sorted(machine.free_of(kind)) for kind in KINDS} == before


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_cache_gives_all_its_objects_and_takes_them_back(kind: Kind) -> None:
    machine = AllSizes(cores=1, spare_slabs=3)
    everything = sorted(machine.free_of(kind))
    slabs = len(machine.records(kind))
    wanted = kind.objects * slabs - (kind.objects - FREE_ON_CPU_SLAB if kind.object_bytes == 64 else 0)
    assert len(everything) == wanted
    taken = []
    while address := allocate(machine, 0, kind.object_bytes):
        taken.append(address)
    assert sorted(taken) == everything
    assert all(address % min(kind.object_bytes & -kind.object_bytes, 4096) == 0 for address in taken)
    for address in random.Random(2).sample(taken, len(taken)):
        free(machine, 0, address)
    assert sorted(machine.free_of(kind)) == everything


def test_slabs_for_full_queues() -> None:
    """One message of a byte: 16384 of them fill a queue, and each takes an object of kmalloc-64."""
    for cores, tasks, queues in ((1, 2, 0), (4, 8, 1), (4, 64, 3)):
        counts = usual_slabs(cores, tasks, queues)
        assert counts[0] * 64 >= tasks + queues * 16384
        for kind, count in zip(KINDS[1:], counts[1:], strict=True):
            a_task, a_queue = A_TASK_AND_A_QUEUE[kind.object_bytes]
            assert count * kind.objects >= tasks * a_task + queues * a_queue


def adversary(machine: AllSizes, kind: Kind, at_once: int, ever: int) -> None:
    """Fill slabs on one core after the other and free most of each elsewhere, so that every core keeps what it can."""
    live: list[int] = []
    cores = len(machine.cores)
    for number in range(ever):
        if len(live) == at_once:  # all but one of each slab's objects, on another core: it keeps the slab
            for address in live[:: cores + 1] + live[1 :: cores + 1]:
                free(machine, (number // at_once + 1) % cores, address)
                live.remove(address)
        address = allocate(machine, number // at_once % cores if number < ever - at_once else 0, kind.object_bytes)
        assert address, f"{number} of {ever}: nothing left, with {len(live)} of {at_once} allocated"
        live.append(address)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.object_bytes in (64, 256, 4096)], ids=lambda kind: kind.name)
@pytest.mark.parametrize("slabs_full", [1, 3])
def test_what_is_held_always_fits(kind: Kind, slabs_full: int) -> None:
    """The bounds on what cores keep of each other's slabs hold against a course made to break them."""
    cores, at_once = 3, slabs_full * kind.objects + 1
    for ever in (at_once, 40 * at_once if kind.object_bytes > 64 else 12 * at_once):
        held = [Held(kind.object_bytes, at_once, ever if ever == at_once else None)]
        counts = slab_counts(cores, usual_slabs(cores, 0), held)
        needed = kind.needed(cores, held[0])
        machine = AllSizes(
            cores=cores, slabs=[needed + cores if each is kind else count for each, count in zip(KINDS, counts, strict=True)]
        )
        adversary(machine, kind, at_once, ever)


def test_what_fits_into_the_slabs_that_cores_begin_with_needs_no_more() -> None:
    for kind in KINDS:
        assert kind.needed(4, Held(kind.object_bytes, kind.free_at_start, None)) == 0
        assert kind.needed(4, Held(kind.object_bytes, kind.objects + 1, None)) > 0


def test_paths_are_as_long_as_the_real_ones() -> None:
    """Executed instructions (4.8.15, gcc 11 -O2): fast paths, the owner's refill, a free on another core."""
    machine = IpcMachine(cores=2, counted=True)
    fast = machine.cores[0].executed
    taken = [allocate(machine, 0) for _ in range(FREE_OBJECTS_PER_CORE)]
    assert abs(fast["__kmalloc"] / FREE_OBJECTS_PER_CORE - 44) <= 5
    free(machine, 1, taken[0])
    fast.clear()
    allocate(machine, 0)
    remote = machine.cores[1].executed
    print("refill", fast, "remote free", remote)
    assert abs(fast["___slab_alloc"] - 63) <= 6
    assert abs(remote["__slab_free"] - 57) <= 6
    assert abs(remote["kfree"] - 50) <= 15, "shorter: less code around virt_to_head_page"
