"""One Unicorn instance as a core of the boot machine: its memory, its hooks, and its state in place.

Everything that Unicorn has no function for is done in its own structures, found by what is in them; an engine of another
layout is refused.
"""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import unicorn
from unicorn import unicorn_const as uc_const
from unicorn import x86_const as x86
from unicorn.unicorn_py3.unicorn import uclib

from emu.boot.hot import hooks
from emu.boot.hot.records import MMIO_AT, SITE_FLUSH, SITE_IRET, SITE_MSR, SITE_SEGMENT
from emu.engine import env
from emu.engine.unicorn_library import check
from emu.engine.unicorn_state import UC_BYTES, Readable, find_state
from emu.errors import InternalError

Pointer, U64, U32, I64 = ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_int64
MMIO_BYTES = 0x400000  # 0xfec00000 to 0xffffffff
VOID_BYTES = 0x1000
TLB_VIRTUAL = 12 | 1 << 26 | 1 << 30  # uc_ctl: UC_CTL_TLB_TYPE, one argument, written
CONTEXT_HEAD = 40  # bytes of a uc_context before its CPUX86State
IN_CALLBACK = ctypes.CFUNCTYPE(U32, Pointer, U32, ctypes.c_int, Pointer)
OUT_CALLBACK = ctypes.CFUNCTYPE(None, Pointer, U32, ctypes.c_int, U32, Pointer)
CPUID_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, Pointer, Pointer)
READ_CALLBACK = ctypes.CFUNCTYPE(U64, Pointer, U64, ctypes.c_uint, Pointer)
WRITE_CALLBACK = ctypes.CFUNCTYPE(None, Pointer, U64, ctypes.c_uint, U64, Pointer)


HOOKS = {
    "block": hooks.on_block,
    "translation": hooks.on_translation,
    "fill": hooks.on_fill,
    "exception": hooks.on_exception,
    "invalid": hooks.on_invalid,
    "syscall": hooks.on_syscall,
    "rdtsc": hooks.on_rdtsc,
    "rdtscp": hooks.on_rdtscp,
    "flush": hooks.on_site,
    "iret": hooks.on_iret,
    "segment": hooks.on_segment,
    "msr": hooks.on_msr,
    "mark": hooks.on_mark,
}  # by what they are called here


SITE_HOOKS = {SITE_FLUSH: "flush", SITE_IRET: "iret", SITE_SEGMENT: "segment", SITE_MSR: "msr"}


