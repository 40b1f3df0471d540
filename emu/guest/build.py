"""Build the guest: from an assembled image and a plan to the bytes of RAM a machine starts with.

The result is plain data: where the cores begin, what lies where, which words are locks, which task is which. Nothing
here runs; the same inputs give the same bytes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emu.guest import descriptors
from emu.guest.paging import LARGE_PAGE, PAGE, USER_TEXT, PageTables
from emu.guest.plan import GuestPlan
from emu.guest.processor import Processor
from emu.guest.program import Program
from emu.guest.ram import TEXT_MAP, GuestObject, Ram, direct
from emu.guest.record import Kernel, Record
from emu.guest.scheduler import build_scheduler
from emu.guest.signals import build_signals
from emu.guest.tasks import STACK_BYTES, UserTask, build_idle_task, build_process, build_user_task, task_stride
from emu.image import PREEMPT_DEFAULT, Image

NO_RESCHEDULE_DUE = 0x80000000  # x86 keeps the inverted need-resched bit in the preempt count
TLB_LAZY = 2  # TLBSTATE_LAZY
NOHZ_HIGH_RESOLUTION = 2  # NOHZ_MODE_HIGHRES
RCU_OUTSIDE_IDLE = 0x0140000000000000  # DYNTICK_TASK_EXIT_IDLE
RCU_CALLBACK = 1  # any non-zero value: the callback is never reached


@dataclass(frozen=True, slots=True)
class GuestLock:
    """A lock word; what its values mean depends on the kind of lock (`engine.lock_word`)."""

    name: str  # its class: "rq.lock", "pi_lock", ...
    physical: int
    owner: GuestObject
    allocated: bool = True
    sleeping: bool = False  # its word is the address of the task that owns it


@dataclass(frozen=True, slots=True)
class Guest:
    """Everything a machine and its observers need to know about the guest at its start."""

    ram: NDArray[np.uint8]
    cr3: int
    start_primary: int
    start_secondary: int
    objects: tuple[GuestObject, ...]  # sorted by physical address, disjoint
    locks: tuple[GuestLock, ...]  # sorted by physical address
    tasks: tuple[UserTask, ...]
    task_base: int  # kernel address of task 0's task_struct; task i lies i * task_stride further
    task_stride: int
    percpu: tuple[Record, ...]  # each core's per-CPU area
    current_at: tuple[int, ...]  # physical address of each core's current-task pointer
    kernel: Kernel

    def task_index_of(self, pointer: int) -> int:
        """Index of the user task whose task_struct is at a kernel address; -1 for an idle task."""
        index, rest = divmod(pointer - self.task_base, self.task_stride)
        return index if rest == 0 and 0 <= index < len(self.tasks) else -1

    def object_at(self, physical: int) -> GuestObject | None:
        """The object that covers a physical address."""
        low, high = 0, len(self.objects)
        while low < high:
            middle = (low + high) // 2
            if self.objects[middle].physical + self.objects[middle].size <= physical:
                low = middle + 1
            else:
                high = middle
        if low < len(self.objects) and self.objects[low].physical <= physical:
            return self.objects[low]
        return None


Populate = Callable[[Kernel, Sequence[Record], Sequence[UserTask]], Iterable[GuestLock]]


def build_guest(
    image: Image,
    plan: GuestPlan,
    program: Program,
    populate: Populate,
    processor: Processor,
    *,
    ram: NDArray[np.uint8],
    timer_period: int = 0,
) -> Guest:
    """Build the guest of a processor into `ram` (zeroed); `timer_period` is the local timer's count, 0 for off.

    `populate` adds the subject's own objects once tasks and run queues are there, from the per-CPU areas and the tasks, and returns
    where locks will lie in objects that the guest allocates.
    """
    data = ram
    memory = Ram(data, _load(image, data))
    pages = PageTables(memory)
    kernel = Kernel(image, memory, pages)
    _map_image(kernel)
    cores = [_build_core(kernel, core) for core in range(plan.cores)]
    mm = build_process(kernel, cores=plan.cores, threads=len(plan.tasks))
    idle = [build_idle_task(kernel, core, mm) for core in range(plan.cores)]
    stride = task_stride(kernel)
    base = memory.allocate(stride * len(plan.tasks))
    tasks = [build_user_task(kernel, program, each, base + stride * each.index, mm) for each in plan.tasks]
    for percpu, task in zip(cores, idle, strict=True):
        _run_idle_task(kernel, percpu, task, mm)
    build_scheduler(kernel, cores, idle, tasks, processor)
    to_come = populate(kernel, cores, tasks)
    build_signals(kernel, tasks, program)
    _fill_boot_globals(kernel, plan, cores, tasks, timer_period)
    _fill_tables(kernel)
    return Guest(
        ram=data,
        cr3=pages.cr3,
        start_primary=kernel.symbol("start_primary"),
        start_secondary=kernel.symbol("start_secondary"),
        objects=tuple(sorted(memory.objects, key=lambda each: each.physical)),
        locks=tuple(sorted((*_find_locks(kernel), *to_come), key=lambda lock: lock.physical)),
        tasks=tuple(tasks),
        task_base=tasks[0].pointer,
        task_stride=stride,
        percpu=tuple(cores),
        current_at=tuple(area.physical + kernel.offset("percpu", "current") for area in cores),
        kernel=kernel,
    )


def _build_core(kernel: Kernel, core: int) -> Record:
    """Per-CPU area, descriptor tables and interrupt stack of one core."""
    area = kernel.allocate("percpu", f"percpu/{core}", core=core, align=PAGE)
    stack = kernel.ram.allocate(STACK_BYTES, STACK_BYTES)
    kernel.ram.name(f"irq stack/{core}", None, stack, STACK_BYTES, core=core)
    area["this_cpu_off"] = area.virtual
    area["cpu_number"] = core
    area["preempt_count"] = NO_RESCHEDULE_DUE + (kernel.image.preempt != PREEMPT_DEFAULT)  # the idle task is not preempted
    area["irq_count"] = -1
    area["irq_stack_ptr"] = direct(stack + STACK_BYTES)
    descriptors.write_gdt(kernel.ram, area.physical + kernel.offset("percpu", "gdt"), area.address("tss"), kernel.size("tss"))
    area.inner("tss", "tss")["io_bitmap"] = kernel.size("tss")
    _init_idle_bookkeeping(kernel, area, core)
    return area


def _init_idle_bookkeeping(kernel: Kernel, area: Record, core: int) -> None:
    """Set what the idle loop keeps per core: tick, RCU. A callback waits for ever, so the tick is never stopped."""
    area["tick_sched.nohz_mode"] = NOHZ_HIGH_RESOLUTION
    area["rcu_dynticks.nesting"] = RCU_OUTSIDE_IDLE
    area["rcu_dynticks.dynticks"] = 1
    area["rcu_sched.nxtlist"] = RCU_CALLBACK
    area["evtdev"] = kernel.allocate("clock_event_device", f"lapic timer/{core}", core=core).virtual


def _run_idle_task(kernel: Kernel, area: Record, task: Record, mm: Record) -> None:
    """Make the idle task the one that runs on its core, in the address space it borrows."""
    area["tlb_active_mm"], area["tlb_state"] = mm.virtual, TLB_LAZY
    area["current"] = task.virtual
    area["kernel_stack"] = task["thread_sp0"]
    area.inner("tss", "tss")["sp0"] = task["thread_sp0"]


def _load(image: Image, data: NDArray[np.uint8]) -> int:
    """Copy the image's segments into RAM; returns the first physical address after them."""
    end = 0
    for segment in image.segments:
        data[segment.physical : segment.physical + len(segment.data)] = np.frombuffer(segment.data, np.uint8)
        end = max(end, segment.physical + len(segment.data))
    return -(-end // LARGE_PAGE) * LARGE_PAGE


def _fill_boot_globals(
    kernel: Kernel, plan: GuestPlan, cores: Sequence[Record], tasks: Sequence[UserTask], timer_period: int
) -> None:
    """Fill in what the boot code counts on."""
    for core, area in enumerate(cores):
        kernel.set_global("__per_cpu_offset", area.virtual, offset=8 * core)
    array = kernel.ram.allocate(8 * len(tasks))
    kernel.ram.name("boot task array", None, array, 8 * len(tasks))
    for task in tasks:
        kernel.ram.put(array + 8 * task.plan.index, task.pointer)
    if any(task.plan.cpus_allowed != 1 << task.plan.core for task in tasks):
        kernel.set_global("boot_affinities", _build_affinities(kernel, tasks))
    kernel.set_global("nr_cpu_ids", plan.cores, size=4)
    kernel.set_global("boot_nr_tasks", len(tasks), size=4)
    kernel.set_global("boot_tasks", direct(array))
    kernel.set_global("lapic_timer_period", timer_period, size=4)


def _build_affinities(kernel: Kernel, tasks: Sequence[UserTask]) -> int:
    """Kernel address of an array that says where each task may run once it has been woken where it starts."""
    size = kernel.size("boot_affinity")
    array = kernel.ram.allocate(size * len(tasks))
    kernel.ram.name("boot affinity array", None, array, size * len(tasks))
    for task in tasks:
        entry = kernel.record("boot_affinity", array + size * task.plan.index)
        entry["cpus_allowed"], entry["nr_cpus_allowed"] = task.plan.cpus_allowed, task.plan.cpus_allowed.bit_count()
    return direct(array)


def _fill_tables(kernel: Kernel) -> None:
    """System calls that do not exist, and the gates of the IDT."""
    table = kernel.global_physical("sys_call_table")
    for number in range(kernel.global_size("sys_call_table") // 8):
        if kernel.ram.get(table + 8 * number) == 0:
            kernel.ram.put(table + 8 * number, kernel.symbol("sys_ni_syscall"))
    handlers = {
        descriptors.PAGE_FAULT_VECTOR: "page_fault",
        descriptors.RESCHEDULE_VECTOR: "reschedule_interrupt",
        descriptors.LOCAL_TIMER_VECTOR: "apic_timer_interrupt",
    }
    for vector in range(descriptors.VECTORS):
        handler = kernel.symbol(handlers.get(vector, "unexpected_interrupt"))
        descriptors.write_gate(kernel.ram, kernel.global_physical("idt_table"), vector, handler)


def _map_image(kernel: Kernel) -> None:
    """Kernel image, direct map and user text; the globals get their names."""
    text = kernel.image.text
    for name, size in kernel.image.globals.items():
        physical = kernel.global_physical(name)
        kernel.ram.objects.append(GuestObject(name, None, physical, TEXT_MAP + physical, size))
    kernel.pages.map_kernel(text_bytes=-(-(text.physical + len(text.data)) // LARGE_PAGE) * LARGE_PAGE)
    virtual, physical, size = kernel.image.user
    kernel.pages.map_range(virtual, physical, size, USER_TEXT)


def _find_locks(kernel: Kernel) -> list[GuestLock]:
    """Every lock word of every structure that is there, embedded ones included."""
    return [
        GuestLock(name, each.physical + offset, each, sleeping=sleeping)
        for each in kernel.ram.objects
        if each.struct is not None
        for name, offset, sleeping in kernel.lock_fields(each.struct)
    ]
