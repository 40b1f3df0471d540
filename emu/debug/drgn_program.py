"""A stopped machine as a program of drgn's: its memory, its symbols, its types, and the registers of its cores.

drgn walks the kernel's page tables itself, and unwinds by the kernel's ORC tables in memory, by frame pointers, or by what its file
says of callers. What it wants to know first is what a kernel writes for crash dumps (vmcoreinfo); one that was built without that
gets the few lines that matter made for it.
"""

import os
import struct
from collections.abc import Callable

from drgn import Architecture, FaultError, ModuleFileStatus, Object, Platform, Program, Type, TypeMember

from emu.boot.core import Core
from emu.boot.machine import Machine
from emu.debug.core_registers import PLACES, pc_of
from emu.debug.drgn_types import BtfTypes
from emu.debug.guest import GuestNames
from emu.elf.btf import Btf
from emu.elf.symbols import SymbolTable
from emu.engine import env
from emu.errors import UserError

USER_END = 1 << 47
PAGE_TABLES = "init_top_pgt"  # the kernel's own; vmcoreinfo calls it swapper_pg_dir
TEXT, END, BANNER = "_stext", "_end", "linux_banner"
RELEASE_BYTES_MAX = 100  # "Linux version RELEASE "
# struct pt_regs (arch/x86/include/uapi/asm/ptrace.h): names there, and ours.
PT_REGS = {
    **{name: name for name in ("r15", "r14", "r13", "r12")},
    "bp": "rbp", "bx": "rbx",
    **{name: name for name in ("r11", "r10", "r9", "r8")},
    "ax": "rax", "cx": "rcx", "dx": "rdx", "si": "rsi", "di": "rdi", "orig_ax": "", "ip": "rip", "cs": "cs", "flags": "eflags",
    "sp": "rsp", "ss": "ss",
}  # fmt: skip
NO_CALL = 2**64 - 1  # in orig_ax


def program_of(machine: Machine, names: GuestNames) -> Program:
    """The view that drgn has of a machine as it stands; a kernel of which too little is known is a `UserError`."""
    symbols = names.symbols
    tables = None if symbols is None else symbols.address(PAGE_TABLES)
    if symbols is None or tables is None or names.file is None:
        raise UserError(f"--drgn: the kernel's symbols are needed, {PAGE_TABLES} among them; give its System.map with --symbols")
    program = Program(Platform(Architecture.X86_64))
    for start, size, _ in machine.ram.pieces:
        program.add_memory_segment(start, size, lambda address, count, offset, physical: machine.ram.read(address, count), True)
    program.set_linux_kernel_custom(_written(machine, symbols) or _made(machine, symbols, tables), False)
    program.add_memory_segment(0, USER_END, _user_memory(machine))
    _give_file(program, names.file, symbols)
    if isinstance(names.types, Btf):
        BtfTypes(program, names.types, symbols)
    return program


def registers_of(program: Program, machine: Machine, cpu: int) -> Object:
    """A core's registers as a `struct pt_regs`, which `stack_trace` takes: of what runs there now."""
    core = _core(machine, cpu)
    content = struct.pack(f"<{len(PT_REGS)}Q", *(_register(core, name) for name in PT_REGS.values()))
    return Object.from_bytes_(program, _pt_regs(program), content)


def _core(machine: Machine, cpu: int) -> Core:
    if not 0 <= cpu < len(machine.cores):
        raise ValueError(f"there is no CPU {cpu}; the machine has {len(machine.cores)}, numbered from 0")
    return machine.cores[cpu]


def _register(core: Core, name: str) -> int:
    if not name:
        return NO_CALL
    if name == "rip":
        return pc_of(core)
    if name == "eflags":
        return core.cpu.flags()
    if name in ("cs", "ss"):
        return core.cpu.get32(getattr(env, name.upper()))
    return core.cpu.get64(PLACES[name] if name in PLACES else 8 * int(name[1:]))


def _pt_regs(program: Program) -> Type:
    """Made here: a kernel's own has the same members, and may not say so."""
    word = program.int_type("unsigned long", 8, False)
    members = [TypeMember(word, name, 64 * place) for place, name in enumerate(PT_REGS)]
    return program.struct_type("pt_regs", 8 * len(PT_REGS), members)


def _user_memory(machine: Machine) -> Callable[[int, int, int, bool], bytes]:
    """Of the program whose core has the turn."""

    def read(address: int, count: int, offset: int, physical: bool) -> bytes:
        content = machine.code(machine.cores[int(machine.record["turn"])], address, count)
        if len(content) < count:
            raise FaultError("not mapped", address + len(content))
        return content

    return read


def _written(machine: Machine, symbols: SymbolTable) -> bytes | None:
    """The vmcoreinfo that the kernel has written, None if it has not."""
    places = symbols.address("vmcoreinfo_data"), symbols.address("vmcoreinfo_size")
    pointer, size = (None if at is None else machine.code(machine.cores[0], at, 8) for at in places)
    if not pointer or not size or not any(pointer):
        return None
    return machine.code(machine.cores[0], int.from_bytes(pointer, "little"), int.from_bytes(size, "little")) or None


def _made(machine: Machine, symbols: SymbolTable, tables: int) -> str:
    """What drgn reads of one: the kernel runs where it is linked, and its physical addresses begin at 0."""
    banner = machine.code(machine.cores[0], symbols.address(BANNER) or 0, RELEASE_BYTES_MAX).decode("latin-1").split(" ")
    lines = (
        f"OSRELEASE={banner[2] if len(banner) > 2 else 'unknown'}",
        "PAGESIZE=4096",
        f"SYMBOL(swapper_pg_dir)={tables:x}",
        f"SYMBOL({TEXT})={symbols.address(TEXT) or 0:x}",
    )
    return "\n".join((*lines, "NUMBER(phys_base)=0", "NUMBER(pgtable_l5_enabled)=0", "KERNELOFFSET=0", ""))


def _give_file(program: Program, content: Callable[[], bytes], symbols: SymbolTable) -> None:
    """A file by its name, as drgn takes no other: one that lies in memory has one, too."""
    descriptor = os.memfd_create("vmlinux")
    with os.fdopen(descriptor, "wb") as file:
        file.write(content())
        file.flush()
        module = program.main_module("kernel", create=True)
        module.address_ranges = [(symbols.address(TEXT) or 0, symbols.address(END) or 0)]
        module.try_file(f"/proc/self/fd/{descriptor}", force=True)
    if module.debug_file_status != ModuleFileStatus.HAVE:
        raise UserError("--drgn: drgn does not take what emu made of the kernel's symbols: please report it")
