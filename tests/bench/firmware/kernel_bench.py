"""The whole kernel on the real engine, with routines of a test's own: called one by one, or as the programs of user tasks.

Run as a script with a test module and the name of a function in it that returns something JSON can hold, it prints that:
so that a test can compare the compiled engine with its plain-Python twin, which needs a process of its own.
"""

import importlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.processes import environment
from emu.assembly import assemble, guest_folder, load_globals, load_structs
from emu.assembly.variants import get_variant, kernel_inlines, kernel_sources, lock_kind, overlays, user_sources
from emu.description import load_machine
from emu.engine import records as rec
from emu.engine.machine import Machine, Options
from emu.engine.text import Text, build_text
from emu.guest.paging import PAGE, USER_DATA
from emu.guest.processor import processor_of
from emu.guest.record import Record
from emu.guest.tasks import STACK_BYTES
from emu.image import Image
from emu.memory.bus import Bus
from emu.run.stuck.diagnose import diagnose
from emu.run.wiring import start_of
from emu.subjects.ipc_msg.build import Guest, build_guest, ram_of
from emu.subjects.ipc_msg.workload.pmsg_shared import plan_pmsg_shared
from emu.subjects.ipc_msg.workload.workload import Workload

USER = 0x7F1000000000  # a page of the test's own in user space; the one behind it is not mapped
MASK = 2**64 - 1
# Core 0 set up as the boot code does, on the kernel stack of the first user task.
PROLOGUE = """//@ state kernel
bench:
    mov rdi, qword ptr [__per_cpu_offset]
    mov rsp, qword ptr [rdi + PERCPU_kernel_stack]
    call cpu_init
    mov rax, qword ptr [boot_tasks]
    mov rax, qword ptr [rax]
    mov qword ptr gs:[PERCPU_current], rax
    mov rsp, qword ptr [rax + TASK_thread_sp0]
    mov qword ptr gs:[PERCPU_kernel_stack], rsp
    sti
"""
EPILOGUE = """
//@ event task_exit
    nop
.Lend:
    pause
    jmp .Lend
"""
# Calls the routines of a table one after the other; CALL is one row: the routine, registers for it, and what it leaves in two.
CALLS = 0xFFFF880003100000
CALL = ("routine", "rax", "rcx", "rdx", "rsi", "rdi", "rax_after", "rdx_after")
CALLER = (
    PROLOGUE
    + "".join(f"    .set CALL_{name}, {8 * index:#x}\n" for index, name in enumerate(CALL))
    + f"""
    .set CALL_bytes, {8 * len(CALL):#x}
    mov r12, {CALLS:#x}
.Lnext:
    mov r13, qword ptr [r12 + CALL_routine]
    test r13, r13
    je .Ldone
    mov rax, qword ptr [r12 + CALL_rax]
    mov rcx, qword ptr [r12 + CALL_rcx]
    mov rdx, qword ptr [r12 + CALL_rdx]
    mov rsi, qword ptr [r12 + CALL_rsi]
    mov rdi, qword ptr [r12 + CALL_rdi]
    call r13
    mov qword ptr [r12 + CALL_rax_after], rax
    mov qword ptr [r12 + CALL_rdx_after], rdx
    add r12, CALL_bytes
    jmp .Lnext
.Ldone:
"""
    + EPILOGUE
)


@cache
def image_of(
    variant: str, kernel: tuple[tuple[str, str], ...] = (), user: tuple[tuple[str, str], ...] = (), preempt: str = "none"
) -> Image:
    """A variant with further routines, given as (name, text), for a kind of kernel preemption."""
    folders = [guest_folder("firmware"), *overlays(preempt)]
    structs = load_structs(path for folder in folders for path in sorted((folder / "structs").glob("*.toml")))
    placed = load_globals((path for folder in folders for path in sorted((folder / "globals").glob("*.toml"))), structs)
    with TemporaryDirectory() as folder:
        for name, text in (*kernel, *user):
            (Path(folder) / f"{name}.S").write_text(text)
        mine = [[Path(folder) / f"{name}.S" for name, _ in each] for each in (kernel, user)]
        return assemble(
            [*kernel_sources(get_variant(variant), preempt).values(), *mine[0]],
            [*user_sources().values(), *mine[1]],
            inlines=kernel_inlines(get_variant(variant), preempt),
            structs=structs,
            placed=placed,
            variant=variant,
            lock_kind=lock_kind(get_variant(variant)),
            preempt=preempt,
        )


_texts: dict[int, Text] = {}  # by the identity of an image, which `image_of` keeps


def text_of(image: Image) -> Text:
    """What the engine knows of each instruction of an image from `image_of`."""
    if id(image) not in _texts:
        _texts[id(image)] = build_text(image, load_machine("a10-7800").costs)
    return _texts[id(image)]


