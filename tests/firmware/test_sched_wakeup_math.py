"""Arithmetic of the fair class as assembled, against models: the tree, vruntime, load averages, shares, migration, placement."""

import itertools
import random

import pytest

from bench.firmware.wakeup_bench import MASK, Bench
from emu.guest.record import Record

LOAD_AVG_MAX, PERIOD = 47742, 1024
NICE_0 = 1 << 20
INVERSE = 2**32 - 1
HALF_LATENCY, WAKEUP_GRANULARITY = 9_000_000, 3_000_000
Y = 0.5 ** (1 / 32)
ENQUEUE_WAKEUP, ENQUEUE_MIGRATED = 0x1, 0x20
WAKING = 0x100
BALANCE_WAKE, SYNC = 0x10, 0x1


@pytest.fixture
def bench() -> Bench:
    return Bench()


def signed(value: int) -> int:
    return value - 2**64 if value >> 63 else value


# The tree


class Tree:
    """A cfs_rq's tree and entities to put into it."""

    def __init__(self, bench: Bench, size: int) -> None:
        self.bench = bench
        self.queue = bench.queues[0]
        stack = bench.named("swapper/3 stack").physical  # unused memory
        step = bench.kernel.line_size("sched_entity")
        self.entities = [bench.kernel.record("sched_entity", stack + step * index) for index in range(size)]
        self.by_node = {entity.address("run_node"): entity for entity in self.entities}

    def insert(self, entity: Record) -> None:
        self.bench.call("__enqueue_entity", self.queue.virtual, entity.virtual)

    def check(self) -> list[Record]:
        """Assert all invariants; returns the entities in order."""
        order: list[Record] = []
        root = self.queue["tasks_timeline"]
        assert root == 0 or self.by_node[root]["run_node.parent_color"] == 1, "the root is black"
        self._check(root, 0, True, order)
        for left, right in itertools.pairwise(order):
            assert signed((right["vruntime"] - left["vruntime"]) & MASK) >= 0
        assert self.queue["rb_leftmost"] == order[0].address("run_node")
        return order

    def _check(self, node: int, parent: int, parent_black: bool, order: list[Record]) -> int:
        if node == 0:
            return 1
        entity = self.by_node[node]
        word = entity["run_node.parent_color"]
        black = bool(word & 1)
        assert word & ~3 == parent
        assert black or parent_black, "two reds in a row"
        left = self._check(entity["run_node.left"], node, black, order)
        order.append(entity)
        right = self._check(entity["run_node.right"], node, black, order)
        assert left == right, "black heights differ"
        return left + black


@pytest.mark.parametrize("kind", ["ascending", "descending", "random", "equal", "around the wrap"])
def test_the_tree_stays_a_red_black_tree(bench: Bench, kind: str) -> None:
    chance = random.Random(kind)
    tree = Tree(bench, 40)
    for index, entity in enumerate(tree.entities):
        entity["vruntime"] = {
            "ascending": index,
            "descending": -index,
            "random": chance.randrange(2**40),
            "equal": 7,
            "around the wrap": chance.randrange(-1000, 1000),
        }[kind]
    for count, entity in enumerate(tree.entities, 1):
        tree.insert(entity)
        assert len(tree.check()) == count
    if kind == "equal":
        assert [each.virtual for each in tree.check()] == [each.virtual for each in tree.entities], "first come, first served"


def test_insertions_and_removals_in_any_order(bench: Bench) -> None:
    chance = random.Random(5)
    tree = Tree(bench, 24)
    queued: list[Record] = []
    for _ in range(200):
        outside = [each for each in tree.entities if each.virtual not in {other.virtual for other in queued}]
        if outside and (not queued or chance.random() < 0.6):
            entity = chance.choice(outside)
            entity["vruntime"] = chance.randrange(100)
            tree.insert(entity)
            queued.append(entity)
        else:
            entity = queued.pop(chance.randrange(len(queued)))
            if tree.queue["rb_leftmost"] == entity.address("run_node"):
                tree.queue["rb_leftmost"] = bench.call("rb_next", entity.address("run_node"))
            bench.call("rb_erase", entity.address("run_node"), tree.queue.address("tasks_timeline"))
        if queued:
            assert {each.virtual for each in tree.check()} == {each.virtual for each in queued}


