"""Scripts on the emulated machine: every operation and kind of answer, in every variant; what cannot be issued is refused."""

from pathlib import Path

import pytest

from emu.assembly.variants import variants
from emu.errors import CheckFailed, UserError
from emu.run.script_moment import HOLD_CYCLES
from emu.run.script_run import Bounds, ScriptMachine, StepStuck
from emu.subjects.ipc_msg.script.check import mismatches
from emu.subjects.ipc_msg.script.script import Exit, Rmid, Script, Step, StepResult
from emu.subjects.ipc_msg.script.text import parse

EVERYTHING = Path(__file__).parents[1] / "oracle" / "everything.script"
MACHINE = "a10-7800"
HAND_OFF = """tasks 3
t1: recv type=1 size=8 -> blocks
t3: recv type=3 size=8 -> blocks
t2: send type=3 size=8 fill=3 -> 0
t3: returns 8 type=3 text=0x030a11181f262d34
t2: send type=1 size=8 fill=4 -> 0
t1: returns 8 type=1 text=0x040b121920272e35
"""
QUEUED = """tasks 2
t1: send type=2 size=8 fill=1 -> 0
t1: send type=1 size=8 fill=2 -> 0
t1: send type=2 size=8 fill=3 -> 0
t2: recv type=1 size=8 -> 8 type=1 text=0x020910171e252c33
t2: recv type=0 size=8 -> 8 type=2 text=0x01080f161d242b32
t2: recv type=2 size=8 -> 8 type=2 text=0x030a11181f262d34
t1: recv type=2 size=8 -> blocks
t2: send type=2 size=8 -> 0
t1: returns 8 type=2
"""
# Copies of messages that have segments; the message stays, and a buffer of less than its size is refused.
COPIED = """tasks 1
t1: send type=3 size=4049 fill=5 -> 0
t1: send type=2 size=8192 fill=6 -> 0
t1: recv copy nowait type=0 -> 4049 type=3
t1: recv copy nowait type=1 -> 8192 type=2
t1: recv copy nowait noerror type=1 size=8191 -> EINVAL
t1: recv copy nowait type=2 -> ENOMSG
t1: recv type=-2 -> 8192 type=2
t1: recv type=0 noerror size=4049 -> 4049 type=3
t1: stat -> qnum=0 cbytes=0
"""
# A full queue loses its write permission: who wakes senders in vain tells them at once.
IN_VAIN = """tasks 2
t1: set qbytes=8 -> 0
t1: send size=8 -> 0
t1: send size=8 -> blocks
t2: set qbytes=8 mode=0400 -> 0
"""


@pytest.mark.parametrize("variant", list(variants()))
@pytest.mark.parametrize(
    "text", [HAND_OFF, QUEUED, COPIED, EVERYTHING.read_text()], ids=["hand-off", "queued", "copied", "everything"]
)
def test_what_is_expected_comes(text: str, variant: str) -> None:
    script = parse(text)
    assert mismatches(script, ScriptMachine.of(script, variant, MACHINE).run(script)) == []


@pytest.mark.parametrize("variant", list(variants()))
def test_senders_are_woken_in_vain_before_4_9(variant: str) -> None:
    results = ScriptMachine.of(parse(IN_VAIN), variant, MACHINE).run(parse(IN_VAIN))
    returned = [outcome.word for _, outcome in results[-1].returns]
    assert returned == ([] if variant.startswith(("wakeq-senders", "wakeq-release")) else ["EACCES"])


ONE_CORE = """tasks 2
core t2 0
priority t1 2
t1: recv type=1 size=8 -> blocks
t2: send type=2 -> 0
t2: send type=1 -> blocks
t1: returns 8
"""


def test_tasks_share_a_core_while_all_but_one_sleep() -> None:
    script = parse(ONE_CORE)
    assert mismatches(script, ScriptMachine.of(script, "wakeq", MACHINE).run(script)) == []


def test_a_machine_runs_one_script_after_the_other_as_if_it_were_new() -> None:
    machine = ScriptMachine(3, "wakeq", MACHINE)
    scripts = [parse(HAND_OFF), parse("tasks 3\nt1: exit\nt2: send size=5000\nt3: kill t2\n"), parse(HAND_OFF)]
    first, _, again = (machine.run(script) for script in scripts)
    assert first == again
    digests = []
    for script in (scripts[0], scripts[0]):
        machine.run(script)
        digests.append([int(core["digest"]) for core in machine.wired.machine.cores])
    assert digests[0] == digests[1]


def test_what_is_wrong_in_the_guest_is_found_after_the_step() -> None:
    """A message that is leaked, and a count that is off, behind the kernel's back."""
    machine = ScriptMachine(2, "baseline", MACHINE)
    script = parse("tasks 2\nt1: send size=8\nt1: send size=8\n")
    guest = machine.wired.guest
    issue = machine.issue

    def lose_it(*arguments: object) -> object:
        outcomes = list(issue(*arguments))  # type: ignore[arg-type]
        layer = guest.kernel.global_record("idr_layer", "msg_idr_layer")
        queue = guest.kernel.at("msg_queue", layer.words("ary")[0])
        head = queue.address("q_messages")
        queue["q_messages.next"] = queue["q_messages.prev"] = head
        return outcomes

    machine.issue = lose_it  # type: ignore[method-assign, assignment]
    with pytest.raises(CheckFailed, match=r"q_qnum of queue 0 should be 1, not 2"):
        machine.run(script)