class UnicornCpu:
    """An engine over shared RAM: hooks are added with `attach`, which wants the address of the core's record."""

    def __init__(self, ram: tuple[tuple[int, int, int], ...], model: int = x86.UC_CPU_X86_OPTERON_G5) -> None:
        """Map pieces of RAM: physical address, bytes, host address."""
        self.pieces = ram
        self.uc: Any = unicorn.Uc(uc_const.UC_ARCH_X86, uc_const.UC_MODE_64)
        self.uc.ctl_set_cpu_model(model)
        self.uc.ctl_exits_enabled(True)  # no address ends a run: it would be looked up, and its walk hides the guest's own fault
        self.handle = int(self.uc._uch.value)
        for address, size, host in ram:
            self.uc.mem_map_ptr(address, size, uc_const.UC_PROT_ALL, Pointer(host))
        check(uclib.uc_ctl(self.uc._uch, ctypes.c_int(TLB_VIRTUAL), ctypes.c_int(uc_const.UC_TLB_VIRTUAL)), "a TLB of our own")
        self._kept: list[object] = []
        self.env, self.cpu = find_state(self.uc)
        self.fault_at = self._find_fault_address()
        self.context_bytes = int(uclib.uc_context_size(self.uc._uch)) - CONTEXT_HEAD

    def attach(self, user: int) -> None:
        """Add the compiled hooks, with the address of the core's record as their argument."""
        self._user = user
        self._block_hook = self.hook(uc_const.UC_HOOK_BLOCK, "block")
        self.hook(uc_const.UC_HOOK_EDGE_GENERATED, "translation")
        self.hook(uc_const.UC_HOOK_TLB_FILL, "fill")
        self.hook(uc_const.UC_HOOK_INTR, "exception")
        self.hook(uc_const.UC_HOOK_INSN_INVALID, "invalid")
        self.hook(uc_const.UC_HOOK_INSN, "syscall", instruction=x86.UC_X86_INS_SYSCALL)
        self.hook(uc_const.UC_HOOK_INSN, "rdtsc", instruction=x86.UC_X86_INS_RDTSC)
        self.hook(uc_const.UC_HOOK_INSN, "rdtscp", instruction=x86.UC_X86_INS_RDTSCP)

    def hook(self, kind: int, name: str, *, instruction: int | None = None, first: int = 1, last: int = 0) -> ctypes.c_size_t:
        """Add a compiled hook, for all addresses or for some."""
        return self.add_hook(kind, HOOKS[name].address, self._user, instruction=instruction, first=first, last=last)

    def hook_blocks(self, function: int, user: int) -> None:
        """Put another hook in the place of the one before each block: two would make translated blocks end elsewhere."""
        self.drop_hook(self._block_hook)
        self._block_hook = self.add_hook(uc_const.UC_HOOK_BLOCK, function, user)
        self.forget_all()

    def hook_address(self, name: str, address: int) -> None:
        """Add a compiled hook in front of one instruction, whose translation, if there is one, goes."""
        self.hook(uc_const.UC_HOOK_CODE, name, first=address, last=address)
        self.forget(address)

    def hook_mark(self, address: int) -> None:
        """Add the hook of a mark; all translations go, as looking for that of one address would be a fetch of the guest's."""
        self.hook(uc_const.UC_HOOK_CODE, "mark", first=address, last=address)
        self.forget_all()

    def forget_all(self) -> None:
        """Drop all translations: a hook that was added is in none of them."""
        self.uc.ctl_flush_tb()

    def forget(self, address: int) -> None:
        """Drop the translations of the instruction at a virtual address."""
        control = uc_const.UC_CTL_TB_REMOVE_CACHE | 2 << 26 | 1 << 30
        check(uclib.uc_ctl(self.uc._uch, ctypes.c_int(control), U64(address), U64(address + 1)), "to drop a translation")

    def flush_tlb(self) -> None:
        """Empty Unicorn's TLB."""
        check(uclib.uc_ctl(self.uc._uch, ctypes.c_int(uc_const.UC_CTL_TLB_FLUSH | 1 << 30)), "to flush its TLB")

    def on_ports(self, read: Callable[[int, int], int], write: Callable[[int, int, int], None]) -> None:
        """IN (port, bytes) and OUT (port, bytes, value)."""
        self._instruction(x86.UC_X86_INS_IN, IN_CALLBACK(lambda uc, port, size, user: read(port, size)))
        self._instruction(x86.UC_X86_INS_OUT, OUT_CALLBACK(lambda uc, port, size, value, user: write(port, size, value)))

    def on_cpuid(self, answer: Callable[[int, int], tuple[int, int, int, int]]) -> None:
        """CPUID: EAX, EBX, ECX and EDX by leaf and subleaf."""

        def callback(uc: int, user: int) -> int:
            leaf, subleaf = self.get64(env.RAX) & 0xFFFFFFFF, self.get64(env.RCX) & 0xFFFFFFFF
            for register, value in zip((env.RAX, env.RBX, env.RCX, env.RDX), answer(leaf, subleaf), strict=True):
                self.put64(register, value)
            return 1

        self._instruction(x86.UC_X86_INS_CPUID, CPUID_CALLBACK(callback))

    def on_memory(self, read: Callable[[int, int], int], write: Callable[[int, int, int], None], void_at: int) -> None:
        """Devices in memory: (address, bytes) and (address, bytes, value); and the page where nothing answers."""
        self._map(MMIO_AT, MMIO_BYTES, read, write)
        self._map(void_at, VOID_BYTES, lambda address, size: (1 << 8 * size) - 1, lambda address, size, value: None)

    def get64(self, offset: int) -> int:
        """A field of the CPU's state."""
        return U64.from_address(self.env + offset).value

    def put64(self, offset: int, value: int) -> None:
        """Set a field of the CPU's state."""
        U64.from_address(self.env + offset).value = value & (2**64 - 1)

    def get32(self, offset: int) -> int:
        """A field of the CPU's state."""
        return U32.from_address(self.env + offset).value

    def put32(self, offset: int, value: int) -> None:
        """Set a field of the CPU's state."""
        U32.from_address(self.env + offset).value = value & 0xFFFFFFFF

    def flags(self) -> int:
        """RFLAGS."""
        return int(self.uc.reg_read(x86.UC_X86_REG_EFLAGS))

    def vector(self, number: int) -> int:
        """XMM register of that number."""
        return int(self.uc.reg_read(x86.UC_X86_REG_XMM0 + number))

    def floating(self, number: int) -> int:
        """The 80 bits of ST(number)."""
        top = self.uc.reg_read(x86.UC_X86_REG_FPSW) >> 11 & 7
        mantissa, exponent = self.uc.reg_read(x86.UC_X86_REG_FP0 + (top + number & 7))
        return int(exponent) << 64 | int(mantissa)

    def floating_control(self) -> tuple[int, int, int, int]:
        """x87 control, status and tag words, and MXCSR."""
        words = (x86.UC_X86_REG_FPCW, x86.UC_X86_REG_FPSW, x86.UC_X86_REG_FPTAG, x86.UC_X86_REG_MXCSR)
        control, status, tags, vector = (int(self.uc.reg_read(each)) for each in words)
        return control, status, tags, vector

    def _instruction(self, instruction: int, function: Any) -> None:
        self._kept.append(function)
        self.add_hook(uc_const.UC_HOOK_INSN, ctypes.cast(function, Pointer).value or 0, 0, instruction=instruction)

    def add_hook(
        self, kind: int, function: int, user: int, *, instruction: int | None = None, first: int = 1, last: int = 0
    ) -> ctypes.c_size_t:
        """Add a C function as a hook, for all addresses or for some; `user` is its argument. What is returned drops it."""
        slot = ctypes.c_size_t()
        self._kept.append(slot)
        arguments = [self.uc._uch, ctypes.byref(slot), ctypes.c_int(kind), Pointer(function), Pointer(user), U64(first), U64(last)]
        if instruction is not None:
            arguments.append(ctypes.c_int(instruction))
        check(uclib.uc_hook_add(*arguments), f"a hook of kind {kind}")
        return slot

    def drop_hook(self, slot: ctypes.c_size_t) -> None:
        """Take a hook away."""
        check(uclib.uc_hook_del(self.uc._uch, slot), "to drop a hook")

    def _map(self, at: int, size: int, read: Callable[[int, int], int], write: Callable[[int, int, int], None]) -> None:
        reader = READ_CALLBACK(lambda uc, offset, size, user: read(at + offset, size))
        writer = WRITE_CALLBACK(lambda uc, offset, size, value, user: write(at + offset, size, value))
        self._kept += [reader, writer]
        pointers = [ctypes.cast(each, Pointer) for each in (reader, writer)]
        error = uclib.uc_mmio_map(self.uc._uch, U64(at), ctypes.c_size_t(size), pointers[0], None, pointers[1], None)
        check(error, "memory of devices")

    def _find_fault_address(self) -> int:
        """Host address of uc_struct.invalid_addr: an access that has no mapping leaves its address there."""
        wanted = 0x5A17_3C00_1234
        with self._refusing_fills():
            self.uc.reg_write(x86.UC_X86_REG_RIP, wanted)
            uclib.uc_emu_start(self.uc._uch, U64(wanted), U64(0), U64(0), ctypes.c_size_t(0))
            self.uc.reg_write(x86.UC_X86_REG_RIP, 0)
        with Readable() as readable:
            found = [self.handle + at for at in range(0, UC_BYTES, 8) if readable.word(self.handle + at) == wanted]
        if len(found) != 1:
            raise InternalError(f"Unicorn's engine has another layout than 2.1.4: {len(found)} places of a faulting address")
        return found[0]

    @contextmanager
    def _refusing_fills(self) -> Iterator[None]:
        refuse = ctypes.CFUNCTYPE(ctypes.c_bool, Pointer, U64, ctypes.c_int, Pointer, Pointer)(lambda *arguments: False)
        slot = ctypes.c_size_t()
        kind = ctypes.c_int(uc_const.UC_HOOK_TLB_FILL)
        check(
            uclib.uc_hook_add(self.uc._uch, ctypes.byref(slot), kind, ctypes.cast(refuse, Pointer), None, U64(1), U64(0)),
            "a hook",
        )
        yield
        check(uclib.uc_hook_del(self.uc._uch, slot), "to drop a hook")
        self._kept.append(refuse)
