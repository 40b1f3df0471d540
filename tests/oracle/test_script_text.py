"""The text form of scripts: what is read is what was written, and what is wrong is said with its place."""

import pytest
from hypothesis import given, settings
from queue_model import QueueModel
from strategies import scripts

from emu.errors import UserError
from emu.subjects.ipc_msg.script import script as s
from emu.subjects.ipc_msg.script.check import mismatches
from emu.subjects.ipc_msg.script.text import dump, parse, with_results

HAND_OVER = """\
# a receiver waits, a sender hands over
tasks 2

t1: recv type=1 size=64 -> blocks      # the queue is empty
t2: send type=1 size=8 text=0x1122334455667788 -> 0
t1: returns 8 type=1
t2: stat -> qnum=0 cbytes=0
t2: rmid -> 0
"""


def test_reads_what_the_manual_shows() -> None:
    script = parse(HAND_OVER)

    assert script.tasks == 2
    assert script.steps[0] == s.Step(1, s.Recv(type=1, size=64), s.BLOCKS)
    assert script.steps[1].operation == s.Send(type=1, size=8, text=bytes.fromhex("1122334455667788"))
    assert script.steps[1].returns == (s.Return(1, s.Outcome("8", (("type", "1"),))),)
    assert script.steps[2].expect == s.Outcome("0", (("qnum", "0"), ("cbytes", "0")))
    assert [step.line for step in script.steps] == [4, 5, 7, 8]
    assert parse(dump(script)) == script


@settings(max_examples=200, deadline=None)
@given(script=scripts())
def test_scripts_and_their_results_survive_the_round_trip(script: s.Script) -> None:
    assert parse(dump(script)) == script
    full = with_results(script, QueueModel().run(script))
    assert parse(dump(full)) == full


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("t3: rmid", "wanted a task, t1 to t2, got t3"),
        ("tx: rmid", "wanted a task, t1 to t2, got tx"),
        ("rmid", "wanted `tasks N`, `queues N` or `tN: operation`, got rmid"),
        ("t1:", "wanted an operation (msgget, send, recv, stat, set, rmid, signal, kill, exit), returns or dies, got nothing"),
        ("t1: post", "wanted an operation (msgget, send, recv, stat, set, rmid, signal, kill, exit), returns or dies, got post"),
        ("t1: rmid size=8", "wanted a word of rmid (queue), got size=8"),
        ("t1: send size=many", "wanted size: a number, -1 to 2147483647, got size=many"),
        ("t1: send size", "wanted size: a number, -1 to 2147483647, got size"),
        ("t1: recv nowait=1", "wanted nowait: no value, got nowait=1"),
        ("t1: recv nowait nowait", "wanted nowait once, got it twice"),
        ("t1: recv bad=all", "wanted bad: pointer or text, got bad=all"),
        ("t1: set mode=999", "wanted mode: an octal number, 0 to 0777, got mode=999"),
        ("t1: rmid queue=q0", "wanted queue: q1 to q256, or none, got queue=q0"),
        ("t1: send text=12", "wanted text: 0x and two hex digits a byte, up to 8192 bytes, got text=12"),
        ("t1: send text=0x12 size=2", "wanted no fill, and size=1 or none, beside that text, got text=0x12 size=2"),
        ("t1: signal", "wanted a task, t1 to t2, got nothing"),
        ("t1: kill t1", "wanted another task to kill (a task ends itself by `exit`), got t1"),
        ("t1: rmid ->", "wanted an outcome: a value, an error, blocks or dies, got nothing"),
        ("t1: rmid -> EWHAT", "wanted an outcome: a value, qN, the name of an error, blocks or dies, got EWHAT"),
        ("t1: recv -> 8 colour=1", "wanted a field (type, text, crc, qnum, cbytes, qbytes, mode, lspid, lrpid), got colour=1"),
        ("t1: recv -> 8 type=one", "wanted type= a number, got type=one"),
        ("t1: returns 8", "wanted an operation first, got returns 8"),
        ("tasks 3", "wanted `tasks` once, before the first operation, got it again or too late"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(line: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        parse(f"tasks 2\n\n{line}\n", "case.txt")
    assert str(caught.value) == f"case.txt:3: {message}"


def test_a_task_that_has_ended_is_not_asked_again() -> None:
    with pytest.raises(UserError, match="case:3: wanted a task that lives: t2 ended in line 2, got t2"):
        parse("tasks 2\nt1: kill t2\nt2: rmid\n", "case")
    with pytest.raises(UserError, match="case:3: wanted a task that lives: t1 ended in line 2, got t1"):
        parse("tasks 2\nt1: exit\nt1: rmid\n", "case")


def test_a_script_needs_its_number_of_tasks() -> None:
    with pytest.raises(UserError, match="case:1: wanted `tasks N` before the first operation, got t1"):
        parse("t1: rmid\n", "case")
    with pytest.raises(UserError, match="wanted `tasks N` before the first operation, got none"):
        parse("", "case")
    with pytest.raises(UserError, match="case:1: wanted `tasks N` with N from 1 to 64, got tasks 65"):
        parse("tasks 65\n", "case")


def test_expectations_that_are_met_are_silent() -> None:
    script = parse(HAND_OVER)
    assert mismatches(script, QueueModel().run(script)) == []


def test_expectations_that_are_not_met_are_listed_with_their_lines() -> None:
    text = (
        HAND_OVER.replace("returns 8 type=1", "returns 4").replace("qnum=0", "qnum=1").replace("t2: rmid -> 0", "t2: rmid -> EPERM")
    )
    script = parse(text, "case")

    assert mismatches(script, QueueModel().run(script)) == [
        "case:6: t1: wanted returns 4, got returns 8 type=1 text=0x1122334455667788",
        "case:7: t2: stat: wanted 0 qnum=1 cbytes=0, got 0 qnum=0 cbytes=0 qbytes=16384 mode=0600 lspid=t2 lrpid=t1",
        "case:8: t2: rmid: wanted EPERM, got 0",
    ]


def test_a_task_that_should_sleep_on_is_a_mismatch_when_it_comes_back() -> None:
    script = parse("tasks 2\nt1: recv -> blocks\nt2: send size=0\n", "case")
    assert mismatches(script, QueueModel().run(script)) == [
        "case:3: t2: send type=1 size=0: wanted t1 to stay in its operation of line 2, got t1: returns 0 type=1"
    ]


def test_a_task_that_should_come_back_is_a_mismatch_when_it_sleeps_on() -> None:
    script = parse("tasks 2\nt1: recv type=2\nt2: send size=0\nt1: returns 0\n", "case")
    assert mismatches(script, QueueModel().run(script)) == ["case:4: t1: wanted returns 0, got it did not come back"]


def test_steps_that_were_never_issued_are_a_mismatch() -> None:
    script = parse("tasks 1\nt1: stat\nt1: rmid\n", "case")
    assert mismatches(script, QueueModel().run(script)[:1]) == ["case:3: t1: rmid: never issued"]
