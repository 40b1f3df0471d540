"""One Unicorn instance as a core: memory maps, hooks, control registers. The only module that drives Unicorn's API."""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import unicorn
from unicorn import unicorn_const as uc_const
from unicorn import x86_const as x86
from unicorn.unicorn_py3.unicorn import uclib

from emu.engine import hooks, turn
from emu.engine.unicorn_library import check
from emu.errors import InternalError
from emu.native import callback

APIC_BASE = 0xFEE00000
APIC_BYTES = 0x1000
EFER = 0xC0000080
CR0_PE_MP_ET_NE_WP_PG = 0x80010033
CR4_PAE_PGE_OSFXSR_OSXMMEXCPT = 0x6A0
EFER_SCE_LME_LMA_NXE = 0xD01
HF_LMA_CS64 = 0xC000  # QEMU: long mode, 64-bit code segment
_kept: list[object] = []  # what C function pointers point to
BAD_SELECTOR, GENERAL_PROTECTION = 0x1238, 13


@dataclass(frozen=True, slots=True)
class Callbacks:
    """C function pointers of the hooks, and the objects that keep them alive."""

    code: int
    load: int
    store: int
    invalid: int
    exception: int
    apic_read: int
    apic_write: int
    keep: tuple[object, ...]


@cache
def make_callbacks() -> Callbacks:
    """Compile (or load from the cache) all hooks: once a process, since Numba keeps what it has loaded for good."""
    made = {
        "code": callback(hooks.CODE_HOOK, hooks.on_code),
        "load": callback(hooks.MEMORY_HOOK, hooks.on_load),
        "store": callback(hooks.MEMORY_HOOK, hooks.on_store),
        "invalid": callback(hooks.INVALID_HOOK, hooks.on_invalid),
        "exception": callback(hooks.INTERRUPT_HOOK, hooks.on_exception),
        "apic_read": callback(hooks.MMIO_READ, hooks.on_apic_read),
        "apic_write": callback(hooks.MMIO_WRITE, hooks.on_apic_write),
    }
    return Callbacks(**{name: address for name, (address, _) in made.items()}, keep=tuple(kept for _, kept in made.values()))


@cache
def own_stack_entry() -> int:
    """C function pointer to what the fiber of a core does."""
    address, kept = callback(turn.ENTRY, turn.on_own_stack)
    _kept.append(kept)
    return address


def register_id(name: str) -> int:
    """Unicorn's number of a register, e.g. RIP."""
    return int(getattr(x86, f"UC_X86_REG_{name}"))


@cache
def exception_offsets() -> tuple[int, int]:
    """Where a saved CPU context holds the error code of the last exception, and its number.

    Unicorn leaves exceptions to hooks and forgets to say that one has been dealt with, so that it makes a double fault of
    the next: the engine says so, in the context. The places are found by loading a segment register with a bad selector.
    """
    uc: Any = unicorn.Uc(uc_const.UC_ARCH_X86, uc_const.UC_MODE_64)
    uc.mem_map(0, 0x1000)
    uc.mem_write(0, b"\x8e\xd8")  # mov ds, eax
    uc.reg_write(x86.UC_X86_REG_RAX, BAD_SELECTOR)
    words = []
    for after in (False, True):
        if after:
            with suppress(unicorn.UcError):
                uc.emu_start(0, 2)
        saved = uc.context_save()
        words.append(ctypes.string_at(saved._context.value, uclib.uc_context_size(uc._uch)))
    changed = {
        at: tuple(int.from_bytes(each[at : at + 4], "little", signed=True) for each in words)
        for at in range(0, len(words[0]) & ~3, 4)
        if words[0][at : at + 4] != words[1][at : at + 4]
    }
    error = [at for at, change in changed.items() if change == (0, BAD_SELECTOR)]
    number = [at for at, change in changed.items() if change == (-1, GENERAL_PROTECTION)]
    if len(error) != 1 or len(number) != 1:
        raise InternalError(f"Unicorn's CPU context has another layout than 2.1.4: {changed}")
    return error[0], number[0]


