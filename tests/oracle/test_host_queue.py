"""The host as an executor: it says what the kernel says, it notices sleep, and it leaves nothing behind."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.oracle.host_driver import key_base
from bench.oracle.host_queue import HostFailed, HostQueue, HostUnusable
from bench.oracle.model_state import FULL_AND_LOCKED, LOWEST
from bench.oracle.queue_model import QueueModel
from emu.subjects.ipc_msg.script.check import mismatches
from emu.subjects.ipc_msg.script.text import parse

EVERYTHING = Path(__file__).parent / "everything.script"
LEFT_OVER = """\
tasks 3
queues 0
t1: msgget key=77 create
t2: send
t3: recv type=5
t1: set qbytes=8
t2: send
"""


def queues(pid: int) -> list[str]:
    """The queues in the namespace of the tests whose keys are those of this driver."""
    lines = Path("/proc/sysvipc/msg").read_text().splitlines()[1:]
    return [line for line in lines if int(line.split()[0]) >> 16 == key_base(pid) >> 16]


def test_a_long_script_gives_what_it_says(host: HostQueue) -> None:
    script = parse(EVERYTHING.read_text(), EVERYTHING.name)
    assert mismatches(script, host.run(script)) == []
    assert mismatches(script, QueueModel(host.kernel).run(script)) == []


@pytest.mark.parametrize("text", [FULL_AND_LOCKED, LOWEST], ids=["eacces of a sender in vain", "lowest type"])
def test_where_versions_differ_the_host_is_of_its_version(host: HostQueue, text: str) -> None:
    script = parse(text)
    assert host.run(script) == QueueModel(host.kernel).run(script)


def test_a_task_that_sleeps_is_not_asked(host: HostQueue) -> None:
    with pytest.raises(HostFailed, match="script:3: t1 still sleeps in an earlier operation"):
        host.run(parse("tasks 2\nt1: recv\nt1: stat\n"))
    assert host.run(parse("tasks 1\nt1: send size=0\n"))[0].outcome.word == "0"


def test_a_task_that_comes_to_no_rest_is_reported_and_replaced() -> None:
    host = started(seconds=0.3)
    try:
        host.run(parse("tasks 2\nt1: stat\nt2: stat\n"))
        assert host._process is not None
        driver = host._process.pid
        children = Path(f"/proc/{driver}/task/{driver}/children").read_text().split()
        os.kill(int(children[-1]), signal.SIGSTOP)  # t2
        with pytest.raises(HostFailed, match=r"not at rest after 0.3 s: t2 in .*; the script was:"):
            host.run(parse("tasks 2\nt1: send\nt2: recv\n"))
        assert host.run(parse("tasks 2\nt1: send size=0\nt2: recv\n"))[1].outcome.word == "0"
    finally:
        host.close()


def started(*, share_namespace: bool = False, seconds: float = 20) -> HostQueue:
    try:
        return HostQueue(share_namespace=share_namespace, seconds=seconds)
    except HostUnusable as problem:
        pytest.skip(str(problem))


def test_nothing_is_left_in_a_namespace_that_others_use() -> None:
    host = started(share_namespace=True)
    assert host._process is not None
    pid = host._process.pid
    try:
        for _ in range(3):
            assert host.run(parse(LEFT_OVER))[-1].outcome.word == "blocks"
            assert queues(pid) == []
    finally:
        host.close()


def test_nothing_is_left_when_the_driver_is_killed_in_the_middle() -> None:
    host = started(share_namespace=True)
    assert host._process is not None
    assert host._process.stdin is not None
    pid = host._process.pid
    endless = "\n".join(["tasks 2", "queues 0", "t1: msgget key=78 create", *["t2: stat"] * 100_000]) + "\n\0\n"
    host._process.stdin.write(endless.encode())
    host._process.stdin.flush()
    wait_until(lambda: queues(pid) != [])
    host._process.send_signal(signal.SIGKILL)
    host.close()
    wait_until(lambda: queues(pid) == [])


def wait_until(holds: Callable[[], bool], seconds: float = 20) -> None:
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.01)
