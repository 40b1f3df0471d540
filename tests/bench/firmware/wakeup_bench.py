"""Core 0 of a guest that has not started: calls routines one by one over the RAM that the guest builder makes.

The other cores never run, so what a wakeup does to their queues can be looked at. One plain Unicorn core, nothing of
the engine; it counts instructions by routine and accesses by object and line.
"""

import ctypes
from collections import Counter
from collections.abc import Callable
from functools import cache

import unicorn
from unicorn import x86_const as x86

from bench.guest_coverage import watch
from emu.assembly import assemble_variant
from emu.description import load_machine
from emu.guest.processor import processor_of
from emu.guest.ram import DIRECT_MAP
from emu.guest.record import Record
from emu.image import Image
from emu.subjects.ipc_msg.build import build_guest
from emu.subjects.ipc_msg.workload.pmsg_shared import plan_pmsg_shared

APIC_PAGE, ICR, ICR2 = 0xFEE00000, 0x300, 0x310
MASK = 2**64 - 1
REGISTERS = "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip rflags gs_base cr0 cr3 cr4"
GPR = {name: getattr(x86, f"UC_X86_REG_{name.upper()}") for name in REGISTERS.split()}
ARGUMENTS = ("rdi", "rsi", "rdx", "rcx", "r8", "r9")
CALLEE_SAVED = ("rbx", "rbp", "r12", "r13", "r14", "r15")
TICKS_PER_INSTRUCTION = 3
STEPS_MAX = 100_000
INTERRUPTS_ON = 0x202
RDTSC = b"\x0f\x31"


@cache
def image() -> Image:
    """The whole kernel, assembled once."""
    return assemble_variant("wakeq")


