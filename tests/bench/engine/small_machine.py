"""Small bare programs on the real engine: assembled here, run without paging, one text for all cores.

Run as a script with names of scenarios it prints what their runs gave as JSON: so that a test can compare the compiled engine
with its plain-Python twin, which needs a process of its own.
"""

import hashlib
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from emu.assembly import assemble
from emu.description import load_machine
from emu.engine import records as rec
from emu.engine.machine import Machine, Options, Start
from emu.engine.probe_file import Probes
from emu.engine.text import build_text
from emu.memory.bus import Bus
from emu.run.overrides import apply_overrides
from emu.trace.file import Records

DONE = Probes(done="task_exit")
A10 = apply_overrides(load_machine("a10-7800"), (("latencies.remote_line", 350), ("latencies.remote_write", 376)))
LOCK, COUNTER = 0x200000, 0x200040

ROUNDS = {"waiting": 0x18, "locked_counter": 0x40, "racing_counter": 0x80, "private_work": 0x20}
SCENARIOS = {
    # Every core adds to one counter under a test-and-set lock, ROUNDS times.
    "locked_counter": """
    mov r12d, ROUNDS
.Lagain:
    mov edx, 0x1
.Ltry:
    xor eax, eax
    lock cmpxchg dword ptr [r15], edx
    je .Lgot
    pause
    jmp .Ltry
.Lgot:
    mov rbx, qword ptr [r14]
    imul rcx, rbx, 0x3
    add rbx, 0x1
    mov qword ptr [r14], rbx
    mov byte ptr [r15], 0x0
    dec r12d
    jne .Lagain
""",
    # The same without the lock: updates are lost, always the same ones.
    "racing_counter": """
    mov r12d, ROUNDS
.Lagain:
    mov rbx, qword ptr [r14]
    add rbx, 0x1
    mov qword ptr [r14], rbx
    dec r12d
    jne .Lagain
""",
    # Every core draws a number, waits for its turn and works for long; a turn is passed on by a plain or by a locked store.
    "waiting": """
    .set TURN, 0x80
    mov r12d, ROUNDS
.Lagain:
    mov eax, 0x1
    lock xadd dword ptr [r14], eax
    jmp .Llook
.Lwait:
    pause
.Llook:
    mov ebx, dword ptr [r13 + TURN]
    cmp ebx, eax
    jne .Lwait
    mov ecx, 0x200
.Lwork:
    dec ecx
    jne .Lwork
    test eax, 0x1
    je .Llocked
    inc ebx
    mov dword ptr [r13 + TURN], ebx
    jmp .Lpassed
.Llocked:
    lock inc dword ptr [r13 + TURN]
.Lpassed:
    dec r12d
    jne .Lagain
""",
    # Brand string, own APIC number and two readings of the clock, into the core's own page (its stack's).
    "identity": """
    .set LEAF, 0x80000002
    .set BELOW, 0x100
    lea rdi, [rsp - BELOW]
    mov eax, LEAF
    cpuid
    mov dword ptr [rdi], eax
    mov eax, 0x1
    cpuid
    shr ebx, 0x18
    .set APIC_ID, 0x8
    mov dword ptr [rdi + APIC_ID], ebx
    rdtsc
    .set FIRST, 0x10
    mov dword ptr [rdi + FIRST], eax
    pause
    rdtsc
    .set SECOND, 0x18
    mov dword ptr [rdi + SECOND], eax
""",
    # Calls, returns, an indirect jump, a division and a string move, each core on lines of its own.
    "private_work": """
    mov r12d, ROUNDS
.Lagain:
    mov ecx, 0x4
    mov rsi, r13
    mov rdi, r13
    rep movsq
    mov rax, r12
    xor edx, edx
    mov ebx, 0x7
    div rbx
    call .Lsub
    dec r12d
    jne .Lagain
    jmp .Ldone
.Lsub:
    push rax
    pop rbx
    ret
.Ldone:
""",
    # What Unicorn gets wrong is put right behind each instruction; the results go to memory, each core's into its own page.
    "mended": """
    .set BACK, 0x100
    .set AT_DWORD, 0x10
    .set AT_RAX, 0x20
    .set AT_RBX, 0x28
    .set AT_BSF, 0x30
    .set AT_FLAGS, 0x38
    lea rdi, [rsp - BACK]
    mov rax, 0x1234567800000005
    mov rbx, 0x8765432100000006
    mov edx, 0x7
    mov dword ptr [rdi + AT_DWORD], eax
    lock cmpxchg dword ptr [rdi + AT_DWORD], edx
    mov qword ptr [rdi + AT_RAX], rax
    cmpxchg ebx, edx
    mov qword ptr [rdi + AT_RBX], rbx
    mov rcx, 0x1111111122222222
    xor edx, edx
    bsf ecx, edx
    mov qword ptr [rdi + AT_BSF], rcx
    lock neg byte ptr [rdi + AT_DWORD]
    imul edx, eax, 0x3
    cmpxchg16b xmmword ptr [rdi]
    mov ecx, 0x2
    lea rsi, [rdi + AT_RAX]
    imul edx, eax, 0x3
    rep stosb
    pushfq
    pop qword ptr [rsi + AT_FLAGS]
""",
}
PROLOGUE = """//@ state kernel
program:
    mov r15d, 0x200000
    mov r14d, 0x200040
    mov r13d, 0x210000
    mov rax, qword ptr [r13]
"""
EPILOGUE = """
//@ event task_exit
    nop
.Lend:
    pause
    jmp .Lend
"""


