"""Turns of the fast gear, on a loop of a few bytes in place of a kernel."""

from pathlib import Path

import pytest

from emu.boot.identity import Generic
from emu.boot.loader.linux import load_linux
from emu.boot.loader.memory_map import MIB
from emu.boot.machine import Machine
from emu.boot.ram import Ram
from emu.elf.elf_file import Load
from emu.elf.kernel_file import Vmlinux
from emu.engine import env

ADDRESS = 0x1000000
INC_RAX, JMP, NEAR_BYTES = b"\x48\xff\xc0", b"\xe9", 5


def looping(block: int, quantum: int) -> Machine:
    """Two cores: one with interrupts off in a loop of one block of so many instructions, one that has not been started."""
    body = INC_RAX * (block - 1)
    code = body + JMP + (-len(body) - NEAR_BYTES).to_bytes(4, "little", signed=True)
    ram = Ram(32 * MIB)
    machine = Machine(ram, 2, Generic(2), quantum, 0, False, lambda byte: None)
    kernel = Vmlinux(Path("loop"), ADDRESS, (Load(ADDRESS, 0, code, len(code)),))
    machine.load(load_linux(ram, kernel, "", b"", 2, (0, 0)))
    return machine


@pytest.mark.parametrize("block", [7, 50, 200])
@pytest.mark.parametrize("quantum", [128, 1000])
def test_a_turn_ends_though_an_interrupt_waits_that_the_core_does_not_take(block: int, quantum: int) -> None:
    machine = looping(block, quantum)
    machine.cores[0].record["irq"] = 1
    for until in (1000, 5000):
        assert machine.run(until) == 0
        assert machine.instructions() == until
        assert machine.cores[0].cpu.get64(env.RAX) == until - until // block  # each but the jump
