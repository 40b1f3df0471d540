"""Every workload, in every variant: it ends, every call is answered as planned, and nothing is left behind; its figures agree."""

from collections import Counter
from errno import errorcode

import pytest

from bench.sums import MESSAGE_WORDS, contradictions
from emu.assembly.variants import variants
from emu.errors import UserError
from emu.run.experiment import Setup, drive_to_end, prepare
from emu.run.experiment_spec import Experiment
from emu.subjects.ipc_msg import system_calls as sc
from emu.subjects.ipc_msg.workload.plans import SUMMARIES, plan_workload, threads_of
from emu.subjects.ipc_msg.workload.pmsg_shared import NAME
from emu.subjects.ipc_msg.workload.tables import KINDS
from emu.subjects.ipc_msg.workload.task_table import table_lines
from emu.subjects.ipc_msg.workload.workload import TableTask

MESSAGES = 60
ENDLESS = "rt-livelock"  # in some variants it does not end: tests/run/test_rt_livelock.py
MEANT = {"signals": {"EINTR"}, "rmid-sleepers": {"EIDRM"}}  # errors that a workload is about
NAMES = [name for name in KINDS if name != ENDLESS]


@pytest.mark.parametrize("variant", list(variants()))
@pytest.mark.parametrize("name", [NAME, *NAMES])
def test_it_ends_as_planned(name: str, variant: str) -> None:
    setup = prepare(Experiment(workload=name, variant=variant, messages=MESSAGES, threads=6))
    result = drive_to_end(setup)
    assert result.messages == result.messages_wanted >= MESSAGES
    assert result.workload == name
    assert contradictions(result) == []
    errors = {key: value for key, value in result.outcomes.items() if key not in MESSAGE_WORDS}
    assert sum(errors.values()) == sum(error_returns(setup).values())
    assert MEANT.get(name, set()) <= set(errors) <= {"EIDRM", "EINTR", "EINVAL", "ESRCH"}


def error_returns(setup: Setup) -> Counter[str]:
    """How often each task was told of an error, by its own count; where its line allows one of several, by the first."""
    told: Counter[str] = Counter()
    for task in setup.guest.tasks:
        if isinstance(task.plan, TableTask):
            calls = (*task.plan.table.prologue, *task.plan.table.calls)
            page = setup.guest.kernel.record("table_page", task.page)
            for call, line in zip(calls, table_lines(page, len(calls)), strict=True):
                told[errorcode.get(call.retry, "none")] += line["retried"]
                told[errorcode[call.allowed[0]] if call.allowed else "none"] += line["refused"]
    assert told.pop("none", 0) == 0
    return told


@pytest.mark.parametrize("threads", [2, 3, 4, 7, 9])
@pytest.mark.parametrize("name", NAMES)
def test_as_many_messages_are_received_as_sent(name: str, threads: int) -> None:
    if threads < KINDS[name].threads_min:
        pytest.skip(f"{name} needs {KINDS[name].threads_min} threads")
    tables = KINDS[name].tables(threads, 100)
    assert len(tables) == threads
    calls = [(table.rounds * call.times, call) for table in tables for call in table.calls]
    sent = sum(times for times, call in calls if call.number == sc.MSGSND)
    received = sum(times for times, call in calls if call.number == sc.MSGRCV and not call.allowed)
    assert sent == received >= 100


def test_what_a_workload_is_about_happens() -> None:
    """Blocked senders, removed queues, useless wakeups: seen in the counters of the tables."""
    setup = prepare(Experiment(workload="rmid-sleepers", messages=MESSAGES, threads=4))
    drive_to_end(setup)
    refused = [
        setup.guest.kernel.record("table_page", task.page).inner("calls", "table_call", offset=2 * 0x80)["refused"]
        for task in setup.guest.tasks[1:]
    ]
    assert all(refused), "each receiver found the queue removed"
    wakeups = {
        variant: drive_to_end(prepare(Experiment(workload="full-queue", variant=variant, messages=MESSAGES, threads=5))).wakeups
        for variant in ("baseline", "wakeq", "wakeq-senders")
    }
    assert wakeups["baseline"].under_queue_lock > 0
    assert wakeups["wakeq"].under_queue_lock > 0, "the patch left the senders' wakeups where they were"
    assert wakeups["wakeq-senders"].under_queue_lock == 0
    assert wakeups["wakeq-senders"].after_unlock == wakeups["wakeq-senders"].total > 0  # texts are of one length: all fit


def test_threads_by_default() -> None:
    assert {name: threads_of(name, 1) for name in SUMMARIES if name != ENDLESS} == {
        NAME: 2, "one-to-many": 2, "many-to-one": 2, "full-queue": 2, "rmid-sleepers": 2, "set-sleepers": 2,
        "mixed-types": 3, "signals": 3,
    }  # fmt: skip
    assert {threads_of(name, 4) for name in SUMMARIES if name != ENDLESS} == {4}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"workload": "ping"}, r"workload must be one of pmsg-shared, one-to-many, .*, not 'ping'"),
        ({"threads": 1}, r"mixed-types needs at least 3 threads, not 1"),
        ({"messages": 2}, r"mixed-types needs at least a message for each of its 4 threads, not 2"),
        ({"placement": "same-core"}, r"placement is where the two of a pair run, and mixed-types has no pairs: leave it out"),
        ({"seed": -1}, r"seed must be 0 to 2\*\*64 - 1, not -1"),
        ({"threads": 600}, r"threads must be at most 512, not 600"),
    ],
)
def test_what_cannot_be_is_refused(changed: dict[str, object], message: str) -> None:
    given = {
        "workload": "mixed-types",
        "cores": 4,
        "cores_per_module": 2,
        "threads": 4,
        "messages": 100,
        "placement": None,
        "seed": 1,
        **changed,
    }
    with pytest.raises(UserError, match=message):
        plan_workload(**given)  # type: ignore[arg-type]
