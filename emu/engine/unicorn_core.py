"""One Unicorn instance as a core: memory maps, hooks, control registers. The only module that drives Unicorn's API."""

import ctypes
from typing import Any

import unicorn
from unicorn import unicorn_const as uc_const
from unicorn import x86_const as x86
from unicorn.unicorn_py3.unicorn import uclib

from emu.engine import hooks
from emu.engine.unicorn_library import check
from emu.engine.unicorn_state import find_state

APIC_BASE = 0xFEE00000
APIC_BYTES = 0x1000
EFER = 0xC0000080
CR0_PE_MP_ET_NE_WP_PG = 0x80010033
CR4_PAE_PGE_OSFXSR_OSXMMEXCPT = 0x6A0
EFER_SCE_LME_LMA_NXE = 0xD01


def register_id(name: str) -> int:
    """Unicorn's number of a register, e.g. RIP."""
    return int(getattr(x86, f"UC_X86_REG_{name}"))


class UnicornCore:
    """A Unicorn engine over shared RAM, in long mode with paging on; hooks are optional, for tests of the bare core."""

    def __init__(self, ram_address: int, ram_bytes: int, cr3: int) -> None:
        """Map RAM at physical 0 and set the control registers."""
        self.uc: Any = unicorn.Uc(uc_const.UC_ARCH_X86, uc_const.UC_MODE_64)
        self.uc.ctl_set_cpu_model(x86.UC_CPU_X86_EPYC)
        self.handle = int(self.uc._uch.value)
        # No exit address: Unicorn would look it up after every run, and a page walk that fails there hides the guest's own fault.
        self.uc.ctl_exits_enabled(True)
        self.env, _ = find_state(self.uc)
        self._hooks: list[Any] = []
        self.uc.mem_map_ptr(0, ram_bytes, uc_const.UC_PROT_ALL, ctypes.c_void_p(ram_address))
        if cr3:
            self.uc.reg_write(x86.UC_X86_REG_CR4, CR4_PAE_PGE_OSFXSR_OSXMMEXCPT)
            self.uc.reg_write(x86.UC_X86_REG_CR3, cr3)
            self.uc.msr_write(EFER, EFER_SCE_LME_LMA_NXE)
            self.uc.reg_write(x86.UC_X86_REG_CR0, CR0_PE_MP_ET_NE_WP_PG)

    def install(self, user: int) -> None:
        """Add all hooks with `user` as their argument, and the xAPIC page."""
        self._hook(uc_const.UC_HOOK_CODE, hooks.on_code.address, user)
        self._hook(uc_const.UC_HOOK_MEM_READ | uc_const.UC_HOOK_MEM_WRITE, hooks.on_access.address, user)
        self._hook(uc_const.UC_HOOK_MEM_INVALID, hooks.on_invalid.address, user)
        self._hook(uc_const.UC_HOOK_INTR, hooks.on_exception.address, user)
        pointer, number = ctypes.c_void_p, ctypes.c_uint64
        error = uclib.uc_mmio_map(
            self.uc._uch, number(APIC_BASE), ctypes.c_size_t(APIC_BYTES),
            pointer(hooks.on_apic_read.address), pointer(user), pointer(hooks.on_apic_write.address), pointer(user),
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
