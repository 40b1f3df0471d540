"""A run that does not come to its end keeps its evidence: trace, report, JSON, and what every task was doing and why."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from emu.assembly.new_variant import make_variant
from emu.assembly.variants import get_variant
from emu.cli.main import main
from emu.report.run_report import render_run
from emu.run.experiment import run
from emu.run.experiment_spec import Experiment, Limits, Stall
from emu.run.result import RunResult
from emu.run.stuck.facts import Stuck, TaskFacts
from emu.trace.file import TraceFile
from emu.trace.record import Kind

SHAPE = {"cores": 2, "threads": 2, "messages": 40}
SET_STATE = (
    "    mov qword ptr [rax + TASK_state], TASK_INTERRUPTIBLE    // __set_current_state\n    spin_unlock [rbx + IPCP_lock]\n"
)
SET_STATE_LATE = (
    "    spin_unlock [rbx + IPCP_lock]\n    mov rax, qword ptr gs:[PERCPU_current]\n"
    "    //@ point late\n    mov qword ptr [rax + TASK_state], TASK_INTERRUPTIBLE\n"
)
# By name: file of wakeq or one that all variants share, what stands there, what stands there in the broken variant.
BROKEN = {
    "no-wakeup": ("inline/receivers_wake_up_q.S", "    call wake_up_q\n", ""),
    "late-state": ("do_msgrcv.S", SET_STATE, SET_STATE_LATE),
    "no-unlock": ("do_msgsnd.S", ".Lunlock:\n    spin_unlock [rbx + IPCP_lock]\n", ".Lunlock:\n"),
    "to-nowhere": ("inline/receivers_wake_up_q.S", "    call wake_up_q\n", "    xor eax, eax\n    jmp rax\n"),
    "no-room": ("do_msgrcv.S", "    senders_of_receive rsp + FRAME_wake_q, .Lsenders\n", ""),
    "miscounts": ("do_msgrcv.S", "    dec qword ptr [rbx + MSQ_q_qnum]\n", ""),
}


@dataclass(frozen=True, slots=True)
class Case:
    """How a run ends."""

    kind: str
    summary: str
    said: tuple[str, ...]  # in the sentences
    more: dict[str, object]  # of the experiment
    variant: str = ""  # of `BROKEN`


CASES = {
    "a wakeup left out": Case(
        "lost wakeup",
        "lost wakeup: pmsg/0 sleeps in do_msgrcv (",
        ("r_msg is a message of type 1, 8 bytes, and it is on no list", "wake_up_q never came to it", "who would wake it"),
        {},
        "no-wakeup",
    ),
    "a state set after the unlock": Case(
        "lost wakeup",
        "lost wakeup: pmsg/0 sleeps in do_msgrcv (",
        ("r_msg is a message of type 1", "pmsg/1 woke it last, at cycle ", "it went to sleep after that, at cycle "),
        {"stalls": (Stall("late", 30_000),)},
        "late-state",
    ),
    "the same with a timer that goes on": Case(
        "lost wakeup",
        "lost wakeup: pmsg/0 sleeps in do_msgrcv (",
        ("r_msg is a message of type 1",),
        {"stalls": (Stall("late", 30_000),), "tick_hz": 1000, "limits": Limits(cycles=10_000_000)},
        "late-state",
    ),
    "an unlock left out": Case(
        "deadlock",
        "deadlock: pmsg/0 and pmsg/1 wait for q_perm.lock of msg_queue, for up to ",
        ("pmsg/0 has held it since cycle ", "and waits for it itself"),
        {},
        "no-unlock",
    ),
    "senders that nobody wakes": Case(
        "deadlock",
        "deadlock: all cores are halted, and no interrupt is on its way",
        ("full-queue/1 waits for room on queue 0: 0 of 64 bytes and 0 messages are on it: it is there, and", "was not woken"),
        {"workload": "full-queue", "threads": 4},
        "no-room",
    ),
    "a jump to nowhere": Case(
        "fault",
        "guest fault: exception #PF: jump to 0x0, where there is no code: core 0, task pmsg/0, at do_msgsnd+0x",
        ("The last instructions of that core: ", "jmp rax"),
        {},
        "to-nowhere",
    ),
    "a bound on cycles": Case(
        "bound",
        "the guest had not finished after 200,000 cycles (--max-cycles): core 0 (",
        ("Core 1 (",),
        {"limits": Limits(cycles=200_000), "messages": 1000},
    ),
    "a bound on the trace": Case(
        "bound",
        "the trace reached its bound of 20000 records: make the run shorter or --trace-limit higher: core 0 (",
        (),
        {"limits": Limits(trace_records=20_000)},
    ),
    "a check at the end": Case(
        "failed check",
        "failed check: the queue should be empty at the end, but q_qnum is ",
        ("q_qnum is ",),
        {},
        "miscounts",
    ),
}


def broken_variant(name: str, folder: Path) -> str:
    """A folder with the routines of wakeq, of which one is changed."""
    make_variant(folder / name, get_variant("wakeq"))
    file, before, after = BROKEN[name]
    source = folder / name / file
    assert before in source.read_text()
    source.write_text(source.read_text().replace(before, after, 1))
    return str(folder / name)


@pytest.fixture(scope="module")
def variant(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    return cache(lambda name: broken_variant(name, tmp_path_factory.mktemp("variants")))


@pytest.fixture(scope="module")
def result(variant: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[RunResult, Path]]:
    def of(name: str) -> tuple[RunResult, Path]:
        case, path = CASES[name], tmp_path_factory.mktemp("traces") / "t"
        chosen = variant(case.variant) if case.variant else "wakeq"
        return run(Experiment(variant=chosen, trace=path, **{**SHAPE, **case.more})), path  # type: ignore[arg-type]

    return cache(of)


def stuck_of(result: RunResult) -> Stuck:
    assert result.stuck is not None
    return result.stuck


@pytest.mark.parametrize("name", CASES)
def test_the_diagnosis(name: str, result: Callable[[str], tuple[RunResult, Path]]) -> None:
    stuck, case = stuck_of(result(name)[0]), CASES[name]
    assert (stuck.kind, stuck.summary[: len(case.summary)]) == (case.kind, case.summary)
    assert "\n" not in stuck.summary
    for words in case.said:
        assert words in " ".join(stuck.words)


@pytest.mark.parametrize("name", CASES)
def test_the_trace_is_kept_and_whole(name: str, result: Callable[[str], tuple[RunResult, Path]]) -> None:
    found, path = result(name)
    trace = TraceFile(path)
    records = trace.records()
    assert trace.partial == found.partial == (CASES[name].kind != "failed check")
    assert trace.trace_digest == found.trace_digest
    if name == "a bound on the trace":
        assert len(records) == 20_000
    else:
        assert np.count_nonzero(records["kind"] == Kind.INSTRUCTION) == found.instructions
        assert records["cycle"].max() <= found.cycles


@pytest.mark.parametrize("name", CASES)
def test_every_task_and_core_is_listed_and_the_cycles_add_up(name: str, result: Callable[[str], tuple[RunResult, Path]]) -> None:
    found, _ = result(name)
    stuck = stuck_of(found)
    assert [task.task.rpartition("/")[2] for task in stuck.tasks] == [str(number) for number in range(found.threads)]
    assert [core.core for core in stuck.cores] == list(range(found.cores))
    assert found.cycles_by_state.total == found.cores * found.cycles
    for task in stuck.tasks:
        assert task.events, "each has done something"
        if task.state != "dead":
            assert task.calls and all(call.source for call in task.calls)
    plain = found.to_dict()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["stuck"]["kind"] == stuck.kind


def task_of(name: str, result: Callable[[str], tuple[RunResult, Path]], number: int) -> TaskFacts:
    return stuck_of(result(name)[0]).tasks[number]


def test_a_lost_wakeup_task_by_task(result: Callable[[str], tuple[RunResult, Path]]) -> None:
    lost, other = (task_of("a state set after the unlock", result, number) for number in range(2))
    assert (lost.state, lost.on_list, lost.r_msg) == ("TASK_INTERRUPTIBLE", "", "a message of type 1, 8 bytes")
    assert (other.state, other.on_list, other.r_msg) == ("TASK_INTERRUPTIBLE", "q_receivers of queue 0", "-EAGAIN")
    assert other.waits_for == "a message of type 2 on queue 0"
    for task in (lost, other):
        assert [call.routine for call in task.calls] == ["entry_SYSCALL_64", "do_msgrcv", "schedule", "__schedule"]
        file, line = task.calls[task.own].source.rsplit(":", 1)
        assert "call schedule" in Path(file).read_text().splitlines()[int(line) - 1]
        assert "context_switch" in task.events[-1]
        assert any("held at late" in event for event in task.events)


def test_a_lock_that_is_waited_for_is_said_with_its_holder(result: Callable[[str], tuple[RunResult, Path]]) -> None:
    waiter = task_of("an unlock left out", result, 1)
    assert (waiter.state, waiter.waits_for) == ("running", "q_perm.lock of msg_queue, which pmsg/0 holds")
    assert waiter.calls[-1].routine in ("queued_spin_lock_slowpath", "_raw_spin_lock")
    assert waiter.calls[waiter.own].routine in ("do_msgrcv", "do_msgsnd")


def test_senders_wait_for_room(result: Callable[[str], tuple[RunResult, Path]]) -> None:
    tasks = stuck_of(result("senders that nobody wakes")[0]).tasks
    assert {task.on_list for task in tasks} == {"q_senders of queue 0", "q_receivers of queue 0"}


def test_where_a_fault_was(result: Callable[[str], tuple[RunResult, Path]]) -> None:
    stuck = stuck_of(result("a jump to nowhere")[0])
    assert stuck.details["last_instructions"][-1].endswith("jmp rax")
    assert stuck.tasks[0].calls[-1].source.rpartition(":")[0].endswith("to-nowhere/do_msgsnd.S")


@pytest.mark.parametrize("width", [60, 80, 140])
def test_the_report_says_it_all_within_the_page(width: int, result: Callable[[str], tuple[RunResult, Path]]) -> None:
    found, _ = result("a state set after the unlock")
    report = render_run(found, width=width)
    assert report.startswith("STUCK  lost wakeup, after ")
    lines = report[report.index("What every task was doing") :].splitlines()
    assert max(map(len, lines)) <= width
    said = " ".join(" ".join(lines).split())
    for task in stuck_of(found).tasks:
        for words in (task.task, task.waits_for, task.r_msg, *(call.place for call in task.calls), *task.events[-8:]):
            assert words in said


def test_the_command_prints_report_and_one_line_and_exits_with_1(
    variant: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["run", "--variant", variant("to-nowhere"), "--cores", "2", "--messages", "40", "--trace", str(tmp_path / "t")]
    assert main(arguments) == 1
    out, err = capsys.readouterr()
    assert out.startswith("GUEST FAULT  after 0 of 40 messages; every figure is of this part only\n")
    assert err.startswith("emu: guest fault: exception #PF: jump to 0x0") and err.count("\n") == 1
    assert main(["trace", "show", str(tmp_path / "t"), "--symbol", "do_msgsnd"]) == 0
    assert capsys.readouterr().out.endswith("xor eax, eax\n"), "the last instruction that retired"
    assert main([*arguments, "--json", "--overwrite"]) == 1
    assert json.loads(capsys.readouterr().out)["stuck"]["kind"] == "fault"


SCRIPT = "tasks 2\nt1: recv type=1 size=8 -> blocks\nt2: send type=1 size=8 -> 0\n"


def test_a_step_that_is_stuck_leaves_what_the_steps_before_it_gave(
    variant: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "case.script"
    path.write_text(SCRIPT)
    arguments = ["run", "--script", str(path), "--variant", variant("to-nowhere")]
    assert main([*arguments, "--json"]) == 1
    plain = json.loads(capsys.readouterr().out)
    assert (plain["partial"], plain["stuck"]["kind"], plain["mismatches"]) == (True, "fault", [])
    assert plain["result"].splitlines()[-1] == "t1: recv type=1 size=8 -> blocks"
    assert plain["stuck"]["tasks"][0]["r_msg"] == "a message of type 1, 8 bytes"
    assert main(arguments) == 1
    out, err = capsys.readouterr()
    assert "GUEST FAULT  in the step behind the 1 that are shown\n" in out
    assert err.startswith(f"emu: {path}:3: guest fault: exception #PF: jump to 0x0") and err.count("\n") == 1
