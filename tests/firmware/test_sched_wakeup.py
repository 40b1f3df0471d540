"""try_to_wake_up and what is below it, as assembled: what it decides, whom it tells, how long it is, which lines it touches."""

from collections import Counter

import pytest

from bench.firmware.wakeup_bench import GPR, Bench
from emu.guest.record import Record

INTERRUPTIBLE, UNINTERRUPTIBLE, WAKING = 0x1, 0x2, 0x100
NEED_RESCHED, POLLING = 0x8, 0x200000
RESCHEDULE_VECTOR = 0xFD
NICE_0 = 1 << 20
HALF_LATENCY = 9_000_000
WAKEUP_GRANULARITY = 3_000_000
WAKE_Q_TAIL = 1
TASK = 1  # pinned to another core than the waker's
LOCAL = 0  # pinned to the waker's


@pytest.fixture
def bench() -> Bench:
    return Bench()


def first_state(bench: Bench) -> tuple[Record, int]:
    """A task on another core that has run and sleeps again: load averages and queues are under way."""
    task, core = bench.tasks[TASK], bench.home[TASK]
    assert core != 0
    for _ in range(3):
        bench.wake(task)
        bench.tsc += 4000
        bench.sleep(task, core)
        bench.tsc += 4000
    bench.forget()
    return task, core


# What a wakeup does


def test_a_sleeping_task_is_queued_and_its_idle_core_interrupted(bench: Bench) -> None:
    task, core = first_state(bench)
    rq, queue, entity = bench.runqueues[core], bench.queues[core], bench.entities[core]
    assert bench.wake(task) == 1
    assert (task["state"], task["on_rq"], task["se.on_rq"], task["pi_lock"], rq["lock"]) == (0, 1, 1, 0, 0)
    assert (queue["nr_running"], queue["h_nr_running"], queue["load_weight"]) == (1, 1, NICE_0)
    assert (queue["tasks_timeline"], queue["rb_leftmost"]) == (task.address("se.run_node"),) * 2
    assert (rq["nr_running"], rq["cfs.nr_running"], rq["cfs.h_nr_running"], rq["cfs.load_weight"]) == (
        1,
        1,
        1,
        entity["load_weight"],
    )
    assert rq["cfs.rb_leftmost"] == entity.address("run_node") and entity["on_rq"] == 1
    assert rq["cfs_tasks_next"] == rq["cfs_tasks_prev"] == task.address("se.group_node_next")
    assert rq["load_weight"] == rq["cfs.load_weight"]
    assert bench.thread_info(bench.idle(core))["flags"] == NEED_RESCHED
    assert rq["clock_skip_update"] & 1
    assert bench.sent() == [(core, RESCHEDULE_VECTOR)]
    assert bench.marks == Counter(wakeup=1, woken=1, wakeup_to_idle=1)


def test_the_leaf_list_has_children_before_their_parents(bench: Bench) -> None:
    bench.wake(bench.tasks[TASK])
    rq, queue = bench.runqueues[bench.home[TASK]], bench.queues[bench.home[TASK]]
    head, first, second = (
        rq.address("leaf_cfs_rq_list_next"),
        queue.address("leaf_cfs_rq_list_next"),
        rq.address("cfs.leaf_cfs_rq_list_next"),
    )
    assert [rq["leaf_cfs_rq_list_next"], queue["leaf_cfs_rq_list_next"], rq["cfs.leaf_cfs_rq_list_next"]] == [first, second, head]
    assert [rq["leaf_cfs_rq_list_prev"], queue["leaf_cfs_rq_list_prev"], rq["cfs.leaf_cfs_rq_list_prev"]] == [second, head, first]


def test_a_task_in_no_wanted_state_is_left_alone(bench: Bench) -> None:
    task = bench.tasks[TASK]
    task["state"] = 0x40
    assert bench.wake(task) == 0
    assert (task["state"], task["on_rq"], task["pi_lock"]) == (0x40, 0, 0)
    assert bench.sent() == [] and bench.marks == Counter(wakeup=1, wakeup_found_awake=1)


def test_a_polling_core_gets_no_interrupt(bench: Bench) -> None:
    task, core = first_state(bench)
    info = bench.thread_info(bench.idle(core))
    info["flags"] = POLLING
    bench.wake(task)
    assert info["flags"] == POLLING | NEED_RESCHED
    assert bench.sent() == []


def test_a_core_that_knows_already_gets_no_second_interrupt() -> None:
    bench = Bench(threads=8)
    first, second = (task for task, core in zip(bench.tasks, bench.home, strict=True) if core == 2)
    bench.wake(first)
    assert len(bench.sent()) == 1
    bench.wake(second)
    assert len(bench.sent()) == 1
    assert bench.runqueues[2]["nr_running"] == 2


