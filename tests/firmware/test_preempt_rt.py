"""The preemptible kernel on the real machine: its sleeping lock, priority inheritance, and who runs when."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from bench.firmware.kernel_bench import USER, Bench, image_of, make
from emu.engine import records as rec
from emu.run.stuck.diagnose import diagnose
from emu.subjects.ipc_msg import system_calls as sc
from emu.subjects.ipc_msg.script.script import QUEUE_MODE
from emu.subjects.ipc_msg.workload.task_table import Buffer, Call, Table
from emu.subjects.ipc_msg.workload.workload import TableTask, Workload

CRITICAL = 0x10  # number of a system call of the test's own
LOCK, LOG = USER, USER + 0x100
ENTRY_BYTES = 0x20
FAIR_PRIO, MAX_RT_PRIO = 120, 100
EINVAL = 22
TYPE = 8  # bytes of a message

# critical(lock, iterations, log): under the lock notes who it is, spends time there, and notes its priority before and after.
SECTION = """//@ state kernel
    .set ENTRY_first, 0x8
    .set ENTRY_held, 0x10
    .set ENTRY_after, 0x18
critical:
    push rbx
    push rbp
    push r12
    mov rbx, rdi
    mov rbp, rsi
    mov r12, rdx
    spin_lock
    mov rax, qword ptr [r12]                                // entries so far
    inc qword ptr [r12]
    shl rax, 0x5
    lea r12, [r12 + rax + ENTRY_first]
    mov rcx, qword ptr gs:[PERCPU_current]
    mov eax, dword ptr [rcx + TASK_pid]
    mov qword ptr [r12], rax
.Lhold:
    dec rbp
    jnz .Lhold
    mov rcx, qword ptr gs:[PERCPU_current]
    movsxd rax, dword ptr [rcx + TASK_prio]
    mov qword ptr [r12 + ENTRY_held - ENTRY_first], rax
    spin_unlock [rbx]
    mov rcx, qword ptr gs:[PERCPU_current]
    movsxd rax, dword ptr [rcx + TASK_prio]
    mov qword ptr [r12 + ENTRY_after - ENTRY_first], rax
    xor eax, eax
    pop r12
    pop rbp
    pop rbx
    ret