@dataclass
class Bench:
    """A guest on a machine; `run` drives it to its end."""

    image: Image
    text: Text
    guest: Guest
    machine: Machine

    def run(self) -> int:
        """Run on; returns the outcome."""
        outcome = rec.SLICE_DONE
        while outcome == rec.SLICE_DONE:
            outcome = self.machine.run()
        return outcome

    def run_to_end(self) -> None:
        """Run on; everything must go well."""
        outcome = self.run()
        assert outcome == rec.RUN_DONE, diagnose(self, outcome, "the bound", ticks=False)  # type: ignore[arg-type]

    def check_sums(self) -> None:
        """The states of each core sum to the elapsed cycles."""
        self.machine.finish()
        for core in self.machine.cores:
            assert int(core["cycles"].sum()) == self.machine.cycles

    def summary(self) -> dict[str, Any]:
        """What must be the same however the run was made."""
        self.check_sums()
        cores = self.machine.cores
        return {
            "digests": [int(core["digest"]) for core in cores],
            "instructions": [int(core["instructions"]) for core in cores],
            "states": [[int(n) for n in core["cycles"]] for core in cores],
        }

    def count(self, event: str) -> int:
        """How often an event has occurred."""
        return int(self.machine.counts("marks.counts")[self.text.mark(event)])

    def task(self, index: int) -> Record:
        """A user task's task_struct."""
        return self.guest.kernel.record("task_struct", self.guest.tasks[index].task_struct)

    def page(self, index: int) -> Record:
        """A user task's own pages."""
        return self.guest.kernel.record("user_page", self.guest.tasks[index].page)

    def get(self, virtual: int, size: int = 8) -> int:
        """Integer at a virtual address."""
        physical = self.guest.kernel.pages.translate(virtual)
        assert physical is not None, hex(virtual)
        return self.guest.kernel.ram.get(physical, size)

    def put(self, virtual: int, content: bytes) -> None:
        """Store bytes at a virtual address."""
        physical = self.guest.kernel.pages.translate(virtual)
        assert physical is not None, hex(virtual)
        self.guest.kernel.ram.write(physical, content)

    def bytes_at(self, virtual: int, size: int) -> bytes:
        """Bytes at a virtual address."""
        physical = self.guest.kernel.pages.translate(virtual)
        assert physical is not None, hex(virtual)
        return self.guest.kernel.ram.data[physical : physical + size].tobytes()

    def put_calls(self, calls: Sequence[tuple[str, Mapping[str, int]]]) -> None:
        """What CALLER is to call: routines, and registers by name."""
        rows = ([self.image.symbols[name], *(registers.get(each, 0) for each in CALL[1:])] for name, registers in calls)
        self.put(CALLS, b"".join((value & MASK).to_bytes(8, "little") for row in rows for value in row) + bytes(8))

    def results(self, count: int) -> list[tuple[int, int]]:
        """rax and rdx after each of the first `count` calls."""
        rows = range(CALLS, CALLS + 8 * len(CALL) * count, 8 * len(CALL))
        return [(self.get(row + 8 * CALL.index("rax_after")), self.get(row + 8 * CALL.index("rdx_after"))) for row in rows]

    def start_at(self, index: int, routine: str) -> None:
        """Make a user task begin at another user routine, which finds its pages in rdi."""
        kernel = self.guest.kernel
        frame = self.guest.tasks[index].stack + STACK_BYTES - kernel.size("pt_regs")
        kernel.record("pt_regs", frame)["ip"] = kernel.symbol(routine)


def make(
    image: Image,
    *,
    primary: str | None = None,
    done: int | None = None,
    trace: bool = False,
    plan: Workload | None = None,
    **workload: Any,
) -> Bench:
    """Build guest and machine; `primary` is where core 0 begins instead of the boot code, `done` how many tasks shall exit."""
    description = load_machine("a10-7800")
    text = text_of(image)
    workload.setdefault("cores", 1)
    workload.setdefault("threads", 2)
    workload.setdefault("messages", 1)
    plan = plan_pmsg_shared(**workload) if plan is None else plan
    bus = Bus(description, plan.cores, ram_of(plan))
    guest = build_guest(image, plan, processor_of(description), ram=bus.ram)
    guest.kernel.pages.map(USER, guest.kernel.ram.allocate(PAGE, PAGE), USER_DATA)
    start = start_of(guest, image)
    if primary is not None:
        start = replace(start, primary_pc=image.symbols[primary])
    options = Options(
        done_wanted=plan.threads if done is None else done,
        max_cycles=10**8,
        trace=trace,
    )
    return Bench(image, text, guest, Machine(bus, text, start, options))


def in_plain_python(module: str, function: str) -> Any:
    """What a function of a test module returns with the compiler off."""
    command = [sys.executable, "-m", "bench.firmware.kernel_bench", module, function]
    done = subprocess.run(command, check=False, env=environment(NUMBA_DISABLE_JIT="1"), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


if __name__ == "__main__":
    print(json.dumps(getattr(importlib.import_module(sys.argv[1]), sys.argv[2])()))