def test_a_task_of_another_cache_domain_is_left_on_the_wake_list_of_its_core() -> None:
    bench = Bench(cores=8, threads=16, machine="zen2-8c")
    first, second = (task for task, core in zip(bench.tasks, bench.home, strict=True) if core == 4)
    rq = bench.runqueues[4]
    bench.forget()
    assert (bench.wake(first), bench.wake(second)) == (1, 1)
    assert (first["state"], second["state"], first["on_rq"], rq["nr_running"]) == (WAKING, WAKING, 0, 0)
    assert (rq["wake_list"], second["wake_entry"], first["wake_entry"]) == (
        second.address("wake_entry"), first.address("wake_entry"), 0,
    )  # fmt: skip
    assert (first["pi_lock"], second["pi_lock"]) == (0, 0)
    assert bench.sent() == [(4, RESCHEDULE_VECTOR)]  # only for the first
    assert bench.stores["rq/4", 0] == 0, "the lock is left alone"


def test_a_polling_core_of_another_cache_domain_gets_no_interrupt() -> None:
    bench = Bench(cores=8, threads=8, machine="zen2-8c")
    info = bench.thread_info(bench.idle(4))
    info["flags"] = POLLING
    assert bench.wake(bench.tasks[bench.home.index(4)]) == 1
    assert (info["flags"], bench.sent()) == (POLLING | NEED_RESCHED, [])


@pytest.mark.parametrize("migrated", [False, True])
def test_the_interrupt_queues_what_is_on_the_wake_list(migrated: bool) -> None:
    bench = Bench(cores=8, threads=8, machine="zen2-8c")
    task, rq = bench.tasks[LOCAL], bench.runqueues[0]
    task["state"], task["wake_entry"], rq["wake_list"] = WAKING, 0, task.address("wake_entry")
    task["sched_bits"] |= 0x8 * migrated
    count = bench.areas[0]["preempt_count"]
    bench.call("scheduler_ipi")
    assert (rq["wake_list"], task["state"], task["on_rq"], rq["nr_running"], rq["lock"]) == (0, 0, 1, 1, 0)
    assert bench.areas[0]["preempt_count"] | 0x80000000 == count | 0x80000000
    assert bench.marks == Counter(woken=1, wakeup_to_idle=1)


def test_the_flags_of_a_core_that_changes_them_meanwhile_are_not_lost(bench: Bench) -> None:
    task, core = first_state(bench)
    info = bench.thread_info(bench.idle(core))
    start = bench.kernel.symbol("resched_curr")
    code = bench.guest.ram[start - 0xFFFFFFFF80000000 :][:80].tobytes()
    cmpxchg = start + code.index(b"\xf0\x0f\xb1")
    seen: list[int] = []

    def change() -> None:
        seen.append(info["flags"])
        if len(seen) == 1:
            info["flags"] = POLLING  # it begins to poll between the load and the cmpxchg

    bench.at[cmpxchg] = change
    bench.wake(task)
    assert seen == [0, POLLING]
    assert info["flags"] == POLLING | NEED_RESCHED and bench.sent() == []


def test_the_wakers_own_core_is_told_without_an_interrupt(bench: Bench) -> None:
    task = bench.tasks[LOCAL]
    assert bench.home[LOCAL] == 0
    bench.wake(task)
    assert bench.thread_info(bench.idle(0))["flags"] == NEED_RESCHED
    assert bench.areas[0]["preempt_count"] == 0  # bit 31, inverted: a reschedule is due
    assert bench.sent() == []


def test_a_task_that_is_still_leaving_its_core_is_waited_for(bench: Bench) -> None:
    task, _ = first_state(bench)
    task["on_cpu"] = 1
    pause = bench.kernel.symbol("try_to_wake_up")
    pause += bench.guest.ram[pause - 0xFFFFFFFF80000000 :][:600].tobytes().index(b"\xf3\x90")
    looks: list[int] = []

    def look() -> None:
        looks.append(task["state"])
        task["on_cpu"] = int(len(looks) < 7)

    bench.at[pause] = look
    assert bench.wake(task) == 1
    assert looks == [INTERRUPTIBLE] * 7
    assert task["on_rq"] == 1


def test_a_task_that_has_not_left_its_queue_stays_on_it(bench: Bench) -> None:
    task, core = first_state(bench)
    bench.wake(task)
    bench.run(task, core)
    task["state"] = INTERRUPTIBLE  # about to sleep
    bench.forget()
    assert bench.wake(task) == 1
    assert (task["state"], task["on_rq"], bench.runqueues[core]["nr_running"], bench.runqueues[core]["lock"]) == (0, 1, 1, 0)
    assert bench.counts["__task_rq_lock"] and not bench.counts["enqueue_task_fair"]
    assert bench.sent() == []


