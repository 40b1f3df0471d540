"""The livelock that the patch's message speaks of: found before it, bounded by the PREEMPT_RT tree's patch, gone after it."""

import json
from pathlib import Path

import pytest

from emu.cli.main import main
from emu.run.experiment import drive_to_end, prepare, run
from emu.run.experiment_spec import Experiment, Stall
from emu.run.stuck.livelock import find_livelock
from emu.run.stuck.view import View

ROOT = Path(__file__).parent.parent.parent
MESSAGES = 20


def livelock(variant: str, **changes: object) -> Experiment:
    return Experiment(variant=variant, workload="rt-livelock", messages=MESSAGES, **changes)  # type: ignore[arg-type]


def line_of(source: str) -> str:
    """The text of FILE:LINE."""
    path, line = source.rsplit(":", 1)
    return (ROOT / path).read_text().splitlines()[int(line) - 1]


@pytest.mark.parametrize("tick", ["0", "1000"])
def test_baseline_is_found_stuck_and_the_report_says_why(tick: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["run", "--workload", "rt-livelock", "--variant", "baseline", "--messages", str(MESSAGES), "--tick", tick]
    assert main(arguments) == 1
    report, complaint = capsys.readouterr()
    assert report.startswith(f"STUCK  livelock, after 0 of {MESSAGES} messages")
    said = " ".join(report.split())
    assert "rt-livelock/0 (SCHED_FIFO 50) has spun on a NULL r_msg on core 0" in said
    assert "rt-livelock/1 (SCHED_FIFO 10) has to store r_msg. It holds q_perm.lock and was preempted on the same core" in said
    assert "gives its core to no task of a lower or of its own priority" in said
    assert "kernel preemption: rt" in said
    assert complaint.startswith("emu: stuck: rt-livelock/0 spins on r_msg on core 0")
    assert complaint.count("\n") == 1


def test_the_positions_are_the_spin_and_the_wakeup(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["run", "--workload", "rt-livelock", "--variant", "baseline", "--preempt", "rt", "--messages", "3", "--json"]
    assert main(arguments) == 1
    result = json.loads(capsys.readouterr().out)
    stuck = result["stuck"]
    assert result["partial"] and result["preempt"] == "rt"
    assert stuck["spinning"]["place"].startswith("do_msgrcv+")
    assert line_of(stuck["spinning"]["source"]).split()[0] == "lockless_receive"
    assert line_of(stuck["preempted"]["source"]).split()[0] == "wake_receiver"
    assert stuck["preempted"]["place"].startswith("do_msgsnd+")
    assert stuck["preempted"]["inside"] == [
        "try_to_wake_up",
        "_raw_spin_unlock_irqrestore",
        "___preempt_schedule",
        "preempt_schedule",
        "__schedule",
    ]
    assert stuck["spin_iterations"] == result["message_spin"]["iterations"] > 1_000_000
    assert stuck["spin_cycles"] == result["message_spin"]["cycles"] == result["cycles_by_state"]["message_spin"]


@pytest.mark.parametrize("variant", ["baseline-rt", "wakeq", "wakeq-senders"])
def test_the_others_come_to_their_end(variant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--workload", "rt-livelock", "--variant", variant, "--messages", str(MESSAGES), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["messages"] == MESSAGES
    assert result["stuck"] is None and not result["partial"]
    assert result["message_spin"]["iterations"] == 0
    assert result["wakeups"]["under_queue_lock"] == (MESSAGES if variant == "baseline-rt" else 0)


@pytest.mark.parametrize("variant", ["baseline", "baseline-rt", "wakeq"])
def test_without_preemption_in_the_kernel_nobody_is_stuck(variant: str) -> None:
    result = drive_to_end(prepare(livelock(variant, preempt="none")))
    assert result.messages == MESSAGES
    assert result.message_spin.iterations == 0


def test_more_receivers_are_stuck_all_the_same() -> None:
    result = run(livelock("baseline", threads=4))
    assert result.stuck is not None
    assert result.stuck.details["preempted"]["task"] == "rt-livelock/3"


# A waker that is only held up, however long, is not preempted; fair tasks are given their turn by the timer.
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(
            {"variant": "baseline", "stalls": (Stall("handoff_window", 30_000_000, 40),), "messages": 60}, marks=pytest.mark.deep
        ),
        {"variant": "baseline", "stalls": (Stall("handoff_window", 30_000_000, 40),), "messages": 60, "preempt": "rt"},
        {
            "variant": "baseline",
            "placement": "same-core",
            "threads": 4,
            "cores": 1,
            "messages": 60,
            "preempt": "rt",
            "tick_hz": 10_000,
        },
        {"variant": "wakeq", "messages": 200, "preempt": "rt"},
        {"variant": "baseline-ticket", "messages": 200, "preempt": "rt"},
    ],
)
def test_no_false_alarm(changes: dict[str, object]) -> None:
    result = run(Experiment(**changes))  # type: ignore[arg-type]
    assert result.stuck is None
    assert result.messages == result.messages_wanted


def test_a_long_spin_behind_a_stalled_waker_is_looked_at_and_found_sound() -> None:
    stall = Stall("handoff_window", 30_000_000, 20)
    setup = prepare(Experiment(variant="baseline", messages=60, preempt="rt", stalls=(stall,)))
    spins = 0
    for _ in range(12):
        setup.machine.run()
        spins += sum(int(core["spin"]["probe"] >= 0) for core in setup.machine.cores)
        assert find_livelock(View(setup, ticks=False), spin_cycles=1) is None
    assert spins > 0


def test_an_unknown_kind_of_preemption_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--preempt", "full"]) == 2
    assert "preempt must be one of none, rt, not 'full'" in capsys.readouterr().err


def test_compare_says_that_one_side_is_stuck(capsys: pytest.CaptureFixture[str]) -> None:
    size = ["--threads", "2", "--messages", "10", "--seeds", "1", "--jobs", "1"]
    assert main(["compare", "baseline", "wakeq", "--workload", "rt-livelock", *size]) == 1
    assert "stuck: rt-livelock/0 spins on r_msg" in capsys.readouterr().err
