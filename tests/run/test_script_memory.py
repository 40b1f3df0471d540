"""The guest's memory is as large as its script or workload needs; where it is not, the run ends and names the pool."""

import pytest

from emu.errors import UserError
from emu.guest.held import Held
from emu.guest.slab import KINDS, ram_bytes, slab_counts
from emu.run.script_run import ScriptMachine, StepStuck
from emu.subjects.ipc_msg.memory import QUEUE_BLOCK, message_blocks
from emu.subjects.ipc_msg.script import script as s
from emu.subjects.ipc_msg.script.check import mismatches
from emu.subjects.ipc_msg.script.memory import held_by
from emu.subjects.ipc_msg.script.text import parse
from emu.subjects.ipc_msg.slabs import usual_slabs
from emu.subjects.ipc_msg.system_calls import MSGSND
from emu.subjects.ipc_msg.workload.plans import SUMMARIES, plan_workload
from emu.subjects.ipc_msg.workload.workload import TableTask

MACHINE = "a10-7800"


def full(queues: int, size: int, tasks: int = 1) -> str:
    """Every queue full of messages of one size, and each other task blocked with one more; then as many are received."""
    lines = [f"tasks {tasks}", f"queues {queues}"]
    for queue in range(1, queues + 1):
        lines += [f"t1: send size={size} queue=q{queue} -> 0"] * (s.QUEUE_BYTES // size)
    lines += [f"t{task}: send size={size} -> blocks" for task in range(2, tasks + 1)]
    lines += [f"t1: recv size={size} queue=q{queue} -> {size}" for queue in range(queues, 0, -1)]
    if tasks > 1:
        lines.append("t2: returns 0")
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [full(11, 8192), full(6, 1000), full(2, 5000, tasks=5), "tasks 1\nqueues 0\n" + "t1: msgget\n" * 257],
    ids=["large", "many", "blocked", "queues"],
)
def test_what_the_kernel_could_hold_fits(text: str) -> None:
    script = parse(text)
    results = ScriptMachine.of(script, "wakeq", MACHINE).run(script)
    assert mismatches(script, results) == []
    assert "ENOMEM" not in {result.outcome.word for result in results}
    assert [result.outcome.word for result in results[256:]] == ["ENOSPC"] * (text.count("msgget") // 257), "kernel.msgmni is 256"


@pytest.mark.parametrize(("size", "pool"), [(8192, "kmalloc-4096"), (200, "kmalloc-256")])
def test_what_does_not_fit_ends_the_run_and_names_the_pool(size: int, pool: str) -> None:
    script = parse(full(12, size))
    wanted = rf"guest memory has run out: all \d+ objects of {pool} are allocated or kept by other cores: that is a limit of emu"
    with pytest.raises(StepStuck, match=wanted):
        ScriptMachine(1, "wakeq", MACHINE).run(script)


def test_an_id_too_many_ends_the_run_and_says_so() -> None:
    script = parse("tasks 1\nqueues 0\nt1: stat queue=none\nt1: msgget\n")
    machine = ScriptMachine.of(script, "wakeq", MACHINE)
    layer = machine.wired.guest.kernel.global_record("idr_layer", "msg_idr_layer")
    issue = machine.callers[0].issue

    def fill(*arguments: object) -> None:
        for offset in range(0, 32, 8):
            layer.put_word("bitmap", 2**64 - 1, offset=offset)
        issue(*arguments)  # type: ignore[arg-type]

    machine.callers[0].issue = fill  # type: ignore[method-assign]
    with pytest.raises(StepStuck, match="tree of queue ids has one layer of 256 ids, and none is left: that is a limit of emu"):
        machine.run(script)


def test_blocks_of_a_message() -> None:
    assert message_blocks(0) == (48,)
    assert message_blocks(4048) == (4096,)
    assert message_blocks(4049) == (4096, 9)
    assert message_blocks(4048 + 4088 + 1) == (4096, 4096, 9)


def test_what_a_script_holds() -> None:
    sends = "t1: send size=8\nt1: send size=8 bad=text\nt1: send size=9000\n"
    script = parse(f"tasks 2\n{sends}t1: recv copy size=20 nowait\nt2: msgget\nt2: rmid\n")
    assert held_by(script) == (Held(56, 2, 2), Held(68, 1, 1), Held(QUEUE_BLOCK, 2, 2))
    many = parse("tasks 1\n" + "t1: send size=8192\nt1: recv\n" * 100)
    assert Held(4096, 3, 100) in held_by(many), "two on the queue and one under way, however many are sent"


def test_memory_grows_with_what_is_held() -> None:
    usual = slab_counts(4, usual_slabs(4, 4))
    assert ram_bytes(usual) == 64 << 20
    large = slab_counts(64, usual_slabs(64, 64), [Held(4096, 8192, None)])
    assert ram_bytes(large) > 64 << 20
    needed = sum(kind.pages * 4096 * count for kind, count in zip(KINDS, large, strict=True))
    assert needed < ram_bytes(large) <= 1 << 30
    with pytest.raises(UserError, match=r"need \d+ MiB of guest memory, and there are at most 1024: make do with"):
        ram_bytes(slab_counts(1, usual_slabs(1, 1), [Held(4096, 1 << 18, None)]))


@pytest.mark.parametrize("workload", SUMMARIES)
def test_a_workload_says_what_it_holds(workload: str) -> None:
    plan = plan_workload(workload, cores=4, cores_per_module=2, threads=4, messages=100, placement=None, seed=1)
    calls = [call for task in plan.tasks if isinstance(task, TableTask) for call in task.table.calls]
    texts = {call.arguments[2] for call in calls if call.number == MSGSND} or {8}
    assert {held.size for held in plan.held} - {QUEUE_BLOCK} == {size for text in texts for size in message_blocks(text)}
