"""A guest that does something its machine does not allow ends the run, and the message says who, where and how."""

import re

import pytest

from emu.engine import records as rec
from emu.engine.text import fill_row
from emu.errors import GuestFault
from emu.isa.decode import decode_bytes
from emu.run.experiment import Setup, drive_to_end, prepare
from emu.run.experiment_spec import Experiment
from emu.run.stuck.diagnose import diagnose
from emu.timing.schedule import UNTIMED

FAULTS = {
    "invalid opcode": ("0f0b", r"#UD"),
    "load from nowhere": ("488b042500000000", r"#PF: 0x0 is not mapped"),
    "store to nowhere": ("4889042500000000", r"#PF: 0x0 is not mapped"),
    "privileged address out of range": ("48b8000000000000ff00488b00", r"#GP"),
    "single step": ("9c48810c24000100009d9090", r"#DB"),
    "jump into data": (None, r"jump to 0xffffffff80[0-9a-f]+, where"),
    "jump to nowhere": ("31c0ffe0", r"jump to 0x0, where"),
}


def faulty(code: str | None, *, interpret: bool) -> Setup:
    """A guest whose do_msgsnd begins with the given bytes."""
    setup = prepare(Experiment(cores=2, messages=4), interpret=interpret)
    target = setup.image.symbols["do_msgsnd"]
    if code is None:
        distance = setup.image.symbols["sys_call_table"] - (target + 5)
        code = "e9" + distance.to_bytes(4, "little", signed=True).hex()
    physical = setup.image.text.physical + target - setup.image.text.virtual
    data = bytes.fromhex(code)
    setup.bus.ram[physical : physical + len(data)] = list(data)
    for address, each in decode_bytes(data, target).items():
        row = setup.text.instructions[setup.text.index(address)]
        fill_row(row, each, UNTIMED, int(row["state"]))
    return setup


@pytest.mark.parametrize("interpret", [True, False])
@pytest.mark.parametrize("name", FAULTS)
def test_message(name: str, interpret: bool) -> None:
    code, expected = FAULTS[name]
    setup = faulty(code, interpret=interpret)
    with pytest.raises(GuestFault) as caught:
        drive_to_end(setup)
    message = str(caught.value)
    assert "\n" not in message
    assert re.search(expected, message), message[:300]
    assert re.search(r"core \d, task pmsg/\d, at (do_msgsnd\+0x|0x)", message), message[:300]
    stuck = diagnose(setup, rec.FAULT, "", ticks=False)
    assert stuck is not None
    history = stuck.details["last_instructions"]
    assert 10 <= len(history) <= 20
    assert any(line.startswith("sys_msgsnd+") for line in history)


def test_a_path_that_is_not_there_says_so() -> None:
    setup = prepare(Experiment(cores=2, messages=4))
    task = setup.guest.tasks[0]
    setup.guest.kernel.record("thread_info", task.stack)["flags"] = 1 << 12  # TIF_UPROBE: work before user mode
    with pytest.raises(GuestFault, match=r"does not support .*exit_to_usermode_loop"):
        drive_to_end(setup)