# vruntime


def calc_delta(delta: int, weight: int, load: int, inverse: int) -> tuple[int, int]:
    """What __calc_delta makes of it, and the inverse weight it leaves."""
    if inverse == 0:
        scaled = load >> 10
        inverse = 1 if scaled >= INVERSE else INVERSE if scaled == 0 else INVERSE // scaled
    fact, shift = weight >> 10, 32
    while fact >> 32:
        fact, shift = fact >> 1, shift - 1
    fact *= inverse
    while fact >> 32:
        fact, shift = fact >> 1, shift - 1
    return delta * fact >> shift & MASK, inverse


def test_calc_delta(bench: Bench) -> None:
    chance = random.Random(1)
    entity = bench.entities[0]
    for _ in range(60):
        delta, weight = chance.randrange(1 << chance.randrange(1, 40)), chance.choice([NICE_0, chance.randrange(1 << 36)])
        load = chance.choice([0, NICE_0, chance.randrange(2, 1 << 28), 1 << 50])
        entity["load_weight"], entity["load_inv_weight"] = load, 0
        expected, inverse = calc_delta(delta, weight, load, 0)
        for _ in range(2):  # with the inverse to be computed, and known
            assert bench.call("__calc_delta", delta, weight, entity.address("load_weight")) == expected
            assert entity["load_inv_weight"] == inverse
        if NICE_0 <= load < 1 << 28 and weight == NICE_0:
            assert expected == pytest.approx(delta * weight / load, rel=1e-3, abs=2)


