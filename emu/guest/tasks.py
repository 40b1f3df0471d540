"""Tasks as the kernel sees them: task_struct, thread_info, kernel stack; and what a user task finds in its own pages.

A user task is built asleep (TASK_INTERRUPTIBLE, on no queue): the boot code wakes it. Its kernel stack is prepared so
that the first `__switch_to` to it returns into `ret_from_fork`, which leaves to user mode through the pt_regs on top.
"""

from dataclasses import dataclass

from emu.guest.descriptors import USER_CS, USER_DS
from emu.guest.paging import PAGE, USER_DATA, USER_DATA_BASE, USER_DATA_STRIDE
from emu.guest.plan import USER_PID_BASE, TaskPlan
from emu.guest.program import Program
from emu.guest.ram import direct
from emu.guest.record import Kernel, Record

STACK_BYTES = 0x4000

TASK_INTERRUPTIBLE = 1
TASK_DEAD = 0x40
ON_RQ_QUEUED = 1
NICE_0_PRIO, IDLE_PRIO = 120, 140
MAX_RT_PRIO = 100
SCHED_FIFO = 1
STOP_PRIO = -1  # above every real-time priority
NICE_0_WEIGHT, NICE_0_INVERSE = 1024 << 10, 0x400000  # scale_load(1024) and 2**32 / 1024: Linux 4.8 on 64 bits
IDLE_WEIGHT, IDLE_INVERSE = 3 << 10, 0x55555555  # WEIGHT_IDLEPRIO 3
PF_KTHREAD = 0x00200000
FLAGS_IF = 0x202

FPU_CONTROL, FPU_MXCSR, FPU_MXCSR_OFFSET = 0x37F, 0x1F80, 24  # reset values, and where FXSAVE puts MXCSR

SWITCH_FRAME = ("r15", "r14", "r13", "r12", "rbx", "rbp")  # what __switch_to pops, lowest address first, before its ret


@dataclass(frozen=True, slots=True)
class UserTask:
    """A user task in guest memory."""

    plan: TaskPlan
    task_struct: int  # physical
    stack: int
    page: int

    @property
    def pointer(self) -> int:
        """Kernel address of the task_struct, as `current` holds it."""
        return direct(self.task_struct)


def build_process(kernel: Kernel, *, cores: int, threads: int) -> Record:
    """Make the one process: the mm_struct of all threads, which idle tasks borrow."""
    mm = kernel.allocate("mm_struct", "mm_struct")
    mm["pgd"] = direct(kernel.pages.cr3)
    mm["mm_users"] = threads
    mm["mm_count"] = 1 + cores
    mm["cpumask"] = (1 << cores) - 1
    return mm


def build_sleeping_kernel_task(kernel: Kernel, name: str, core: int) -> Record:
    """Make a kernel thread that never runs here, such as the migration thread that `rq.stop` names."""
    task = kernel.allocate("task_struct", name, core=core)
    _common(task, name)
    task["state"] = TASK_INTERRUPTIBLE
    task["usage"] = 2
    task["flags"] = PF_KTHREAD
    task["prio"] = task["normal_prio"] = STOP_PRIO
    task["static_prio"] = NICE_0_PRIO
    task["wake_cpu"] = core
    task["cpus_allowed"], task["nr_cpus_allowed"] = 1 << core, 1
    return task


def task_stride(kernel: Kernel) -> int:
    """Bytes from one user task_struct to the next: they lie in an array, whole lines each."""
    return kernel.line_size("task_struct")


def build_stack(kernel: Kernel, task: Record, name: str, *, core: int, index: int | None = None) -> int:
    """Allocate a kernel stack with its thread_info for a task; returns its physical address."""
    stack = kernel.ram.allocate(STACK_BYTES, STACK_BYTES)
    info_bytes = kernel.line_size("thread_info")
    kernel.ram.name(f"{name} thread_info", "thread_info", stack, info_bytes, core=core, task=index)
    kernel.ram.name(f"{name} stack", None, stack + info_bytes, STACK_BYTES - info_bytes, core=core, task=index)
    info = kernel.record("thread_info", stack)
    info["task"] = task.virtual
    info["cpu"] = core
    info["addr_limit"] = 0x7FFFFFFFF000 if index is not None else 2**64 - 1
    task["stack"] = direct(stack)
    task["thread_sp0"] = direct(stack + STACK_BYTES)
    task["thread_sp"] = direct(stack + STACK_BYTES)
    return stack