def test_a_wrong_expectation_is_noticed() -> None:
    script = parse(HAND_OFF.replace("-> 0\nt1: returns 8", "-> 0\nt1: returns 7"))
    assert len(mismatches(script, ScriptMachine.of(script, "wakeq", MACHINE).run(script))) == 1


SHARED = parse("tasks 2\ncore t2 0\npriority t1 2\npriority t2 1\nt2: rmid\n", "case")
SLEEPS = parse("tasks 1\nt1: recv type=1\nt1: recv type=2\n", "case")
DEAD = Script(2, (Step(1, Exit(), line=2), Step(1, Rmid(), line=3)), name="case")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (SLEEPS, r"case:3: t1 sleeps in an earlier call and cannot begin another"),
        (DEAD, r"case:3: t1 is dead and cannot do anything"),
        (SHARED, r"case:5: t2 cannot run: t1 waits for its next call on the same core"),
    ],
)
def test_what_cannot_be_done_is_refused_by_its_line(script: Script, message: str) -> None:
    with pytest.raises(UserError, match=message):
        ScriptMachine.of(script, "baseline", MACHINE).run(script)


# The receiver sleeps when the sender is held in front of its store of r_msg; the signal wakes it too early, or not at all.
WINDOW = """tasks 3
t1: recv type=1 size=8 -> blocks
t2: send type=1 size=8 -> 0
t3: signal t1 while t2 at handoff_window -> 0
t1: returns 8 type=1
"""


@pytest.mark.parametrize("variant", ["baseline", "wakeq"])
def test_a_call_is_made_while_another_task_is_held(variant: str) -> None:
    script = parse(WINDOW)
    machine = ScriptMachine.of(script, variant, MACHINE)
    assert not mismatches(script, machine.run(script))
    held = machine.wired.machine.counts("stalls.total")
    assert sum(held) == HOLD_CYCLES
    assert not machine.wired.machine.arrays["stalls.cycles"].any()  # whoever comes there later is not


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (WINDOW.replace("handoff_window", "nowhere"), UserError, r"script:4: wanted one of the points of wakeq \(.*handoff_window"),
        (WINDOW.replace("send type=1", "send type=2"), CheckFailed, "script:4: t2 does not come to handoff_window"),
    ],
)
def test_a_point_that_is_not_there_is_an_error(text: str, error: type[Exception], message: str) -> None:
    script = parse(text)
    with pytest.raises(error, match=message):
        ScriptMachine.of(script, "wakeq", MACHINE).run(script)


def test_who_is_asked_to_stop_has_given_what_it_has() -> None:
    script = parse("tasks 2\nt1: recv -> blocks\nt2: send size=0 -> 0\nt1: returns 0\nt2: stat\n")
    machine = ScriptMachine.of(script, "wakeq", MACHINE)
    whole = machine.run(script)
    for wanted in range(3):
        gathered: list[StepResult] = []
        for result in machine.steps(script, Bounds(should_stop=lambda: len(gathered) == wanted)):  # noqa: B023
            gathered.append(result)
        assert gathered == list(whole[:wanted])
    assert machine.run(script) == whole, "the next script is not asked"


def test_a_bound_in_cycles_is_of_the_whole_script() -> None:
    script = parse("tasks 1\n" + "t1: send size=8 nowait\n" * 20, "case")
    machine = ScriptMachine.of(script, "wakeq", MACHINE)
    bound = machine.wired.machine.cycles + 30_000
    gathered: list[StepResult] = []
    with pytest.raises(StepStuck, match=rf"case:\d+: .*not at rest at cycle {bound:,}"):
        for result in machine.steps(script, Bounds(cycles=bound)):
            gathered.append(result)
    assert 0 < len(gathered) < 20
    with pytest.raises(StepStuck, match=r"case: .*not at rest at cycle 1"):
        list(machine.steps(script, Bounds(cycles=1)))


def test_the_wall_clock_goes_on_only_while_somebody_sleeps() -> None:
    script = parse("tasks 1\nt1: sleep\nt1: sleep\nt1: send\nt1: stat -> stime=+2s ctime=+0s\n")
    machine = ScriptMachine.of(script, "baseline", MACHINE)
    for _ in range(2):
        assert mismatches(script, machine.run(script)) == []


def test_tasks_are_of_the_users_that_the_script_names() -> None:
    machine = ScriptMachine(2, "baseline", MACHINE)
    strangers = parse("tasks 2\nuser t2 7\nt2: stat -> EACCES\nt2: msgget -> q2\nt1: stat queue=q2 -> EACCES\n")
    friends = parse("tasks 2\nt2: stat -> uid=0\n")
    for script in (friends, strangers, friends):
        assert mismatches(script, machine.run(script)) == []