def test_uninterruptible_sleepers_are_counted(bench: Bench) -> None:
    task, core = first_state(bench)
    rq = bench.runqueues[core]
    task["state"] = UNINTERRUPTIBLE
    rq["nr_uninterruptible"] = 5  # counted when it went to sleep
    bench.wake(task)
    assert rq["nr_uninterruptible"] == 4 and task["sched_bits"] & 2
    bench.sleep(task, core)
    bench.wake(task)
    assert rq["nr_uninterruptible"] == 4 and not task["sched_bits"] & 2


def test_the_average_idle_time_moves_by_an_eighth_and_has_a_bound(bench: Bench) -> None:
    task, core = first_state(bench)
    rq = bench.runqueues[core]
    rq["avg_idle"] = before = 80_000
    rq["idle_stamp"] = stamp = rq["clock"]
    bench.wake(task)
    assert rq["avg_idle"] == before + ((rq["clock"] - stamp - before) >> 3) and rq["idle_stamp"] == 0
    bench.sleep(task, core)
    rq["idle_stamp"] = rq["clock"]
    bench.tsc += 10**11
    bench.wake(task)
    assert rq["avg_idle"] == 2 * rq["max_idle_balance_cost"]


def test_the_last_of_64_cores_is_reached() -> None:
    bench = Bench(cores=64, threads=128)
    task = next(task for task, core in zip(bench.tasks, bench.home, strict=True) if core == 63)
    bench.wake(task)
    assert bench.sent() == [(63, RESCHEDULE_VECTOR)]


# Wakeup preemption


@pytest.mark.parametrize(("behind", "preempts"), [(WAKEUP_GRANULARITY + 1, True), (WAKEUP_GRANULARITY, False), (-5, False)])
def test_a_woken_task_preempts_if_it_is_behind_by_more_than_a_granularity(behind: int, preempts: bool) -> None:
    bench = Bench(threads=8)
    runs, wakes = (task for task, core in zip(bench.tasks, bench.home, strict=True) if core == 2)
    queue, root = bench.queues[2], bench.roots[2]
    bench.wake(runs)
    bench.run(runs, 2)
    bench.wake(wakes)
    runs["se.exec_start"] = bench.entities[2]["exec_start"] = bench.runqueues[2]["clock_task"] + 10**9  # no time passes
    runs["se.vruntime"] = wakes["se.vruntime"] + behind
    bench.forget()
    bench.call("check_preempt_curr", bench.runqueues[2].virtual, wakes.virtual, 0)
    assert bench.sent() == [(2, RESCHEDULE_VECTOR)] * preempts
    assert bool(bench.thread_info(runs)["flags"] & NEED_RESCHED) is preempts
    assert queue["next"] == wakes.address("se") * preempts and root["next"] == bench.entities[2].virtual * preempts
    assert bench.marks == Counter(wakeup_to_running=1)


# The list of tasks to be woken


def test_wake_q_takes_each_task_once_and_wakes_in_order(bench: Bench) -> None:
    head = bench.record_at("wake_q_head", bench.stack + 0x80)  # on the waker's stack
    head["first"], head["lastp"] = WAKE_Q_TAIL, head.address("first")
    tasks = [bench.tasks[3], bench.tasks[1]]
    woken: list[int] = []
    bench.at[bench.kernel.symbol("try_to_wake_up")] = lambda: woken.append(bench.uc.reg_read(GPR["rdi"]))
    for task in (*tasks, tasks[0]):
        bench.call("wake_q_add", head.virtual, task.virtual)
    assert [task["usage"] for task in tasks] == [3, 3]
    bench.call("wake_up_q", head.virtual)
    assert woken == [task.virtual for task in tasks]
    assert [(task["usage"], task["wake_q_next"], task["on_rq"]) for task in tasks] == [(2, 0, 1)] * 2


# Length and footprint beside those of the real kernel: path-lengths.csv, before the patch, rows of msgsnd