"""


@dataclass(frozen=True)
class Entry:
    """One stay under the lock: which task, and its priority just before and after the release."""

    task: int
    held: int
    after: int


@dataclass(frozen=True)
class Plan:
    """A task: its core, its SCHED_FIFO priority (0: fair), and what it does."""

    core: int
    rt_priority: int
    calls: Sequence[Call]
    rounds: int = 1
    prologue: Sequence[Call] = ()


def critical(hold: int, delay: int = 0) -> Call:
    return Call(CRITICAL, (LOCK, hold, LOG), delay=delay)


def send(kind: int, delay: int = 0) -> Call:
    return Call(sc.MSGSND, (0, Buffer.SEND, TYPE, 0), message_type=kind, delay=delay, retry=EINVAL)


def receive(kind: int) -> Call:
    return Call(sc.MSGRCV, (0, Buffer.RECEIVE, TYPE, kind, 0), retry=EINVAL)


CREATE = Call(sc.MSGGET, (0, QUEUE_MODE))


def run(plans: Sequence[Plan], *, cores: int, variant: str = "wakeq", preempt: str = "rt") -> tuple[Bench, list[Entry]]:
    """Run tasks to their end, and return what they noted, in the order in which they had the lock."""
    tasks = tuple(
        TableTask(
            index=index,
            core=plan.core,
            cpus_allowed=1 << plan.core,
            table=Table(tuple(plan.calls), plan.rounds, tuple(plan.prologue)),
            rt_priority=plan.rt_priority,
        )
        for index, plan in enumerate(plans)
    )
    workload = Workload(cores, tasks, "test", "table_task", preempt=preempt, full_queues=1)
    bench = make(image_of(variant, (("critical", SECTION),), preempt=preempt), plan=workload, done=len(plans) + 1)
    kernel = bench.guest.kernel
    kernel.set_global("sys_call_table", kernel.symbol("critical"), offset=8 * CRITICAL)
    outcome = bench.run()  # until all cores are idle, for good
    assert outcome == rec.DEADLOCK, diagnose(bench, outcome, "the bound", ticks=False)  # type: ignore[arg-type]
    bench.check_sums()
    bench.guest.check_finished()
    entries = []
    for number in range(bench.get(LOG)):
        at = LOG + 8 + number * ENTRY_BYTES
        entries.append(Entry(bench.get(at) - bench.task(0)["pid"], bench.get(at + 8), bench.get(at + 16)))
    check_at_rest(bench, plans)
    return bench, entries


def check_at_rest(bench: Bench, plans: Sequence[Plan]) -> None:
    """Nobody owns or waits for the lock, every task has its own priority, all queues are empty, every count is right."""
    if "rt_mutex" in bench.image.structs:
        mutex = bench.image.structs["rt_mutex"].fields
        head = bench.get(LOCK + mutex["waiters"].offset)
        assert bench.get(LOCK + mutex["owner"].offset) == 0
        assert head in (0, LOCK + mutex["waiters"].offset)
        wait_lock = bench.guest.kernel.pages.translate(LOCK)
        assert wait_lock is not None and bench.guest.kernel.lock_is_free(wait_lock)
    for index, plan in enumerate(plans):
        task = bench.task(index)
        assert task["prio"] == prio(plan.rt_priority), index
        assert task["pi_blocked_on"] == 0
        assert task["sched_class"] == bench.guest.kernel.symbol("rt_sched_class" if plan.rt_priority else "fair_sched_class")
    for area in bench.guest.percpu:
        assert area["preempt_count"] & 0x7FFFFFFF == (bench.image.preempt == "rt")  # the idle task's
        rq = bench.guest.kernel.at("rq", area["runqueue"])
        assert (rq["nr_running"], rq["rt_nr_running"], rq["rt_queued"], rq["rt_highest_prio_curr"]) == (0, 0, 0, MAX_RT_PRIO)
        assert rq.words("rt_bitmap") == [0, 0]
        assert rq["cfs.nr_running"] == rq["cfs.h_nr_running"] == 0


def prio(rt_priority: int) -> int:
    return MAX_RT_PRIO - 1 - rt_priority if rt_priority else FAIR_PRIO


def order(entries: Sequence[Entry]) -> list[int]:
    return [each.task for each in entries]


def test_nobody_else_there_is_the_fast_path() -> None:
    bench, entries = run([Plan(0, 10, [critical(50)], rounds=20)], cores=1)
    assert len(entries) == 20
    assert bench.count("lock_slept_for") == bench.count("preempted") == 0


# Cores 1 to 3 ask while core 0 has the lock for a long time; the delays say in which order.
@pytest.mark.parametrize(
    ("priorities", "delays", "wanted"),
    [
        ((20, 40, 30), (20000, 40000, 60000), [0, 2, 3, 1]),
        ((40, 30, 20), (60000, 40000, 20000), [0, 1, 2, 3]),
        ((30, 30, 30), (60000, 20000, 40000), [0, 2, 3, 1]),  # equals: first come, first served
        ((0, 0, 40), (20000, 40000, 60000), [0, 3, 1, 2]),  # fair tasks come last, in their order
    ],
)
@pytest.mark.parametrize("holder", [10, 0, 60])
def test_waiters_get_it_by_priority(priorities: tuple[int, ...], delays: tuple[int, ...], wanted: list[int], holder: int) -> None:
    plans = [Plan(0, holder, [critical(150000)])]
    plans += [
        Plan(core, priority, [critical(2000, delay)]) for core, priority, delay in zip((1, 2, 3), priorities, delays, strict=True)
    ]
    bench, entries = run(plans, cores=4)
    assert order(entries) == wanted
    highest = min(prio(each) for each in (*priorities, holder))
    assert entries[0].held == highest  # inherited, if it is not the holder's own
    assert [each.after for each in entries] == [prio(plans[each.task].rt_priority) for each in entries]
    assert bench.count("lock_slept_for") == 3


def inversion(low: int, middle: int, high: int) -> list[Plan]:
    """On core 0 a low task has the lock when a middle one, which wants no lock, and then a high one are woken from core 1."""
    waker = Plan(1, 0, [send(1, 30000), send(2, 4000)], prologue=[CREATE])
    return [
        Plan(0, low, [critical(40000)]),
        Plan(0, middle, [receive(1), Call(sc.MSGCTL, (0, sc.IPC_STAT, Buffer.CONTROL)), critical(10, delay=200000)]),
        Plan(0, high, [receive(2), critical(1000)]),
        waker,
    ]


@pytest.mark.parametrize("low", [10, 0])
def test_priority_inheritance_ends_an_inversion(low: int) -> None:
    _, entries = run(inversion(low, 30, 50), cores=2)
    assert order(entries) == [0, 2, 1]  # the high task did not wait for the middle one's long delay
    assert entries[0].held == prio(50)
    assert entries[0].after == prio(low)
    assert [each.held for each in entries[1:]] == [prio(50), prio(30)]


def test_a_wakeup_of_a_higher_priority_preempts_at_once() -> None:
    plans = [
        Plan(0, 10, [receive(1), critical(50)], prologue=[CREATE]),
        Plan(0, 0, [send(1), critical(50)]),
    ]
    bench, entries = run(plans, cores=1)
    assert order(entries) == [0, 1]  # before the sender's own call has returned
    assert bench.count("preempted") >= 1


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("variant", ["wakeq", "baseline-ticket"])
def test_many_tasks_and_no_wakeup_is_lost(seed: int, variant: str) -> None:
    rng = random.Random(seed)
    rounds = 7
    plans = [
        Plan(
            core=index % 4,
            rt_priority=(0, 10, 20, 20, 30, 0, 40, 99)[index],
            calls=[critical(rng.randrange(1, 3000), rng.randrange(3000)) for _ in range(2)],
            rounds=rounds,
        )
        for index in range(8)
    ]
    bench, entries = run(plans, cores=4, variant=variant)
    assert sorted(order(entries)) == sorted([*range(8)] * 2 * rounds)
    assert bench.count("lock_slept_for") > 10
    for each in entries:
        assert each.held <= prio(plans[each.task].rt_priority)  # never below its own
        assert each.after == prio(plans[each.task].rt_priority)


def test_real_time_tasks_without_preemption_in_the_kernel() -> None:
    plans = [Plan(0, priority, [critical(300, 100)], rounds=3) for priority in (10, 0, 40, 20)]
    bench, entries = run(plans, cores=1, preempt="none")
    assert order(entries) == [2] * 3 + [3] * 3 + [0] * 3 + [1] * 3
    assert all(each.held == prio(plans[each.task].rt_priority) for each in entries)
    assert bench.image.preempt == "none"
