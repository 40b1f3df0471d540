"""A plain machine for tests: Unicorn cores stepped one instruction at a time from Python, sharing one RAM.

No caches, no store buffers, no timing: core after core executes one instruction. It knows just enough of the processor
to run the guest (system calls, HLT, RDTSC, interrupts through the IDT, IPIs), and it shares nothing with the engine.
"""

import ctypes
import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import unicorn
from numpy.typing import NDArray
from unicorn import x86_const as x86
from unicorn.unicorn_py3.unicorn import uclib

APIC_PAGE = 0xFEE00000
MASK = 2**64 - 1
SYSCALL, HLT, RDTSC, CPUID, UD2 = b"\x0f\x05", b"\xf4", b"\x0f\x31", b"\x0f\xa2", b"\x0f\x0b"
REGISTERS = """
    rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip rflags
    cs ss ds fs_base gs_base cr0 cr3 cr4 idtr gdtr tr
"""
R = {name: getattr(x86, f"UC_X86_REG_{name.upper()}") for name in REGISTERS.split()}


class Stopped(Exception):
    """Occurs when the guest cannot go on: says where."""


class Ring:
    """Takes a Unicorn core from ring 3 to ring 0.

    Writing CS does not change the privilege level, so a saved context is patched and restored.
    """

    KERNEL_CODE, KERNEL_DATA = 0x00AF9B00, 0x00CF9300  # the second word of the descriptors

    def __init__(self, uc: unicorn.Uc) -> None:
        self._uc = uc._uch
        self._context = ctypes.c_void_p()
        assert uclib.uc_context_alloc(self._uc, ctypes.byref(self._context)) == 0
        self._cs = self._locate(uc, R["cs"])
        self._ss = self._locate(uc, R["ss"])
        self._hflags = self._cs - 0x20
        assert self._word(self._hflags).value & 0x4000, "long mode"

    def _locate(self, uc: unicorn.Uc, register: int) -> int:
        """Offset of a selector in a saved context."""
        images, before = [], uc.reg_read(register)
        for selector in (0x10, 0x20, before):
            uc.reg_write(register, selector)
            assert uclib.uc_context_save(self._uc, self._context) == 0
            images.append(ctypes.string_at(self._context.value or 0, uclib.uc_context_size(self._uc)))
        offsets = [at for at, (a, b) in enumerate(zip(images[0], images[1], strict=True)) if a != b]
        assert len(offsets) == 1
        return offsets[0]

    def _word(self, offset: int) -> ctypes.c_uint32:
        return ctypes.c_uint32.from_address((self._context.value or 0) + offset)

    def enter_kernel(self, code: int, data: int) -> None:
        """Load CS and SS with ring-0 segments; all other registers stay."""
        assert uclib.uc_context_save(self._uc, self._context) == 0
        self._word(self._hflags).value &= ~3
        self._word(self._cs).value, self._word(self._cs + 0x14).value = code, self.KERNEL_CODE
        self._word(self._ss).value, self._word(self._ss + 0x14).value = data, self.KERNEL_DATA
        assert uclib.uc_context_restore(self._uc, self._context) == 0


@dataclass
class PlainCore:
    """One core: its Unicorn instance and what Unicorn does not keep."""

    index: int
    uc: unicorn.Uc
    running: bool
    halted: bool = False
    shadow: bool = False
    pending: set[int] = field(default_factory=set)
    icr_high: int = 0
    retired: int = 0
    ring: Ring = field(init=False)
    last: deque[int] = field(default_factory=lambda: deque(maxlen=40))

    def __getitem__(self, name: str) -> int:
        return self.uc.reg_read(R[name])

    def __setitem__(self, name: str, value: int) -> None:
        self.uc.reg_write(R[name], value)

    def msr(self, number: int) -> int:
        return self.uc.msr_read(number)


