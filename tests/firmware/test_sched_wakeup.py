"""The wakeup side of the scheduler, as assembled, on one plain Unicorn core over the RAM that the guest builder makes.

Core 0 calls routines one by one; the other cores never run, so what a wakeup does to their queues can be looked at.
"""

import ctypes
from collections import Counter
from functools import cache

import unicorn
from unicorn import x86_const as x86

from emu.assembly import Image, assemble_variant
from emu.guest.build import build_guest
from emu.guest.record import Record
from emu.guest.workload import plan_pmsg_shared

APIC_PAGE, ICR, ICR2 = 0xFEE00000, 0x300, 0x310
MASK = 2**64 - 1
REGISTERS = "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip rflags gs_base cr0 cr3 cr4"
GPR = {name: getattr(x86, f"UC_X86_REG_{name.upper()}") for name in REGISTERS.split()}
ARGUMENTS = ("rdi", "rsi", "rdx", "rcx", "r8", "r9")
CALLEE_SAVED = ("rbx", "rbp", "r12", "r13", "r14", "r15")
TICKS_PER_INSTRUCTION = 3
STEPS_MAX = 100_000


@cache
def image() -> Image:
    return assemble_variant("baseline")


class Bench:
    """A guest that has not started yet, and core 0 in kernel mode on the stack of its idle task."""

    def __init__(self, *, cores: int = 4, threads: int = 4, placement: str = "cross-module") -> None:
        self.image = image()
        plan = plan_pmsg_shared(cores=cores, threads=threads, messages=2 * threads, placement=placement)
        self.guest = build_guest(self.image, plan)
        self.kernel = self.guest.kernel
        self.ram = self.kernel.ram
        self.tsc = 1 << 40
        self.apic: list[tuple[int, int]] = []  # register, value written
        self.counts: Counter[str] = Counter()  # instructions executed by routine
        self.loads: Counter[tuple[str, int]] = Counter()  # by object and line in it
        self.stores: Counter[tuple[str, int]] = Counter()
        self.marks: Counter[str] = Counter()
        self.uc = self._core()
        self.areas = [self.named(f"percpu/{core}") for core in range(cores)]
        self.runqueues = [self.named(f"rq/{core}") for core in range(cores)]
        self.queues = [self.named(f"group cfs_rq/{core}") for core in range(cores)]
        self.entities = [self.named(f"group se/{core}") for core in range(cores)]
        self.tasks = [self.kernel.record("task_struct", task.task_struct) for task in self.guest.tasks]
        self.group = self.named("task_group")
        self.uc.reg_write(GPR["gs_base"], self.areas[0].virtual)
        self.stack = self.areas[0]["kernel_stack"] - 0x200
        self.landing = self.kernel.symbol("unexpected_interrupt")  # where calls return to: never executed
        self._marks_at = {mark.address: mark.name for mark in self.image.marks if mark.kind == "event"}
        self._clock_read = False
        self._rdtsc = self.kernel.symbol("sched_clock")

    def _core(self) -> unicorn.Uc:
        uc = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_64)
        uc.ctl_set_cpu_model(x86.UC_CPU_X86_OPTERON_G5)
        uc.mem_map_ptr(0, len(self.guest.ram), unicorn.UC_PROT_ALL, ctypes.c_void_p(self.guest.ram.ctypes.data))
        uc.mmio_map(APIC_PAGE, 0x1000, lambda *_: 0, None, lambda *a: self.apic.append((a[1], a[3])), None)
        for name, value in (("cr4", 0x6A0), ("cr3", self.guest.cr3)):
            uc.reg_write(GPR[name], value)
        uc.msr_write(0xC0000080, 0xD01)
        uc.reg_write(GPR["cr0"], 0x80010033)
        uc.hook_add(unicorn.UC_HOOK_CODE, self._instruction)
        uc.hook_add(unicorn.UC_HOOK_MEM_READ, lambda *a: self._access(self.loads, a[2]))
        uc.hook_add(unicorn.UC_HOOK_MEM_WRITE, lambda *a: self._access(self.stores, a[2]))
        return uc

    def named(self, name: str) -> Record:
        """A structure that the builder made, by the name it gave it."""
        found = next(each for each in self.guest.objects if each.name == name)
        return self.kernel.record(found.struct or "", found.physical)

    def _instruction(self, uc: unicorn.Uc, address: int, _size: int, _data: object) -> None:
        if address == self._rdtsc and not self._clock_read:
            uc.emu_stop()
            return
        routine, _ = self.image.symbol_at(address) or ("?", 0)
        self.counts[routine] += 1
        self.tsc += TICKS_PER_INSTRUCTION
        if address in self._marks_at:
            self.marks[self._marks_at[address]] += 1

    def _access(self, counter: Counter[tuple[str, int]], physical: int) -> None:
        found = self.guest.object_at(physical)
        counter[(found.name, (physical - found.physical) & ~63) if found else ("?", physical & ~63)] += 1

    def call(self, name: str, *arguments: int) -> int:
        """Run one routine to its end; checks that it keeps the registers that it has to keep."""
        stack = self.stack - 8
        self.kernel.ram.put(self.kernel.pages.translate(stack) or 0, self.landing)
        kept = {register: 0xAAAA0000 + index for index, register in enumerate(CALLEE_SAVED)}
        registers = dict(zip(ARGUMENTS, (value & MASK for value in arguments), strict=False))
        for register, value in {**kept, **registers, "rsp": stack, "rflags": 0x202}.items():
            self.uc.reg_write(GPR[register], value)
        pc = self.kernel.symbol(name)
        while pc != self.landing:
            self._clock_read = False
            self.uc.emu_start(pc, self.landing, count=STEPS_MAX)
            stopped = self.uc.reg_read(GPR["rip"])
            if stopped == self._rdtsc:
                self.counts["sched_clock"] += 1
                self.uc.reg_write(GPR["rax"], self.tsc & 0xFFFFFFFF)
                self.uc.reg_write(GPR["rdx"], self.tsc >> 32)
                stopped += 2
            else:
                assert stopped == self.landing, self.image.symbol_at(stopped)
            pc = stopped
        assert self.uc.reg_read(GPR["rsp"]) == stack + 8
        assert {register: self.uc.reg_read(GPR[register]) for register in CALLEE_SAVED} == kept
        return self.uc.reg_read(GPR["rax"])

    def forget(self) -> None:
        """Start counting afresh."""
        for counter in (self.counts, self.loads, self.stores, self.marks):
            counter.clear()
        self.apic.clear()


def test_print() -> None:
    b = Bench()
    print([t["se.cfs_rq"] == b.queues[p.core].virtual for t, p in zip(b.tasks, [t.plan for t in b.guest.tasks])])
    b.call("try_to_wake_up", b.tasks[1].virtual, 3, 0)
    print(b.counts, b.counts.total())
