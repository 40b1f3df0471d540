"""The text form of scripts: what is read is what was written, and what is wrong is said with its place."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings

from bench.oracle.queue_model import QueueModel
from bench.oracle.strategies import scripts
from emu.errors import UserError
from emu.subjects.ipc_msg.script import script as s
from emu.subjects.ipc_msg.script.check import mismatches
from emu.subjects.ipc_msg.script.text import dump, parse, with_results
from emu.subjects.ipc_msg.script.words import FIELDS, OPERATIONS

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


VERBS = ", ".join(OPERATIONS)
LONG = "-9223372036854775808 to 9223372036854775807"
INT = "-2147483648 to 2147483647"
IDS = "a number 0 to 2147483647 with an index (id % 32768) below 256"
EARLY = "before the first operation"
USERS = f"`user tN U` with U from 0 to 65533, once a task, {EARLY}"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("t3: rmid", "wanted a task, t1 to t2, got t3"),
        ("tx: rmid", "wanted a task, t1 to t2, got tx"),
        ("rmid", "wanted `tasks N`, `queues N`, `user tN U`, `core tN C`, `priority tN P` or `tN: operation`, got rmid"),
        ("t1:", f"wanted an operation ({VERBS}), returns or dies, got nothing"),
        ("t1: post", f"wanted an operation ({VERBS}), returns or dies, got post"),
        ("t1: rmid size=8", "wanted a word of rmid (queue), got size=8"),
        ("t1: send size=many", f"wanted size: a number, {LONG}, got size=many"),
        ("t1: send size=1_000", f"wanted size: a number, {LONG}, got size=1_000"),
        ("t1: send size=\u0663", f"wanted size: a number, {LONG}, got size=\u0663"),
        ("t1: send size", f"wanted size: a number, {LONG}, got size"),
        ("t1: send size=9223372036854775808", f"wanted size: a number, {LONG}, got size=9223372036854775808, which is too large"),
        ("t1: send size=-0x8000000000000001", f"wanted size: a number, {LONG}, got size=-0x8000000000000001, which is too small"),
        ("t1: send size=" + "9" * 5000, f"wanted size: a number, {LONG}, got size={'9' * 75}..., which is too large"),
        ("t1: send fill=256", "wanted fill: a number, 0 to 255, got fill=256, which is too large"),
        ("t1: send fill=-1", "wanted fill: a number, 0 to 255, got fill=-1, which is too small"),
        ("t1: recv nowait=1", "wanted nowait: no value, got nowait=1"),
        ("t1: recv nowait nowait", "wanted nowait once, got it twice"),
        ("t1: recv bad=all", "wanted bad: pointer or text, got bad=all"),
        ("t1: set mode=999", "wanted mode: an octal number, 0 to 0777, got mode=999"),
        ("t1: set mode=7777", "wanted mode: an octal number, 0 to 0777, got mode=7777, which is too large"),
        ("t1: set uid=-2", "wanted uid: a number, -1 to 65533, got uid=-2, which is too small"),
        ("t1: msgget key=32769", "wanted key: private, or a number 1 to 32768, got key=32769, which is too large"),
        ("t1: msgctl command=2", f"wanted command: a number that is no command with a word of its own, {INT}, got command=2"),
        ("t1: msgctl", "wanted command= behind msgctl, got msgctl"),
        ("t1: next_id", "wanted id= behind next_id, got next_id"),
        ("t1: next_id id=33024", f"wanted id: {IDS}, got id=33024"),
        ("t1: next_id id=2147483648", f"wanted id: {IDS}, got id=2147483648, which is too large"),
        ("t1: msg_stat index=1 queue=q1", "wanted an index, or a queue whose index is meant, got index=1 queue=q1"),
        ("t1: sleep 1", "wanted a word of sleep (none), got 1"),
        ("t1: rmid queue=q0", "wanted queue: q1 to q256, or none, got queue=q0"),
        ("t1: send text=12", "wanted text: 0x and two hex digits a byte, up to 8192 bytes, got text=12"),
        ("t1: send text=0x12 size=2", "wanted no fill, and size=1 or none, beside that text, got text=0x12 size=2"),
        ("t1: signal", "wanted a task, t1 to t2, got nothing"),
        ("t1: kill t1", "wanted another task to kill (a task ends itself by `exit`), got t1"),
        ("t1: rmid ->", "wanted an outcome: a value, an error, blocks or dies, got nothing"),
        ("t1: rmid -> EWHAT", "wanted an outcome: a value, qN, the name of an error, blocks or dies, got EWHAT"),
        ("t1: recv -> 8 colour=1", f"wanted a field ({', '.join(FIELDS)}), got colour=1"),
        ("t1: recv -> 8 type=one", "wanted type= a number, got type=one"),
        ("t1: recv -> 8 type=1 type=2", "wanted type once, got it twice"),
        ("t1: stat -> qnum=99999999999999999999", "wanted qnum= a number, got qnum=99999999999999999999, which is too large"),
        ("t1: stat -> stime=1", "wanted stime= +Ns, N the seconds slept before, or never, got stime=1"),
        ("t1: stat -> crc=0x123456789", "wanted crc= a hexadecimal number of 32 bits, got crc=0x123456789"),
        ("user t3 5", "wanted a task, t1 to t2, got t3"),
        ("user t1", f"wanted {USERS}, got user t1"),
        (
            "core t1 64",
            "wanted `core tN C` with C from 0 to 63, once a task, " + EARLY + ", got core t1 64, which is too large",
        ),
        (
            "priority t2 0",
            "wanted `priority tN P` with P from 1 to 99, once a task, " + EARLY + ", got priority t2 0, which is too small",
        ),
        ("user t1 -1", f"wanted {USERS}, got user t1 -1, which is too small"),
        ("user t1 65534", f"wanted {USERS}, got user t1 65534, which is too large"),
        ("t1: rmid & t2: rmid while t1", "wanted `while tN at POINT`, got while t1"),
        ("t1: rmid & t2: rmid while t1 at 5", "wanted `while tN at POINT`, got while t1 at 5"),
        ("t1: rmid & t2: rmid while t3 at p", "wanted a task, t1 to t2, got t3"),
        (
            "t1: rmid while t2 at p & t2: rmid",
            "wanted an operation of t2 before one that is made while it is somewhere, got `t1: rmid while t2 at p`",
        ),
        (
            "t1: rmid while t1 at p",
            "wanted an operation of t1 before one that is made while it is somewhere, got `t1: rmid while t1 at p`",
        ),
        (
            "t1: rmid & t1: rmid while t1 at p",
            "wanted each task once in what is issued together, got t1: rmid & t1: rmid while t1 at p",
        ),
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
    with pytest.raises(UserError, match="case:1: wanted `tasks N` with N from 1 to 64, got tasks 65, which is too large"):
        parse("tasks 65\n", "case")
    with pytest.raises(UserError, match=r"got queues 9+\.\.\., which is too large"):
        parse(f"tasks 1\nqueues {'9' * 5000}\n", "case")
    with pytest.raises(UserError, match="got tasks \u0661"):
        parse("tasks \u0661\n", "case")


def test_a_call_that_is_made_while_another_task_is_somewhere_overlaps_with_the_line_above() -> None:
    below = parse("tasks 2\nt1: stat\nt1: send size=8 -> 0\nt2: recv while t1 at handoff_window -> 8\n")
    beside = parse("tasks 2\nt1: stat\nt1: send size=8 -> 0 & t2: recv while t1 at handoff_window -> 8\n")
    assert below == beside == parse(dump(below))
    assert [len(group) for group in below.groups()] == [1, 2]
    with pytest.raises(UserError, match="case:4: wanted an operation with `while` directly below the one that it overlaps with"):
        parse("tasks 2\nt1: send size=8\nt2: returns 8\nt2: rmid while t1 at handoff_window\n", "case")


def test_lines_are_counted_as_editors_do() -> None:
    with pytest.raises(UserError, match="case:3: wanted an operation"):
        parse("tasks 1\n# \x0b \x0c \u2028 are no line ends\nt1: post\n", "case")


def test_where_tasks_run_and_with_which_priority() -> None:
    script = parse("tasks 3\ncore t3 1\ncore t1 0\npriority t2 50\nt1: rmid\n", "case")
    assert (script.cores, script.priorities) == (((3, 1),), ((2, 50),))  # t1 is on core 0 anyway
    assert parse(dump(script)) == script


def test_another_users_task_is_not_killed_by_asking() -> None:
    script = parse("tasks 2\nuser t2 7\nt1: kill t2 -> EPERM\nt2: rmid -> EPERM\n", "case")
    assert script.users == ((2, 7),)
    assert parse(dump(script)) == script
    assert mismatches(script, QueueModel().run(script)) == []


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
        "case:7: t2: stat: wanted 0 qnum=1 cbytes=0, got 0 qnum=0 cbytes=0 qbytes=16384 mode=0600 lspid=t2 lrpid=t1"
        " stime=+0s rtime=+0s ctime=+0s uid=0 gid=0 cuid=0 cgid=0",
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


def test_the_page_about_scripts_has_every_word() -> None:
    page = (Path(__file__).parents[2] / "docs" / "scripts.md").read_text()
    words = {word.name for _, known in OPERATIONS.values() for word in known}
    for name in {*OPERATIONS, *words, "tasks", "queues", "user", "core", "priority"}:
        assert re.search(rf"`{name}[`= ]", page), f"docs/scripts.md does not name {name}"
    for name in FIELDS:
        assert f"`{name}=`" in page, f"docs/scripts.md does not name the field {name}"
