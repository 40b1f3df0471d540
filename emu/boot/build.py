"""From a specification to a machine with a kernel in its memory."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from emu.boot.identity import Answer, Generic, Identity, Part
from emu.boot.initramfs import make_initramfs
from emu.boot.initrd_file import read_initrd
from emu.boot.loader.linux import Entry, load_linux
from emu.boot.loader.memory_map import MIB
from emu.boot.machine import Machine
from emu.boot.ram import Ram
from emu.boot.spec import EXACT_BELOW, BootSpec
from emu.description.machine_file import load_machine
from emu.elf.bzimage import BzImage
from emu.elf.kernel_file import Vmlinux, read_kernel
from emu.errors import UserError


@dataclass(frozen=True, slots=True)
class Inputs:
    """The files of a boot, read and checked."""

    kernel: Vmlinux | BzImage
    initrd: bytes
    identity: Identity


def read_inputs(spec: BootSpec) -> Inputs:
    """Read the files; what is none of the kind that is wanted is a `UserError`."""
    kernel = read_kernel(spec.kernel)
    if spec.initrd is not None:
        initrd = read_initrd(spec.initrd, spec.append)
    elif spec.program is not None:
        initrd = make_initramfs(spec.program, spec.arguments, files=spec.files, busybox=spec.busybox)
    else:
        raise UserError("nothing to run: name a program (emu boot KERNEL -- PROGRAM) or an --initrd with an /init")
    return Inputs(kernel, initrd, read_identity(spec))


def read_identity(spec: BootSpec) -> Identity:
    """What CPUID is to say."""
    if spec.identity == "generic":
        return Generic(spec.cpus)
    machine = load_machine(spec.machine)
    return Part(_rows(machine.cpuid), spec.cpus, machine.topology.processors_per_module)


def _rows(rows: Iterable[Any]) -> dict[tuple[int, int], Answer]:
    return {(row.leaf, row.subleaf): (row.eax, row.ebx, row.ecx, row.edx) for row in rows}


def build(spec: BootSpec, identity: Identity, send: Callable[[int], None]) -> Machine:
    """The machine without anything in its memory."""
    exact = spec.seed != 0 or spec.quantum < EXACT_BELOW
    return Machine(Ram(spec.memory_mib * MIB), spec.cpus, identity, spec.quantum, spec.seed, exact, send)


def load(machine: Machine, spec: BootSpec, inputs: Inputs) -> Entry:
    """Put the kernel, its command line and its initrd in place, and the first core before it."""
    signature, _, _, features = inputs.identity.answer(0, 1, 0)
    entry = load_linux(machine.ram, inputs.kernel, spec.command_line, inputs.initrd, spec.cpus, (signature, features))
    machine.load(entry)
    return entry
