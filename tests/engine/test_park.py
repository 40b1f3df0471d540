"""Cores that wait are left alone, and what they would have done meanwhile is added up: to the cycle, in far fewer turns."""

import pytest

from bench.engine import small_machine
from emu.engine import records as rec

WAITING = small_machine.program("waiting")


@pytest.mark.parametrize("cores", [2, 3, 8])
@pytest.mark.parametrize("slice_cycles", [1_111, 10**7])
def test_waiting_cores_are_where_they_would_be(cores: int, slice_cycles: int) -> None:
    each = small_machine.run(WAITING, cores, park=False)
    assert small_machine.run(WAITING, cores, slice_cycles=slice_cycles) == each
    assert each["counter"] == 0x18 * cores


def test_cores_that_wait_take_no_turns() -> None:
    turns = {}
    for park in (True, False):
        machine = small_machine.make(WAITING, 8, park=park)
        assert small_machine.drive(machine) == rec.RUN_DONE
        assert machine.record["parking"]["parked"] == 0
        turns[park] = int(machine.record["turns"][0])
    assert 4 * turns[True] < turns[False]


@pytest.mark.parametrize("body", ["inc r8", "lock inc qword ptr [r15]", "mov qword ptr [r13], rbx", "rdtsc"])
def test_a_loop_that_does_more_than_wait_is_carried_out(body: str) -> None:
    """It changes a register, or memory, or asks for the time."""
    text = WAITING.replace("    pause", f"    pause\n    push rax\n    pop r9\n    {body}\n    mov rax, r9")
    assert small_machine.run(text, 4) == small_machine.run(text, 4, park=False)
    machine = small_machine.make(text, 4)
    small_machine.drive(machine)
    assert not machine.arrays["parking.parks"]["body"].any()


def test_a_traced_run_has_every_instruction() -> None:
    machine = small_machine.make(WAITING, 2, trace=True)
    assert machine.record["parking"]["parks"] == 0