IDLE_TARGET = {
    "enqueue_task_fair": 274, "try_to_wake_up": 83, "update_cfs_shares": 51, "check_preempt_curr": 51, "activate_task": 31,
    "ttwu_do_wakeup": 31, "account_entity_enqueue": 30, "ttwu_do_activate": 30, "resched_curr": 20, "sched_clock": 18,
    "__default_send_IPI_dest_field": 19, "find_first_bit": 13, "_raw_spin_lock_irqsave": 12, "update_curr": 12,
    "flat_send_IPI_mask": 12, "rb_insert_color": 10, "native_smp_send_reschedule": 7, "default_send_IPI_single": 7,
    "_raw_spin_lock": 6, "_raw_spin_unlock_irqrestore": 4, "hrtick_update": 3, "sched_clock_cpu": 2,
}  # fmt: skip
BUSY_TARGET = IDLE_TARGET | {
    "update_curr": 69, "update_cfs_shares": 62, "check_preempt_wakeup": 58, "update_min_vruntime": 34, "check_preempt_curr": 22,
    "ttwu_do_wakeup": 19, "account_entity_dequeue": 13, "rb_insert_color": 5, "__calc_delta": 51,
}  # fmt: skip
NO_INTERRUPT = ("resched_curr", "__default_send_IPI_dest_field", "flat_send_IPI_mask", "native_smp_send_reschedule")
INLINED = {  # routines of ours that the compiler inlines
    "update_load_avg": "enqueue_task_fair", "__enqueue_entity": "enqueue_task_fair", "update_rq_clock": "activate_task",
    "wakeup_preempt_entity": "check_preempt_wakeup",
}  # fmt: skip
SHARE_MAX = 0.18
SMALL = 5  # instructions


def compare(bench: Bench, measured: dict[str, int]) -> None:
    """Every routine near its length in the real kernel."""
    found: Counter[str] = Counter()
    for name, count in bench.counts.items():
        found[INLINED.get(name, name)] += count
    print(f"{'routine':32} here kernel")
    for name in sorted(found | Counter(measured), key=lambda each: -found[each]):
        print(f"{name:32} {found[name]:4} {measured.get(name, 0):6}")
    print(f"{'all':32} {found.total():4} {sum(measured.values()):6}; lines {len(bench.lines())}")
    off = {
        name: (found[name], count) for name, count in measured.items() if abs(found[name] - count) > max(SMALL, SHARE_MAX * count)
    }
    assert not off and set(found) == set(measured)


def test_waking_a_task_on_an_idle_core_is_as_long_as_in_the_kernel(bench: Bench) -> None:
    task, _ = first_state(bench)
    bench.wake(task)
    compare(bench, IDLE_TARGET)
    assert bench.counts.total() == pytest.approx(726, rel=0.1)
    assert len(bench.lines()) == pytest.approx(60, abs=3)


def test_waking_a_task_on_a_busy_core_is_as_long_as_in_the_kernel() -> None:
    bench = Bench(threads=8)
    runs, wakes = (task for task, core in zip(bench.tasks, bench.home, strict=True) if core == 2)
    bench.group["load_avg"] = 2048  # tasks of the group run on other cores too
    bench.wake(runs)
    bench.run(runs, 2)
    for _ in range(3):
        bench.tsc += 14000
        bench.forget()
        bench.wake(wakes)
        counted, lines = Counter(bench.counts), bench.lines()
        bench.sleep(wakes, 2)
    bench.counts = counted
    compare(bench, {name: count for name, count in BUSY_TARGET.items() if name not in (*NO_INTERRUPT, "default_send_IPI_single")})
    assert counted.total() == pytest.approx(839, rel=0.1)
    assert len(lines) == pytest.approx(60, abs=3)


def test_a_wakeup_touches_the_lines_that_it_touches_in_the_kernel(bench: Bench) -> None:
    task, core = first_state(bench)
    bench.wake(task)
    touched: dict[str, set[int]] = {}
    for name, line in bench.lines():
        touched.setdefault(name, set()).add(line)
    assert touched[f"pmsg/{TASK}"] == {0x0, 0x40, 0x80, 0xC0, 0x100, 0x140, 0x240, 0x300, 0x5C0}
    assert touched[f"rq/{core}"] | {0x940} == {0x0, 0x40, 0x80, 0xC0, 0x100, 0x140, 0x880, 0x900, 0x940}
    assert touched[f"group cfs_rq/{core}"] == {0x0, 0x40, 0x80, 0xC0}
    assert touched[f"group se/{core}"] == {0x0, 0x40, 0x80, 0xC0}
    assert touched[f"swapper/{core}"] == {0x0, 0x40}
    assert touched["task_group"] == {0x80, 0xC0, 0x100}
    assert touched["root_task_group"] == {0x80}
    assert touched["fair_sched_class"] == {0x0, 0x40} and touched["apic_flat"] == {0x0, 0x80}
    written = {name for name, _ in bench.stores}
    assert written == {
        f"pmsg/{TASK}", f"rq/{core}", f"group cfs_rq/{core}", f"group se/{core}", f"swapper/{core} thread_info",
        "swapper/0 stack", "apic registers",
    }  # fmt: skip