def build_idle_task(kernel: Kernel, core: int, mm: Record) -> Record:
    """Make the idle task of a core: the one that boots it. It has no address space and borrows `mm`."""
    name = f"swapper/{core}"
    task = kernel.allocate("task_struct", name, core=core)
    build_stack(kernel, task, name, core=core)
    _common(task, name)
    task["active_mm"] = mm.virtual
    task["usage"] = 2
    task["flags"] = PF_KTHREAD
    task["on_cpu"] = 1
    task["on_rq"] = ON_RQ_QUEUED
    task["wake_cpu"] = core
    for field in ("prio", "static_prio", "normal_prio"):
        task[field] = IDLE_PRIO if field == "prio" else NICE_0_PRIO
    task["sched_class"] = kernel.symbol("idle_sched_class")
    task["cpus_allowed"] = 1 << core
    task["nr_cpus_allowed"] = 1
    task["se.load_weight"], task["se.load_inv_weight"] = IDLE_WEIGHT, IDLE_INVERSE
    return task


def build_user_task(kernel: Kernel, program: Program, plan: TaskPlan, task_struct: int, mm: Record) -> UserTask:
    """Make one user task at `task_struct`, asleep, with its kernel stack and its user pages."""
    name = plan.name
    kernel.ram.name(name, "task_struct", task_struct, task_stride(kernel), task=plan.index)
    task = kernel.record("task_struct", task_struct)
    stack = build_stack(kernel, task, name, core=plan.core, index=plan.index)
    _common(task, name)
    task["mm"] = task["active_mm"] = mm.virtual
    task["fpu_fpstate_active"] = 1
    task.put_word("fpu_state", FPU_CONTROL)
    task.put_word("fpu_state", FPU_MXCSR, offset=FPU_MXCSR_OFFSET)
    task["state"] = TASK_INTERRUPTIBLE
    task["usage"] = 2
    task["wake_cpu"] = plan.core
    _set_priority(kernel, task, plan.rt_priority)
    task["cpus_allowed"], task["nr_cpus_allowed"] = 1 << plan.core, 1  # until the boot code has woken it
    task["pid"] = USER_PID_BASE + plan.index
    task["tgid"] = USER_PID_BASE if program.one_process else task["pid"]
    page = _build_user_pages(kernel, program, plan)
    virtual = USER_DATA_BASE + plan.index * USER_DATA_STRIDE
    task["thread_fsbase"] = virtual + kernel.offset(program.memory, "tls")
    _prepare_first_switch(kernel, program, task, stack, virtual)
    return UserTask(plan, task_struct, stack, page)


def _set_priority(kernel: Kernel, task: Record, rt_priority: int) -> None:
    """SCHED_FIFO of a priority, or the fair class for 0."""
    task["static_prio"] = NICE_0_PRIO
    task["prio"] = task["normal_prio"] = MAX_RT_PRIO - 1 - rt_priority if rt_priority else NICE_0_PRIO
    task["rt_priority"], task["policy"] = rt_priority, SCHED_FIFO if rt_priority else 0
    task["sched_class"] = kernel.symbol("rt_sched_class" if rt_priority else "fair_sched_class")


def _common(task: Record, name: str) -> None:
    """Set what is the same in every task: off all queues and lists, nobody's FPU registers loaded."""
    task["comm"] = int.from_bytes(name.encode()[:15], "little")
    task["fpu_last_cpu"] = -1
    task["se.run_node.parent_color"] = task.address("se.run_node")  # RB_CLEAR_NODE: its own parent
    task["se.group_node_next"] = task["se.group_node_prev"] = task.address("se.group_node_next")


def _prepare_first_switch(kernel: Kernel, program: Program, task: Record, stack: int, page: int) -> None:
    """Lay out pt_regs, the return into ret_from_fork and the registers that __switch_to pops."""
    top = stack + STACK_BYTES
    registers = kernel.record("pt_regs", top - kernel.size("pt_regs"))
    registers["ip"] = kernel.symbol(program.entry)
    registers["cs"], registers["ss"] = USER_CS, USER_DS
    registers["flags"] = FLAGS_IF
    registers["sp"] = page + sum(kernel.place(program.memory, "stack"))
    registers["di"] = page
    registers["orig_ax"] = -1
    frame = registers.physical - 8 * (len(SWITCH_FRAME) + 1)
    kernel.ram.put(frame + 8 * len(SWITCH_FRAME), kernel.symbol("ret_from_fork"))
    task["thread_sp"] = direct(frame)


def _build_user_pages(kernel: Kernel, program: Program, plan: TaskPlan) -> int:
    """Parameters, buffers, thread control block and stack of one user task; mapped at its place in user space."""
    size = kernel.size(program.memory)
    physical = kernel.ram.allocate(size, PAGE)
    virtual = USER_DATA_BASE + plan.index * USER_DATA_STRIDE
    kernel.pages.map_range(virtual, physical, size, USER_DATA)
    kernel.ram.name(f"{plan.name} user page", program.memory, physical, size, task=plan.index)
    page = kernel.record(program.memory, physical)
    program.fill(page, plan)
    page["tls.self"] = virtual + kernel.offset(program.memory, "tls")
    return physical
