"""An event that happens only if a register is 0, errors by number, and a spin that ends because its task is switched out."""

from bench.engine import small_machine
from emu.engine.machine import Machine
from emu.engine.probe_file import Errno, Probes, Spin
from emu.trace.record import State

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
PROBES = Probes(done="task_exit", spins=(Spin("wait", "r_msg", "program"),), errnos=(Errno("failed", "call_failed"),))
CURRENT = 0x210000  # what r13 points to
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
    mov qword ptr [r13], rcx
    mov ecx, 0x1000
.Lwork:
    dec ecx
    jne .Lwork
"""


def run(body: str, current: int = -1) -> Machine:
    """Run a program; a store to `current` says which task the core has."""
    machine = small_machine.make(body, 1, probes=PROBES)
    machine.cores["task_pointer_at"] = current
    small_machine.drive(machine)
    machine.finish()
    return machine


def test_an_event_that_asks_for_zero_and_errors_by_number() -> None:
    machine = run(COUNT)
    counts = dict(zip(machine.text.marks, machine.counts("marks.counts"), strict=True))
    assert counts["even"] == 3
    assert counts["call_failed"] == 6
    assert list(machine.probe("errnos", "failed")["counts"][:8]) == [0, 1, 1, 1, 1, 1, 1, 0]


def test_a_spin_ends_where_its_task_is_switched_out() -> None:
    spun = []
    for current in (-1, CURRENT):
        machine = run(SPIN, current)
        (cycles,), spin = machine.cores["cycles"], machine.probe("spins", "wait")
        assert (spin["entries"], spin["iterations"]) == (1, 2)
        assert spin["cycles"] == cycles[State.SPIN] > 0
        spun.append(int(spin["cycles"]))
    assert spun[0] > 0x1000 > 4 * spun[1]