@pytest.mark.parametrize("weight", [NICE_0, NICE_0 // 2, 3 * NICE_0])
def test_update_curr_charges_what_ran(bench: Bench, weight: int) -> None:
    task, queue = bench.tasks[0], bench.queues[0]
    bench.wake(task)
    bench.run(task, 0)
    bench.runqueues[0]["clock_task"] = now = task["se.exec_start"] + 5_000_000
    task["se.load_weight"], task["se.load_inv_weight"] = weight, 0
    vruntime, total = task["se.vruntime"], task["se.sum_exec_runtime"]
    bench.call("update_curr", queue.virtual)
    assert task["se.exec_start"] == now and task["se.sum_exec_runtime"] - total == 5_000_000
    assert (task["se.vruntime"] - vruntime) & MASK == pytest.approx(5_000_000 * NICE_0 / weight, rel=1e-6)
    assert queue["min_vruntime"] == task["se.vruntime"]
    before = task["se.vruntime"]
    bench.runqueues[0]["clock_task"] = now - 1
    bench.call("update_curr", queue.virtual)
    assert (task["se.exec_start"], task["se.vruntime"]) == (now, before), "the clock went back"


def test_min_vruntime_follows_the_smallest_and_never_goes_back(bench: Bench) -> None:
    chance = random.Random(3)
    queue, (curr, leftmost) = bench.queues[0], (task.inner("se", "sched_entity") for task in bench.tasks[:2])
    for _ in range(100):
        base = chance.choice([0, 2**63, -50, 10**9])
        values = [base + chance.randrange(-100, 100) for _ in range(3)]
        runs, waits = chance.random() < 0.6, chance.random() < 0.6
        queue["min_vruntime"], curr["vruntime"], leftmost["vruntime"] = values
        queue["curr"] = curr.virtual * runs
        queue["rb_leftmost"] = leftmost.address("run_node") * waits
        bench.call("update_min_vruntime", queue.virtual)
        candidates = [value for value, there in zip(values[1:], (runs, waits), strict=True) if there]
        assert queue["min_vruntime"] == max(values[0], min(candidates, default=values[0])) & MASK


def test_wakeup_preempt_entity(bench: Bench) -> None:
    curr, entity = (task.inner("se", "sched_entity") for task in bench.tasks[:2])
    for weight, gran in ((NICE_0, WAKEUP_GRANULARITY), (2 * NICE_0, WAKEUP_GRANULARITY // 2)):
        for behind, expected in ((0, 2**32 - 1), (-1, 2**32 - 1), (1, 0), (gran - 1, 0), (gran + 2, 1)):
            entity["vruntime"], entity["load_weight"], entity["load_inv_weight"] = 100 - behind, weight, 0
            curr["vruntime"] = 100
            assert bench.call("wakeup_preempt_entity", curr.virtual, entity.virtual) & 0xFFFFFFFF == expected


@pytest.mark.parametrize("slept", [0, 1_000_000, 10**9])
def test_a_sleeper_gets_half_a_latency_but_never_time_it_had(bench: Bench, slept: int) -> None:
    task, queue = bench.tasks[1], bench.queues[bench.home[1]]
    task["se.vruntime"], queue["min_vruntime"] = 10**12, 10**12 + slept
    bench.wake(task)
    assert task["se.vruntime"] == max(10**12, 10**12 + slept - HALF_LATENCY)


def test_sched_clock_scales_the_time_stamp_counter(bench: Bench) -> None:
    area = bench.areas[0]
    for shift in (10, 31, 63, 70):
        area["cyc2ns_mult"], area["cyc2ns_shift"], area["cyc2ns_offset"] = 0xF2345678, shift, 1234
        bench.tsc = 0xFEDCBA9876543210
        nanoseconds = bench.call("sched_clock")
        start, end = (tsc * 0xF2345678 >> shift for tsc in (0xFEDCBA9876543210, bench.tsc))
        assert start <= (nanoseconds - 1234) % 2**64 + (start >> 64 << 64) <= end


# Load averages and shares


@pytest.mark.parametrize("periods", [0, 1, 2, 31, 32, 33, 64, 100, 344])
def test_decay_and_contribution_follow_the_geometric_series(bench: Bench, periods: int) -> None:
    value = 10**12 + 7
    assert bench.call("decay_load", value, periods) == pytest.approx(value * Y**periods, rel=1e-6)
    series = sum(PERIOD * Y**k for k in range(1, periods + 1))
    assert bench.call("__compute_runnable_contrib", periods) & 0xFFFFFFFF == pytest.approx(series, rel=2e-3, abs=2)


def test_the_ends_of_the_series(bench: Bench) -> None:
    assert bench.call("decay_load", 2**50, 2016) == 0
    assert bench.call("decay_load", MASK, 2017) == 0
    assert bench.call("__compute_runnable_contrib", 345) == bench.call("__compute_runnable_contrib", 10**6) == LOAD_AVG_MAX


def set_average(record: Record, path: str, chance: random.Random, now: int) -> None:
    """Some average that was updated a while ago."""
    record[f"{path}.last_update_time"] = now - chance.choice([0, 500, 3000, 700_000, 2_000_000, 50_000_000])
    record[f"{path}.load_sum"], record[f"{path}.util_sum"] = (
        chance.randrange(LOAD_AVG_MAX << 10),
        chance.randrange(LOAD_AVG_MAX << 10),
    )
    record[f"{path}.load_avg"] = record[f"{path}.load_sum"] // LOAD_AVG_MAX
    record[f"{path}.util_avg"] = record[f"{path}.util_sum"] // LOAD_AVG_MAX
    record[f"{path}.period_contrib"] = chance.randrange(PERIOD)


AVERAGE = ("last_update_time", "load_sum", "util_sum", "period_contrib", "load_avg", "util_avg")
QUEUE = ("runnable_load_sum", "runnable_load_avg", "tg_load_avg_contrib", "removed_load_avg", "removed_util_avg")


@pytest.mark.parametrize("seed", range(12))
def test_the_averages_that_enqueueing_updates_in_line_are_those_of_update_load_avg(bench: Bench, seed: int) -> None:
    task, queue, rq = bench.tasks[0], bench.queues[0], bench.runqueues[0]
    chance = random.Random(seed)
    now = 10**12
    rq["clock_task"] = now
    entity = task.inner("se", "sched_entity")
    set_average(entity, "avg", chance, now)
    set_average(queue, "avg", chance, now)
    queue["runnable_load_sum"], queue["runnable_load_avg"] = 10**6, 20
    queue["load_weight"] = chance.choice([0, NICE_0, 3 * NICE_0])
    queue["removed_load_avg"], queue["removed_util_avg"] = chance.choice([(0, 0), (100, 50), (5000, 5000)])
    queue["tg_load_avg_contrib"] = 600
    bench.group["load_avg"] = 5000
    other = bench.tasks[1].inner("se", "sched_entity")
    queue["curr"] = chance.choice([0, other.virtual])
    other["exec_start"] = now
    before = bench.guest.ram.copy()
    bench.call("update_load_avg", entity.virtual, 1)
    expected = [entity[f"avg.{name}"] for name in AVERAGE] + [queue[f"avg.{name}"] for name in AVERAGE]
    expected += [queue[name] for name in QUEUE] + [bench.group["load_avg"]]
    bench.guest.ram[:] = before
    bench.call("enqueue_task_fair", rq.virtual, task.virtual, ENQUEUE_WAKEUP)
    queue["runnable_load_sum"] -= entity["avg.load_sum"]
    queue["runnable_load_avg"] -= entity["avg.load_avg"]
    found = [entity[f"avg.{name}"] for name in AVERAGE] + [queue[f"avg.{name}"] for name in AVERAGE]
    assert found + [queue[name] for name in QUEUE] + [bench.group["load_avg"]] == expected


def test_the_groups_entity_weighs_its_part_of_the_shares(bench: Bench) -> None:
    chance = random.Random(4)
    queue, entity = bench.queues[2], bench.entities[2]
    for _ in range(50):
        load, elsewhere, stale = chance.choice([0, 1, 1024, 3072]), chance.choice([0, 500, 4096, 10**6]), chance.randrange(2000)
        queue["load_weight"], queue["tg_load_avg_contrib"] = load << 10, stale
        bench.group["load_avg"] = elsewhere + stale
        bench.call("update_cfs_shares", queue.virtual)
        share = NICE_0 * load // (elsewhere + load) if elsewhere + load else 0
        assert entity["load_weight"] == min(max(share, 2), NICE_0) and entity["load_inv_weight"] == 0


def test_a_queued_groups_weight_changes_in_its_queue_too(bench: Bench) -> None:
    task = bench.tasks[1]
    bench.wake(task)
    queue, root, entity, rq = (each[bench.home[1]] for each in (bench.queues, bench.roots, bench.entities, bench.runqueues))
    bench.group["load_avg"] = queue["tg_load_avg_contrib"] + 3 * 1024
    bench.call("update_cfs_shares", queue.virtual)
    assert entity["load_weight"] == NICE_0 // 4 == root["load_weight"] == rq["load_weight"]
    assert (root["nr_running"], queue["nr_running"], entity["on_rq"]) == (1, 1, 1)


# Migration and the choice of a core


def test_a_task_takes_its_lag_and_its_load_along(bench: Bench) -> None:
    task, source, target = bench.tasks[1], bench.home[1], 3
    old, new = bench.queues[source], bench.queues[target]
    bench.wake(task)
    bench.sleep(task, source)
    old["min_vruntime"], new["min_vruntime"] = 10**12, 5 * 10**12
    task["se.vruntime"] = 10**12 + 777
    task["state"] = WAKING
    load, was_there = task["se.avg.load_avg"], old["avg.load_avg"]
    assert load > 0 and was_there >= load
    bench.call("set_task_cpu", task.virtual, target)
    assert (bench.thread_info(task)["cpu"], task["wake_cpu"], task["se.nr_migrations"]) == (target, target, 1)
    assert (task["se.cfs_rq"], task["se.parent"]) == (new.virtual, bench.entities[target].virtual)
    assert task["se.vruntime"] == 777 and old["removed_load_avg"] == load and task["se.avg.last_update_time"] == 0
    rq = bench.runqueues[target]
    bench.call("enqueue_task_fair", rq.virtual, task.virtual, ENQUEUE_WAKEUP | ENQUEUE_MIGRATED)
    assert task["se.vruntime"] == 5 * 10**12 + 777
    assert new["avg.load_avg"] == new["runnable_load_avg"] == load
    assert task["se.avg.last_update_time"] == new["avg.last_update_time"] == rq["clock_task"]
    other = bench.tasks[0]
    other["se.cfs_rq"] = old.virtual
    bench.call("update_load_avg", other.address("se"), 1)
    assert old["removed_load_avg"] == 0 and old["avg.load_avg"] == was_there - load


def give_domains(bench: Bench) -> None:
    """Four cores, modules of two: the domains and groups of each core, in memory that is used for nothing else."""
    bench.group["parent"] = bench.kernel.symbol("root_task_group")
    memory = bench.named("swapper/3 stack").physical

    def new(struct: str) -> Record:
        nonlocal memory
        memory += bench.kernel.line_size(struct)
        return bench.kernel.record(struct, memory - bench.kernel.line_size(struct))

    def domain(core: int, groups: list[int], flags: int) -> Record:
        record = new("sched_domain")
        ring = [new("sched_group") for _ in groups]
        for each, following, mask in zip(ring, ring[1:] + ring[:1], groups, strict=True):
            each["next"], each["cpumask"] = following.virtual, mask
        record["span"], record["flags"], record["imbalance_pct"] = sum(groups), flags, 117
        record["groups"] = next(each.virtual for each, mask in zip(ring, groups, strict=True) if mask >> core & 1)
        return record

    for core, (area, rq) in enumerate(zip(bench.areas, bench.runqueues, strict=True)):
        pair = core & ~1
        module, die = domain(core, [1 << pair, 2 << pair], 0x2AF), domain(core, [0x3, 0xC], 0x22F)
        module["parent"], die["child"] = die.virtual, module.virtual
        rq["sd"], area["sd_llc"], area["sd_llc_size"] = module.virtual, die.virtual, 4


CHOICES = {  # busy cores, core where it last ran, cores allowed -> choice, for a waker on core 0
    "its own core is idle": ({0}, 2, 0xF, 2),
    "its own core is busy: the other module is idle": ({0, 1}, 1, 0xF, 2),
    "no module is idle as a whole: a single idle core of its own": ({0, 2}, 2, 0xF, 3),
    "the idle module is not allowed: the idle core beside it is": ({0}, 0, 0x3, 1),
    "nothing is idle": ({0, 1, 2, 3}, 2, 0xF, 2),
    "the idle core is not allowed": ({0, 1, 2}, 2, 0x7, 2),
}


@pytest.mark.parametrize("case", CHOICES)
def test_where_an_unpinned_task_goes(case: str) -> None:
    busy, previous, allowed, expected = CHOICES[case]
    bench = Bench(placement="unpinned")
    give_domains(bench)
    task = bench.tasks[1]
    for core in busy:
        bench.runqueues[core]["curr"] = bench.tasks[2].virtual  # anything but its idle task
    bench.roots[0]["runnable_load_avg"] = 10**6  # the waker's core is not attractive
    bench.thread_info(task)["cpu"] = previous
    task["cpus_allowed"] = allowed
    assert bench.call("select_task_rq_fair", task.virtual, previous, BALANCE_WAKE, 0) == expected


def chosen_from_core_0(bench: Bench, task: Record, flags: int = 0) -> int:
    """The choice for a task of core 2 when all cores are busy: where did the search start?"""
    bench.thread_info(task)["cpu"] = 2
    for core in range(4):
        bench.runqueues[core]["curr"] = bench.tasks[2].virtual
    return bench.call("select_task_rq_fair", task.virtual, 2, BALANCE_WAKE, flags)


def test_a_task_is_drawn_to_a_waker_with_less_load() -> None:
    for load_here, load_there, expected in ((1000, 5000, 0), (5000, 1000, 2), (0, 0, 0)):
        bench = Bench(placement="unpinned")
        give_domains(bench)
        for core, load in ((0, load_here), (2, load_there)):
            bench.queues[core]["avg.load_avg"] = bench.queues[core]["tg_load_avg_contrib"] = load
            bench.roots[core]["runnable_load_avg"] = load
        bench.group["load_avg"] = load_here + load_there
        assert chosen_from_core_0(bench, bench.tasks[1]) == expected


def test_the_load_of_a_waker_that_goes_to_sleep_does_not_count() -> None:
    for flags, expected in ((0, 2), (SYNC, 0)):
        bench = Bench(placement="unpinned")
        give_domains(bench)
        waker = bench.tasks[0]
        bench.areas[0]["current"] = waker.virtual
        for core, load in ((0, 1024), (2, 300)):
            bench.queues[core]["avg.load_avg"] = bench.queues[core]["tg_load_avg_contrib"] = load
            bench.entities[core]["avg.load_avg"] = bench.roots[core]["runnable_load_avg"] = load
        bench.group["load_avg"] = 1324
        waker["se.avg.load_avg"] = 1024
        assert chosen_from_core_0(bench, bench.tasks[1], flags) == expected


def test_a_waker_of_many_does_not_draw_them_to_its_core() -> None:
    bench = Bench(placement="unpinned")
    give_domains(bench)
    waker, task = bench.tasks[0], bench.tasks[1]
    bench.areas[0]["current"] = waker.virtual
    waker["wakee_flips"], task["wakee_flips"] = 39, 10  # 40 with this one: 4 cores x 10
    assert chosen_from_core_0(bench, task) == 2
    assert waker["wakee_flips"] == 40 and waker["last_wakee"] == task.virtual
    bench.kernel.set_global("jiffies_64", 251)  # a second later
    assert chosen_from_core_0(bench, task) == 0
    assert waker["wakee_flips"] == 20 and waker["wakee_flip_decay_ts"] == 251


def test_waking_an_unpinned_task_moves_it_to_the_idle_core() -> None:
    bench = Bench(placement="unpinned")
    give_domains(bench)
    task = bench.tasks[1]
    source = bench.home[1]
    for core in (0, source):
        bench.runqueues[core]["curr"] = bench.tasks[2].virtual
    bench.roots[0]["runnable_load_avg"] = 10**6
    bench.wake(task)
    target = bench.thread_info(task)["cpu"]
    assert target not in (0, source) and bench.sent() == [(target, 0xFD)]
    assert bench.runqueues[target]["nr_running"] == 1 and bench.runqueues[source]["nr_running"] == 0
    assert bench.queues[target]["rb_leftmost"] == task.address("se.run_node")
    assert bench.marks["wakeup_to_idle"] == 1 and bench.marks["unsupported"] == 0


def test_effective_load_is_the_change_of_the_groups_part(bench: Bench) -> None:
    bench.group["parent"] = bench.kernel.symbol("root_task_group")
    queue, entity = bench.queues[2], bench.entities[2]
    chance = random.Random(9)
    for _ in range(40):
        here, contributed, elsewhere, weight = (chance.randrange(4000) for _ in range(4))
        queue["avg.load_avg"], queue["tg_load_avg_contrib"] = here, contributed
        bench.group["load_avg"] = elsewhere + contributed
        entity["avg.load_avg"] = now = chance.randrange(1024)
        found = signed(bench.call("effective_load", bench.group.virtual, 2, weight, weight))
        whole, part = elsewhere + here + weight, here + weight
        share = (part << 20) // whole if whole > 0 and part < whole else 1 << 20  # tg->shares of Linux 4.8 is not scaled down
        assert found == max(share, 2) - now
    root = bench.kernel.symbol("root_task_group")
    assert bench.call("effective_load", root, 2, 55, 66) == 55, "the root group: weight is load"