class Bench:
    """A guest at its start, and core 0 in kernel mode on the stack of its idle task."""

    def __init__(self, *, cores: int = 4, threads: int = 4, placement: str | None = None, machine: str = "a10-7800") -> None:
        self.image = image()
        plan = plan_pmsg_shared(cores=cores, threads=threads, messages=2 * threads, placement=placement)
        self.guest = build_guest(self.image, plan, processor_of(load_machine(machine)))
        self.kernel = self.guest.kernel
        self.tsc = 1 << 40
        self.apic: list[tuple[int, int]] = []  # register, value written
        self.counts: Counter[str] = Counter()  # instructions executed by routine
        self.loads: Counter[tuple[str, int]] = Counter()  # by object and line in it
        self.stores: Counter[tuple[str, int]] = Counter()
        self.marks: Counter[str] = Counter()
        self.at: dict[int, Callable[[], None]] = {}  # called before the instruction at an address
        self.areas = [self.named(f"percpu/{core}") for core in range(cores)]
        self.runqueues = [self.named(f"rq/{core}") for core in range(cores)]
        self.roots = [rq.inner("cfs", "cfs_rq") for rq in self.runqueues]
        self.queues = [self.named(f"group cfs_rq/{core}") for core in range(cores)]
        self.entities = [self.named(f"group se/{core}") for core in range(cores)]
        self.tasks = [self.kernel.record("task_struct", task.task_struct) for task in self.guest.tasks]
        for record, task in zip(self.tasks, self.guest.tasks, strict=True):  # what the boot code does once a task is awake
            record["cpus_allowed"], record["nr_cpus_allowed"] = task.plan.cpus_allowed, task.plan.cpus_allowed.bit_count()
        self.home = [task.plan.core for task in self.guest.tasks]
        self.group = self.named("task_group")
        self.stack = self.areas[0]["kernel_stack"] - 0x200
        self._landing = self.kernel.symbol("unexpected_interrupt")  # where calls return to; never executed
        self._marks_at = {mark.address: mark for mark in self.image.marks if mark.kind == "event"}
        self._rdtsc = self.kernel.symbol("sched_clock") + self._offset_in("sched_clock", RDTSC)
        self.uc = self._core()

    def _offset_in(self, routine: str, code: bytes) -> int:
        start = self.kernel.global_physical(routine)
        return self.guest.ram[start : start + 64].tobytes().index(code)

    def _core(self) -> unicorn.Uc:
        uc = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_64)
        uc.ctl_set_cpu_model(x86.UC_CPU_X86_OPTERON_G5)
        uc.mem_map_ptr(0, len(self.guest.ram), unicorn.UC_PROT_ALL, ctypes.c_void_p(self.guest.ram.ctypes.data))
        uc.mmio_map(APIC_PAGE, 0x1000, lambda *_: 0, None, lambda *a: self.apic.append((a[1], a[3])), None)
        for name, value in (("cr4", 0x6A0), ("cr3", self.guest.cr3)):
            uc.reg_write(GPR[name], value)
        uc.msr_write(0xC0000080, 0xD01)
        uc.reg_write(GPR["cr0"], 0x80010033)
        uc.reg_write(GPR["gs_base"], self.areas[0].virtual)
        watch(uc, self.image)
        uc.hook_add(unicorn.UC_HOOK_CODE, self._instruction)
        uc.hook_add(unicorn.UC_HOOK_MEM_READ, lambda *a: self._access(self.loads, a[2]))
        uc.hook_add(unicorn.UC_HOOK_MEM_WRITE, lambda *a: self._access(self.stores, a[2]))
        return uc

    def named(self, name: str) -> Record:
        """A structure that the builder made, by the name it gave it."""
        found = next(each for each in self.guest.objects if each.name == name)
        return self.kernel.record(found.struct or "", found.physical)

    def record_at(self, struct: str, virtual: int) -> Record:
        """A structure that a pointer of the direct map leads to."""
        return self.kernel.record(struct, virtual - DIRECT_MAP)

    def thread_info(self, task: Record) -> Record:
        return self.record_at("thread_info", task["stack"])

    def idle(self, core: int) -> Record:
        return self.record_at("task_struct", self.runqueues[core]["idle"])

    def _instruction(self, uc: unicorn.Uc, address: int, _size: int, _data: object) -> None:
        if address == self._rdtsc:
            uc.emu_stop()  # before it executes: it would read the host's clock
            return
        self._count(address)

    def _count(self, address: int) -> None:
        if address in self.at:
            self.at[address]()
        found = self.image.symbol_at(address)
        assert found, hex(address)
        self.counts[found[0]] += 1
        self.tsc += TICKS_PER_INSTRUCTION
        mark = self._marks_at.get(address)
        if mark is not None and not (mark.zero and self.uc.reg_read(GPR[mark.register])):
            self.marks[mark.name] += 1

    def _access(self, counter: Counter[tuple[str, int]], physical: int) -> None:
        if physical >> 12 == APIC_PAGE >> 12:
            counter["apic registers", physical & 0xFC0] += 1
            return
        found = self.guest.object_at(physical)
        assert found, f"access outside of all objects: {physical:#x}"
        counter[found.name, (physical - found.physical) & ~63] += 1

    def call(self, name: str, *arguments: int) -> int:
        """Run one routine to its end; checks that it keeps the registers it has to keep, the stack and the interrupt flag."""
        stack = self.stack - 8
        self.kernel.ram.put(stack - DIRECT_MAP, self._landing)
        kept = {register: 0xAAAA0000 + index for index, register in enumerate(CALLEE_SAVED)}
        registers = dict(zip(ARGUMENTS, (value & MASK for value in arguments), strict=False))
        for register, value in {**kept, **registers, "rsp": stack, "rflags": INTERRUPTS_ON}.items():
            self.uc.reg_write(GPR[register], value)
        pc = self.kernel.symbol(name)
        while pc != self._landing:
            self.uc.emu_start(pc, self._landing, count=STEPS_MAX)
            pc = self.uc.reg_read(GPR["rip"])
            if pc == self._rdtsc:
                self._count(pc)
                self.uc.reg_write(GPR["rax"], self.tsc & 0xFFFFFFFF)
                self.uc.reg_write(GPR["rdx"], self.tsc >> 32)
                pc += len(RDTSC)
            else:
                assert pc == self._landing, self.image.symbol_at(pc)
        assert self.uc.reg_read(GPR["rsp"]) == stack + 8
        assert self.uc.reg_read(GPR["rflags"]) & 0x200
        assert {register: self.uc.reg_read(GPR[register]) for register in CALLEE_SAVED} == kept
        return int(self.uc.reg_read(GPR["rax"]))

    def forget(self) -> None:
        """Start counting afresh."""
        for counter in (self.counts, self.loads, self.stores, self.marks):
            counter.clear()
        self.apic.clear()

    def lines(self) -> set[tuple[str, int]]:
        """Lines of data touched."""
        return set(self.loads) | set(self.stores)

    def sent(self) -> list[tuple[int, int]]:
        """Destination and vector of each interprocessor interrupt."""
        assert [register for register, _ in self.apic] == [ICR2, ICR] * (len(self.apic) // 2)
        values = [value for _, value in self.apic]
        return [(high >> 24, low) for high, low in zip(values[::2], values[1::2], strict=True)]

    # What cores do between wakeups

    def wake(self, task: Record) -> int:
        return self.call("try_to_wake_up", task.virtual, 3, 0)

    def run(self, task: Record, core: int) -> None:
        """A core takes up a queued task of the group, its group's entity first."""
        rq = self.runqueues[core]
        if self.roots[core]["curr"] == 0:
            self.call("set_next_entity", self.roots[core].virtual, self.entities[core].virtual)
        self.call("set_next_entity", self.queues[core].virtual, task.address("se"))
        rq["curr"], task["on_cpu"] = task.virtual, 1
        self._switched(core)

    def sleep(self, task: Record, core: int) -> None:
        """A task leaves its queue; if it ran, its core is idle after it."""
        rq = self.runqueues[core]
        self.call("deactivate_task", rq.virtual, task.virtual, 1)
        task["on_rq"], task["state"] = 0, 1
        if rq["curr"] == task.virtual:
            task["on_cpu"] = 0
            rq["curr"] = rq["idle"]
            self.queues[core]["curr"] = self.roots[core]["curr"] = 0
        if rq["nr_running"] == 0:
            self._switched(core)
            rq["idle_stamp"] = rq["clock"]

    def _switched(self, core: int) -> None:
        self.thread_info(self.idle(core))["flags"] = 0
        self.runqueues[core]["clock_skip_update"] = 0
        self.runqueues[core]["idle_stamp"] = 0
