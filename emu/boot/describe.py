"""What a boot would be, in words: for --dry-run. All files are read and checked, and everything is put in place; nothing runs."""

from collections.abc import Iterator

from emu.boot.boot_cache import BootCache, shape_of
from emu.boot.build import read_inputs
from emu.boot.loader.linux import load_linux
from emu.boot.loader.memory_map import MIB, USABLE, memory_map
from emu.boot.ram import Ram
from emu.boot.spec import EXACT_BELOW, BootSpec
from emu.elf.bzimage import BzImage


def describe(spec: BootSpec) -> Iterator[str]:
    """Line by line."""
    inputs = read_inputs(spec)
    signature, _, _, features = inputs.identity.answer(0, 1, 0)
    ram = Ram(spec.memory_mib * MIB)
    entry = load_linux(ram, inputs.kernel, spec.command_line, inputs.initrd, spec.cpus, (signature, features))
    if isinstance(inputs.kernel, BzImage):
        kind, size = f"bzImage, boot protocol {inputs.kernel.version >> 8}.{inputs.kernel.version & 0xFF}", len(inputs.kernel.code)
    else:
        kind, size = "vmlinux", sum(len(load.data) for load in inputs.kernel.loads)
    yield f"kernel        {inputs.kernel.path}: {kind}, {size / MIB:.1f} MiB, entry {entry.rip:#x}"
    yield f"command line  {spec.command_line}"
    source = spec.initrd or f"made by emu, with {spec.program}"
    yield f"initramfs     {len(inputs.initrd) / MIB:.1f} MiB, {source}"
    usable = sum(each.size for each in memory_map(ram.size) if each.kind == USABLE)
    yield f"memory        {spec.memory_mib} MiB, {usable / MIB:.1f} of them the kernel's"
    who = spec.machine if spec.identity == "machine" else spec.identity
    yield f"cores         {spec.cpus}, CPUID of {who}, signature {signature:#x}"
    length = f"1 to {2 * spec.quantum} instructions, seed {spec.seed}" if spec.seed else f"{spec.quantum} instructions"
    cut = spec.seed or spec.quantum < EXACT_BELOW
    yield f"turns         {length}, ending {'anywhere' if cut else 'between blocks'}"
    cache = BootCache(shape_of(spec, inputs))
    yield f"kept boot     {cache.path}{'' if cache.path.exists() else ', not there yet'}"
