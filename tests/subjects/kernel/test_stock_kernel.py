"""Places of Debian's stock kernel, booted: what the kernel's own lists lead to has the name that the types give it."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import debian_kernel
import pytest

from bench.boot.boot_programs import write_program
from emu.boot.build import build, load, read_inputs
from emu.boot.console import Console
from emu.boot.ending import End
from emu.boot.machine import Machine
from emu.boot.marks import parse_mark
from emu.boot.run import symbol_address
from emu.boot.session import Session
from emu.boot.spec import BootSpec
from emu.boot.tasks import GuestTasks
from emu.elf.kernel_symbols import kernel_elf, kernel_symbols
from emu.elf.struct_types import struct_types
from emu.subjects.kernel.places import Places
from emu.subjects.kernel.slab_layout import Words, slab_layout

STOCK = debian_kernel.fetched()
CPUS = 2
# Members of task_struct, what they point to, and the lock in it; nothing for the task's own lock.
FOLLOWED = {
    "": ("task_struct", "pi_lock", "spinlock"),
    "sighand": ("sighand_struct", "siglock", "spinlock"),
    "files": ("files_struct", "file_lock", "spinlock"),
    "mm": ("mm_struct", "mmap_lock", "rwsem"),
}
VARIABLES = {"runqueues": "rq.__lock", "hrtimer_bases": "hrtimer_cpu_base.lock", "timer_bases": "timer_base.lock"}


def booted(vmlinux: Path, program: Path) -> Machine:
    spec = BootSpec(kernel=vmlinux, cpus=CPUS, memory_mib=256, program=program)
    inputs, console = read_inputs(spec), Console(lambda content: None)
    machine = build(spec, inputs.identity, console.receive)
    console.wake = machine.interrupt
    load(machine, spec, inputs)
    session = Session(machine, console, partial(symbol_address, inputs.kernel))
    assert session.run(parse_mark("--until", "user"), None, lambda: False).how == End.MARK
    return machine


@pytest.mark.deep
@pytest.mark.skipif(STOCK is None, reason=debian_kernel.NO_KERNEL)
def test_locks_of_the_kernels_own_objects(tmp_path: Path) -> None:
    assert STOCK is not None
    machine = booted(STOCK.vmlinux, write_program("exit_status", tmp_path))
    kernel = read_inputs(BootSpec(kernel=STOCK.vmlinux, cpus=CPUS, program=tmp_path / "exit_status")).kernel
    elf = kernel_elf(kernel)
    symbols, types = kernel_symbols(kernel, elf), struct_types(elf)
    assert symbols is not None and types is not None

    def read(address: int, size: int) -> bytes | None:
        content = machine.code(machine.cores[0], address, size)
        return content if len(content) == size else None

    def member(struct: str, name: str) -> int:
        found = types.member(struct, name)
        assert found is not None
        return found.offset

    def named(virtual: int, kind: str) -> str:
        physical = machine.physical(machine.cores[0], virtual)
        assert physical is not None
        place = places.data(virtual, physical)
        assert place is not None
        assert places.line(physical) == place
        return places.lock(place, kind)

    words = Words(read)
    by_types, by_looking = slab_layout(symbols, types, words), slab_layout(symbols, None, words)
    assert by_types is not None and by_looking == replace(by_types, red_left_pad=None)
    places, tasks = Places(symbols, types, read, CPUS), GuestTasks(symbols, types, read)
    everyone = list(tasks.everyone())
    assert len(everyone) > 30
    for task in everyone:
        for pointer, (struct, lock, kind) in FOLLOWED.items():
            content = read(task.address + member("task_struct", pointer), 8) if pointer else task.address.to_bytes(8, "little")
            at = int.from_bytes(content or b"", "little")
            if at:  # a thread of the kernel has no mm
                assert named(at + member(struct, lock), kind) == f"{struct}.{lock}"
    for cpu in range(CPUS):
        for variable, name in VARIABLES.items():
            at = ((tasks.per_cpu_offset(cpu) or 0) + (symbols.address(variable) or 0)) % 2**64
            assert named(at, "spinlock") == name