def make(
    body: str,
    cores: int,
    *,
    cores_per_module: int = 2,
    threads_per_core: int = 1,
    run_ahead: bool = True,
    interpret: bool = True,
    park: bool = True,
    trace: bool = False,
    slice_cycles: int = 2000,
    stalls: Mapping[str, tuple[int, int]] | None = None,
    probes: Probes = DONE,
) -> Machine:
    """A machine of `cores` cores that all start at the program; a core's stack is its own page. `stalls`: by name of the point."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.S"
        path.write_text(PROLOGUE + body + EPILOGUE)
        image = assemble([path], structs={}, placed={})
    text = replace(build_text(image, A10.costs), kernel_base=image.text.physical)  # no paging: the text is where it is
    shape = {"cores_per_module": cores_per_module, "threads_per_core": threads_per_core}
    topology = A10.topology.model_copy(update=shape)
    bus = Bus(A10.model_copy(update={"topology": topology}), cores, 64 << 20)
    bus.ram[image.text.physical : image.text.physical + len(image.text.data)] = list(image.text.data)
    start = Start(0, image.text.physical, image.text.physical, locks=[(LOCK, "lock")], probes=probes)
    options = Options(
        done_wanted=cores,
        max_cycles=10**8,
        slice_cycles=slice_cycles,
        run_ahead=run_ahead,
        interpret=interpret,
        park=park,
        trace=trace,
        stalls={text.mark(name): stall for name, stall in (stalls or {}).items()},
    )
    machine = Machine(bus, text, start, options)
    machine.cores["status"] = rec.RUNNING
    for index, unicorn in enumerate(machine.unicorns):
        from unicorn import x86_const as x86

        unicorn.uc.reg_write(x86.UC_X86_REG_RSP, 0x300000 + 0x1000 * index)
    return machine


def drive(machine: Machine) -> int:
    """Run to the end; returns the outcome."""
    outcome = rec.SLICE_DONE
    while outcome == rec.SLICE_DONE:
        outcome = machine.run()
    return outcome


def summary(machine: Machine) -> dict[str, object]:
    """What must be the same however the run was made."""
    machine.finish()
    return {
        "digests": [int(core["digest"]) for core in machine.cores],
        "instructions": [int(core["instructions"]) for core in machine.cores],
        "states": [[int(n) for n in core["cycles"]] for core in machine.cores],
        "cycles": machine.cycles,
        "lock": [int(machine.locks[0][name]) for name in ("acquisitions", "contended", "wait_cycles", "hold_cycles")],
        "counter": int.from_bytes(bytes(machine.bus.ram[COUNTER : COUNTER + 8]), "little"),
    }


def program(name: str, *, short: bool = False) -> str:
    """The text of a scenario; `short`: an eighth of the rounds."""
    return f"    .set ROUNDS, {ROUNDS.get(name, 8) // (8 if short else 1):#x}\n{SCENARIOS[name]}"


def run(text: str, cores: int, **more: Any) -> dict[str, object]:
    """Run a program to its end."""
    machine = make(text, cores, **more)
    assert drive(machine) == rec.RUN_DONE
    return summary(machine)


def run_traced(text: str, cores: int, **more: Any) -> tuple[dict[str, object], Records]:
    """The same with a trace: a digest of it stands in the summary."""
    machine, outcome, parts = make(text, cores, trace=True, **more), rec.SLICE_DONE, []
    while outcome == rec.SLICE_DONE:
        outcome = machine.run()
        parts.append(machine.take_trace().copy())
    assert outcome == rec.RUN_DONE
    counts = machine.bus.counts()
    records = np.concatenate([*parts, machine.take_trace(last=True)])
    digest = hashlib.blake2b(records.tobytes(), digest_size=16).hexdigest()
    return {**summary(machine), "trace": digest, "lines": counts}, records


if __name__ == "__main__":
    print(json.dumps({name: run_traced(program(name, short=True), 3)[0] for name in sys.argv[1:]}))
