"""Names for the numbers in a trace."""

import pytest

from bench.report.canned import KERNEL, TASK1, header
from emu.trace.header import TraceHeader

HEADER = header()


@pytest.mark.parametrize(
    ("pc", "place"),
    [
        (KERNEL, ("sys_msgsnd", 0)),
        (KERNEL + 0x45, ("do_msgsnd", 5)),
        (KERNEL - 1, (hex(KERNEL - 1), 0)),
        (0x400040, ("0x400040", 0)),
        (0x40003F, ("pmsg_shared", 0x3F)),
    ],
)
def test_symbol_at(pc, place):
    assert HEADER.symbol_at(pc) == place


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (0x600000, "queue.q_perm.lock"),
        (0x600004, "queue.q_perm.lock+0x4"),
        (0x600038, "queue.q_stime"),
        (0x501700, "pmsg/1.wake_q"),
        (0x700010, "pmsg/1 stack+0x10"),
        (0x6000C0, "0x6000c0"),
        (0, "0x0"),
    ],
)
def test_object_at(address, name):
    assert HEADER.object_at(address) == name


def test_names_of_numbers():
    assert HEADER.task_name(-1) == "idle"
    assert HEADER.task_name(9) == "task 9"
    assert HEADER.task_of_pointer(TASK1) == 1
    assert HEADER.task_of_pointer(0) is None
    assert HEADER.mark_name(1) == "handoff_window"
    assert HEADER.mark_name(-1) == "mark -1"
    assert HEADER.lock_name(0) == "q_perm.lock of queue"
    assert HEADER.lock_name(7) == "lock 7"


def test_json_round_trip():
    assert TraceHeader.from_json(HEADER.to_json()) == HEADER