class PlainMachine:
    """`cores` cores at `start_primary` / `start_secondary`; `run` steps them in turn."""

    def __init__(self, ram: NDArray[np.uint8], cr3: int, primary: int, secondary: int, cores: int) -> None:
        self.ram = ram
        self.secondary = secondary
        self.translate: Callable[[int], int | None] = lambda address: None
        self.names: Callable[[int], str] = hex
        self.on_instruction: Callable[[PlainCore, int], None] | None = None
        self.retired_at: Counter[int] = Counter()
        self.ipis: list[tuple[int, int, int]] = []
        self.cores = [self._core(index, cr3) for index in range(cores)]
        self.cores[0].running = True
        self.cores[0]["rip"] = primary

    def _core(self, index: int, cr3: int) -> PlainCore:
        uc = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_64)
        uc.ctl_set_cpu_model(x86.UC_CPU_X86_OPTERON_G5)
        uc.mem_map_ptr(0, len(self.ram), unicorn.UC_PROT_ALL, ctypes.c_void_p(self.ram.ctypes.data))
        core = PlainCore(index, uc, running=False)
        uc.mmio_map(APIC_PAGE, 0x1000, lambda *a: self._apic_read(core, a[1]), None,
                    lambda *a: self._apic_write(core, a[1], a[3]), None)  # fmt: skip
        core["cr4"] = 0x6A0
        core["cr3"] = cr3
        uc.msr_write(0xC0000080, 0xD01)
        core["cr0"] = 0x80010033
        core["rflags"] = 2
        core.ring = Ring(uc)
        return core

    def _apic_read(self, core: PlainCore, offset: int) -> int:
        return {0x20: core.index << 24, 0x310: core.icr_high}.get(offset, 0)

    def _apic_write(self, core: PlainCore, offset: int, value: int) -> None:
        if offset == 0x310:
            core.icr_high = value
        elif offset == 0x300:
            mode, target = value >> 8 & 7, self.cores[core.icr_high >> 24]
            if mode == 6:
                target.running = True
                target["rip"] = self.secondary
            elif mode == 0:
                self.ipis.append((core.index, target.index, value & 0xFF))
                target.pending.add(value & 0xFF)

    def run(self, limit: int, until: Callable[[], bool] = lambda: False) -> int:
        """Step all cores in turn until `until` holds, nothing can run, or `limit` is reached; returns the steps made."""
        steps = 0
        while steps < limit and not until():
            moved = False
            for core in self.cores:
                if core.running and self._step(core):
                    moved = True
                    steps += 1
            if not moved:
                break
        return steps

    def run_in_random_order(self, limit: int, random_number: random.Random, until: Callable[[], bool]) -> int:
        """Step cores in random bursts, some cores far more often than others, until `until` holds or all are at rest."""
        weights = [random_number.choice((1, 1, 20)) for _ in self.cores]
        steps = in_vain = 0
        while steps < limit and in_vain < 5000 and not until():
            core = random_number.choices(self.cores, weights)[0]
            before = steps
            for _ in range(random_number.choice((1, 1, 2, 5, 40))):
                if not core.running or not self._step(core):
                    break
                steps += 1
            in_vain = 0 if steps > before else in_vain + 1
        return steps

    def _step(self, core: PlainCore) -> bool:
        shadow, core.shadow = core.shadow, False
        if core.pending and not shadow and core["rflags"] & 0x200:
            self._interrupt(core, max(core.pending))
        elif core.halted:
            return False
        pc = core["rip"]
        physical = self.translate(pc)
        if physical is None:
            raise Stopped(f"core {core.index}: jump to unmapped {pc:#x}; {self.history(core)}")
        code = self.ram[physical : physical + 2].tobytes()
        core.last.append(pc)
        core.retired += 1
        self.retired_at[pc] += 1
        if self.on_instruction:
            self.on_instruction(core, pc)
        if not self._special(core, pc, code):
            try:
                core.uc.emu_start(pc, MASK, count=1)
            except unicorn.UcError as error:
                raise Stopped(f"core {core.index} at {self.names(pc)}: {error}; {self.history(core)}") from None
        core.shadow = code[:1] == b"\xfb"
        return True

    def _special(self, core: PlainCore, pc: int, code: bytes) -> bool:
        if code == SYSCALL:
            flags = core["rflags"]
            core["rcx"], core["r11"] = pc + 2, flags
            core["rflags"] = flags & ~core.msr(0xC0000084)
            selector = core.msr(0xC0000081) >> 32 & 0xFFFC
            core.ring.enter_kernel(selector, selector + 8)
            core["rip"] = core.msr(0xC0000082)
        elif code[:1] == HLT:
            core.halted = True
            core["rip"] = pc + 1
        elif code == RDTSC:
            now = sum(core.retired for core in self.cores)
            core["rax"], core["rdx"] = now & 0xFFFFFFFF, now >> 32
            core["rip"] = pc + 2
        elif code == UD2:
            raise Stopped(f"core {core.index}: ud2 at {self.names(pc)}; {self.history(core)}")
        else:
            return False
        return True

    def _interrupt(self, core: PlainCore, vector: int) -> None:
        core.pending.discard(vector)
        core.halted = False
        stack, flags, code, segment = core["rsp"], core["rflags"], core["cs"], core["ss"]
        top = stack
        if code & 3:
            top = self.read(self._descriptor(core, "tr") + 4)
        gate = self._descriptor(core, "idtr") + 16 * vector
        low, high = self.read(gate), self.read(gate + 8, 4)
        frame = (top & ~15) - 40
        for offset, value in enumerate((core["rip"], code, flags, stack, segment)):
            self.write(frame + 8 * offset, value)
        core["rsp"] = frame
        core["rflags"] = flags & ~0x44700
        if code & 3:
            core.ring.enter_kernel(0x10, 0)
        core["rip"] = (high << 32) | (low >> 32 & 0xFFFF0000) | (low & 0xFFFF)

    @staticmethod
    def _descriptor(core: PlainCore, name: str) -> int:
        return core[name][1]  # type: ignore[index]

    def read(self, virtual: int, size: int = 8) -> int:
        """Integer at a guest address."""
        physical = self.translate(virtual)
        assert physical is not None, hex(virtual)
        return int.from_bytes(self.ram[physical : physical + size].tobytes(), "little")

    def write(self, virtual: int, value: int, size: int = 8) -> None:
        """Store an integer at a guest address."""
        physical = self.translate(virtual)
        assert physical is not None, hex(virtual)
        self.ram[physical : physical + size] = np.frombuffer((value & MASK).to_bytes(8, "little")[:size], np.uint8)

    def history(self, core: PlainCore) -> str:
        """The last instructions of a core, by symbol."""
        return "last: " + " ".join(self.names(pc) for pc in core.last)
