"""What the interpreter carries out by itself, and what it leaves. What comes of it is compared with the host in tests/cpu."""

import ctypes
from collections import Counter

import pytest

from emu.engine.machine import Machine
from emu.isa.decode import decode_bytes
from emu.isa.operation import LEFT
from emu.native import MASK64, call
from emu.run.experiment import drive_to_end, prepare
from emu.run.experiment_spec import Experiment

START = ctypes.CFUNCTYPE(ctypes.c_int, *(ctypes.c_int64,) * 5)
UNUSUAL = {
    "an address of 32 bits": "67 8b 03",
    "a push of 16 bits": "66 50",
    "a segment register that is loaded": "8e e8",
    "a division whose divisor is loaded": "48 f7 33",
    "128 bits": "48 0f c7 0b",
    "x87 state": "48 0f ae 03",
    "an exception": "0f 0b",
}
COMMON = {
    "a load": "48 8b 03",
    "a store relative to GS": "65 48 89 04 25 00 01 00 00",
    "a locked comparison": "f0 0f b1 13",
    "the second byte of a register": "00 e0",
    "a string": "f3 48 a5",
    "a return to user mode": "48 0f 07",
}


def hear_of_calls(machine: Machine) -> tuple[Counter[int], object]:
    """How often Unicorn is called, by where; the object is to be kept as long as the machine runs."""
    start, calls = int(machine.record["unicorn"]["emu_start"][0]), Counter[int]()

    def heard(uc: int, pc: int, *others: int) -> int:
        calls[pc & MASK64] += 1
        return call(start, uc, pc, *others)

    callback = START(heard)
    machine.record["unicorn"]["emu_start"] = ctypes.cast(callback, ctypes.c_void_p).value
    return calls, callback


@pytest.mark.parametrize("variant", ["baseline", "wakeq"])
def test_little_of_a_run_is_left_to_unicorn(variant: str) -> None:
    setup = prepare(Experiment(variant=variant, cores=2, messages=100))
    calls, _kept = hear_of_calls(setup.machine)
    drive_to_end(setup)
    assert 0 < calls.total() < setup.machine.instructions / 100
    left = {setup.text.decoded[pc].mnemonic for pc in calls if pc in setup.text.decoded}
    assert {"iretq", "fxsave64", "fxrstor64"} <= left
    assert not left & {"add", "call", "ret", "push", "pop", "syscall", "sysretq", "cmpxchg", "xadd"}


def test_without_interpreter_all_is_unicorns() -> None:
    setup = prepare(Experiment(cores=1, threads=2, messages=2), interpret=False)
    calls, _kept = hear_of_calls(setup.machine)
    drive_to_end(setup)
    special = sum(each.mnemonic in ("syscall", "hlt", "cpuid", "rdtsc") for each in setup.text.decoded.values())
    assert special and calls.total() > 0.95 * setup.machine.instructions


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_is_unusual_has_no_operation(name: str) -> None:
    (each,) = decode_bytes(bytes.fromhex(UNUSUAL[name]), 0x1000).values()
    assert each.operation.kind == LEFT


@pytest.mark.parametrize("name", COMMON)
def test_what_is_common_has_one(name: str) -> None:
    (each,) = decode_bytes(bytes.fromhex(COMMON[name]), 0x1000).values()
    assert each.operation.kind != LEFT