class UnicornCore:
    """A Unicorn engine over shared RAM, in long mode with paging on; hooks are optional, for tests of the bare core."""

    def __init__(self, ram_address: int, ram_bytes: int, cr3: int) -> None:
        """Map RAM at physical 0 and set the control registers."""
        self.uc: Any = unicorn.Uc(uc_const.UC_ARCH_X86, uc_const.UC_MODE_64)
        self.uc.ctl_set_cpu_model(x86.UC_CPU_X86_EPYC)
        self.handle = int(self.uc._uch.value)
        # No exit address: Unicorn would look it up after every run, and a page walk that fails there hides the guest's own fault.
        self.uc.ctl_exits_enabled(True)
        self._hooks: list[Any] = []
        self.uc.mem_map_ptr(0, ram_bytes, uc_const.UC_PROT_ALL, ctypes.c_void_p(ram_address))
        if cr3:
            self.uc.reg_write(x86.UC_X86_REG_CR4, CR4_PAE_PGE_OSFXSR_OSXMMEXCPT)
            self.uc.reg_write(x86.UC_X86_REG_CR3, cr3)
            self.uc.msr_write(EFER, EFER_SCE_LME_LMA_NXE)
            self.uc.reg_write(x86.UC_X86_REG_CR0, CR0_PE_MP_ET_NE_WP_PG)

    def install(self, callbacks: Callbacks, user: int) -> None:
        """Add all hooks with `user` as their argument, and the xAPIC page."""
        self._hook(uc_const.UC_HOOK_CODE, callbacks.code, user)
        self._hook(uc_const.UC_HOOK_MEM_READ, callbacks.load, user)
        self._hook(uc_const.UC_HOOK_MEM_WRITE, callbacks.store, user)
        self._hook(uc_const.UC_HOOK_MEM_INVALID, callbacks.invalid, user)
        self._hook(uc_const.UC_HOOK_INTR, callbacks.exception, user)
        pointer, number = ctypes.c_void_p, ctypes.c_uint64
        error = uclib.uc_mmio_map(
            self.uc._uch, number(APIC_BASE), ctypes.c_size_t(APIC_BYTES),
            pointer(callbacks.apic_read), pointer(user), pointer(callbacks.apic_write), pointer(user),
        )  # fmt: skip
        check(error, "the xAPIC page")

    def _hook(self, kind: int, function: int, user: int) -> None:
        slot = ctypes.c_size_t()
        error = uclib.uc_hook_add(
            self.uc._uch, ctypes.byref(slot), ctypes.c_int(kind), ctypes.c_void_p(function), ctypes.c_void_p(user),
            ctypes.c_uint64(1), ctypes.c_uint64(0),
        )  # fmt: skip
        check(error, f"a hook of kind {kind}")
        self._hooks.append(slot)

    @contextmanager
    def told(self, before: Callable[[int], None]) -> Iterator[None]:
        """Inside, `before` hears the address of each instruction that is about to be carried out; it may call `leave`."""
        handle = self.uc.hook_add(uc_const.UC_HOOK_CODE, lambda uc, address, size, user: before(address))
        self.uc.ctl_flush_tb()  # where there is one hook alone, code calls it directly
        try:
            yield
        finally:
            self.uc.hook_del(handle)
            self.uc.ctl_flush_tb()

    def leave(self) -> None:
        """Called from a hook: end Unicorn's call in front of the instruction."""
        self.uc.emu_stop()

    def context(self) -> tuple[int, int, int, int]:
        """Host addresses of a saved CPU context of this engine, of the CS selector, the error code and the last exception in it.

        Writing CS through the API leaves the privilege level as it was (Unicorn 2.1.4 sets the selector alone), so the
        loop patches a saved context instead. Where CS lies in it is found by comparing two contexts.
        """
        self._patched = self.uc.context_save()  # freed with this core
        context = self._patched._context
        size = int(uclib.uc_context_size(self.uc._uch))
        before = self.uc.reg_read(x86.UC_X86_REG_CS)
        images = []
        for selector in (0x5A10, 0x5A20):
            self.uc.reg_write(x86.UC_X86_REG_CS, selector)
            check(uclib.uc_context_save(self.uc._uch, context), "a context")
            images.append(ctypes.string_at(context, size))
        self.uc.reg_write(x86.UC_X86_REG_CS, before)
        offset = next(
            at for at in range(0, size, 4) if images[0][at : at + 2] == b"\x10\x5a" and images[1][at : at + 2] == b"\x20\x5a"
        )
        hidden_flags = int.from_bytes(images[0][offset - 0x20 : offset - 0x1C], "little")
        if hidden_flags & HF_LMA_CS64 != HF_LMA_CS64:
            raise InternalError(f"Unicorn's CPU context has another layout than 2.1.4: CS at {offset:#x}, flags {hidden_flags:#x}")
        base = int(context.value or 0)
        error_code, number = exception_offsets()
        return base, base + offset, base + error_code, base + number

    def register(self, name: str) -> int:
        """Value of a register by its Unicorn name without the prefix, e.g. RIP."""
        return int(self.uc.reg_read(register_id(name)))

    def msr(self, number: int) -> int:
        """Value of a model-specific register."""
        return int(self.uc.msr_read(number))

    @property
    def context_words(self) -> int:
        """Size of a saved context in 64-bit words, rounded up."""
        return -(-int(uclib.uc_context_size(self.uc._uch)) // 8)

    def save(self) -> Any:
        """All registers, for `restore` of this core."""
        return self.uc.context_save()

    def restore(self, context: Any) -> None:
        """Set all registers to what `save` gave."""
        self.uc.context_restore(context)
