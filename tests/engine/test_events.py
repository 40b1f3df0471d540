"""Events that the engine itself looks at: one that happens only if a register is 0, errors by number, and a spin that is switched out."""

import small_machine

from emu.engine.machine import Machine
from emu.trace_record import State

COUNT = """
    mov r12d, 0x6
.Lagain:
    mov eax, r12d
    and eax, 0x1
    //@ event even reg=rax zero
    nop
    neg r12
    //@ event call_failed reg=r12
    nop
    neg r12
    dec r12d
    jne .Lagain
"""
# The task on this core finds r_msg NULL twice and is switched out; the next one works for a while.
SPIN = """
    xor eax, eax
    mov qword ptr [r14], rax
    //@ load r_msg
    mov rax, qword ptr [r14]
    mov ecx, 0x100
.Lpause:
    dec ecx
    jne .Lpause
    //@ load r_msg
    mov rax, qword ptr [r14]
    {switch}
    mov ecx, 0x1000
.Lwork:
    dec ecx
    jne .Lwork
"""


def run(body: str) -> Machine:
    machine = small_machine.make(body, 1)
    small_machine.drive(machine)
    machine.finish()
    return machine


def test_an_event_that_asks_for_zero_and_errors_by_number() -> None:
    machine = run(COUNT)
    counts = dict(zip(machine.text.marks, machine.counts("mark_counts"), strict=True))
    assert counts["even"] == 3
    assert counts["error"] == 6
    assert list(machine.counts("errors")[:8]) == [0, 1, 1, 1, 1, 1, 1, 0]


def test_a_spin_ends_where_its_task_is_switched_out() -> None:
    still, switched = run(SPIN.format(switch="nop")), run(SPIN.format(switch="//@ event context_switch\n    nop"))
    for machine in (still, switched):
        (cycles,) = machine.cores["cycles"]
        assert machine.record["spin_entries"] == 1 and machine.record["spin_iterations"] == 2
        assert machine.record["spin_cycles"] == cycles[State.MESSAGE_SPIN] > 0
    assert switched.cores["cycles"][0][State.KERNEL] > 0x1000 > 4 * switched.record["spin_cycles"][0]
    assert still.record["spin_cycles"][0] > 0x1000
