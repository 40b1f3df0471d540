"""Corners of the receiving half that no script reaches: a removal seen under the lock, refusing hooks, memory in a segment."""

import errno

import pytest
from unicorn import x86_const as x86

from bench.firmware.ipc_sender import USER_BUFFER, USER_TOP, SendMachine

VARIANTS = ("baseline", "wakeq", "wakeq-senders")
NOWAIT = 0x800
IN_HEADER = 4048  # bytes of text in a message's first block


def receive(machine: SendMachine, *, at: int = USER_BUFFER, size: int = 8192, mode: int | None = None) -> int:
    """Receive without waiting, on core 0; with `mode`, as if convert_mode had given that."""
    core = machine.cores[0]
    core.start("sys_msgrcv", 0, at, size, 0, NOWAIT)
    listening, entry = core.on_code, machine.symbol("ipcperms")

    def change(pc: int) -> None:
        if listening:
            listening(pc)
        if pc == entry and mode is not None:
            core.uc.reg_write(x86.UC_X86_REG_R15, mode)

    core.on_code = change
    result = core.run()
    return result - ((result >> 63) << 64)


@pytest.fixture(params=VARIANTS)
def machine(request: pytest.FixtureRequest) -> SendMachine:
    return SendMachine(request.param, 1, counted=True)


def test_removed_before_the_lock_was_had(machine: SendMachine) -> None:
    assert machine.send(1, b"x") == 0
    machine.queue["q_perm.deleted"] = 1
    assert receive(machine) == -errno.EIDRM
    assert machine.messages() == [(1, b"x")]
    assert machine.queue["q_perm.lock"] == 0


def test_a_hook_keeps_a_message_from_a_receiver(machine: SendMachine) -> None:
    assert machine.send(1, b"x") == 0
    machine.hook("msg_queue_msgrcv", "agreeing_hook", "refusing_hook")
    assert receive(machine) == -errno.ENOMSG
    assert machine.messages() == [(1, b"x")]


@pytest.mark.parametrize("mode", [0, 6])
def test_a_mode_that_is_none_takes_nothing(machine: SendMachine, mode: int) -> None:
    assert machine.send(1, b"x") == 0
    assert receive(machine, mode=mode) == -errno.ENOMSG
    assert machine.messages() == [(1, b"x")]


def test_a_message_whose_segment_cannot_be_stored_is_lost_and_freed(machine: SendMachine) -> None:
    text = bytes(range(256)) * 20
    assert machine.send(1, text) == 0
    assert receive(machine, at=USER_TOP - 8 - IN_HEADER) == -errno.EFAULT
    assert machine.messages() == []
    machine.check_untouched()
