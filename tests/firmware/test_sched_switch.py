"""schedule(), the context switch and the idle loop, as assembled, on one plain Unicorn core over a small hand-built memory.

The bench steps one instruction at a time where it has to count; it knows HLT and RDTSC and nothing else of a machine.
"""

import ctypes
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import unicorn
from unicorn import x86_const as x86

from bench.guest_coverage import watch
from emu.assembly import assemble, load_globals, load_structs
from emu.image import Image

FIRMWARE = Path(__file__).parents[2] / "firmware"
FOLDERS = ("sched_switch", "sched_wakeup", "lock")
KERNEL, DIRECT = 0xFFFFFFFF80000000, 0xFFFF880000000000
RAM_BYTES, STACK = 0x1000000, 0x4000
TABLES, RETURN, OBJECTS = 0x10000, 0x20000, 0x800000
MASK = 2**64 - 1
HLT, RDTSC, UD2 = b"\xf4", b"\x0f\x31", b"\x0f\x0b"
NAMES = "rax rbx rcx rdx rsi rdi rbp rsp r8 r9 r10 r11 r12 r13 r14 r15 rip rflags"
GPR = {name: getattr(x86, f"UC_X86_REG_{name.upper()}") for name in f"{NAMES} gs_base cr0 cr3 cr4 ss ds es fs gs".split()}
TICKS_PER_INSTRUCTION = 2
NICE_0, IDLE_PRIO = 1 << 20, 140
ELSEWHERE = 1024  # load of the group on other cores
MULT, SHIFT = 4793490, 24  # cycles of 3.5 GHz to nanoseconds


def assembled() -> Image:
    """The routines under test and what they call; the rest (boot, entry, system calls) stands as labels."""
    structs = load_structs(sorted((FIRMWARE / "structs").glob("*.toml")))
    placed = load_globals(sorted((FIRMWARE / "globals").glob("*.toml")), structs)
    sources = [path for folder in FOLDERS for path in sorted((FIRMWARE / folder).rglob("*.S"))]
    known = {path.stem for path in sources} | set(placed)
    named = {value[1:] for each in placed.values() for value, _ in each.init.values() if isinstance(value, str)}
    others = {path.stem for path in FIRMWARE.rglob("*.S")}
    inlines = {path.stem: path for path in sorted((FIRMWARE / "inline").glob("*.S"))}
    return assemble(sources, inlines=inlines, structs=structs, placed=placed, stubs=sorted((named | others) - known))


class Bench:
    """One core in long mode, the image in its RAM, objects allocated by struct name."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self.ram = np.zeros(RAM_BYTES, np.uint8)
        self.uc = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_64)
        self.uc.ctl_set_cpu_model(x86.UC_CPU_X86_OPTERON_G5)
        self.uc.mem_map_ptr(0, RAM_BYTES, unicorn.UC_PROT_ALL, ctypes.c_void_p(self.ram.ctypes.data))
        watch(self.uc, image)
        self.top = OBJECTS
        self.tsc = 0
        self.counts: Counter[tuple[int, str]] = Counter()  # instructions by stack and routine
        self.lines: dict[tuple[int, str], set[int]] = {}  # lines of data touched, likewise
        self.now = (0, "")
        self.uc.hook_add(unicorn.UC_HOOK_MEM_READ | unicorn.UC_HOOK_MEM_WRITE, self._access)
        for segment in (image.text, image.data):
            self.ram[segment.physical : segment.physical + len(segment.data)] = np.frombuffer(segment.data, np.uint8)
        self._page_tables()
        for name, value in (("cr4", 0x6A0), ("cr3", TABLES)):
            self.uc.reg_write(GPR[name], value)
        self.uc.msr_write(0xC0000080, 0xD00)
        self.uc.reg_write(GPR["cr0"], 0x80010033)
        gdt = self.allocate(0x100)
        for selector, word in ((0x10, 0x00AF9B000000FFFF), (0x18, 0x00CF93000000FFFF)):
            self.write(gdt + selector, word)
        self.uc.reg_write(x86.UC_X86_REG_GDTR, (0, gdt, 0xFF, 0))
        self.uc.reg_write(x86.UC_X86_REG_CS, 0x10)
        self.uc.reg_write(GPR["ss"], 0x18)
        for name in ("ds", "es", "fs", "gs"):
            self.uc.reg_write(GPR[name], 0)

    def _access(self, _uc: unicorn.Uc, _kind: int, address: int, size: int, _value: int, _data: object) -> None:
        self.lines.setdefault(self.now, set()).update((address >> 6, address + size - 1 >> 6))

    def _page_tables(self) -> None:
        for entry, value in ((0x110, 0x1000), (0x1FF, 0x2000)):
            self._table(0, entry, TABLES + value)
        self._table(0x1000, 0, TABLES + 0x3000)
        self._table(0x2000, 0x1FE, TABLES + 0x3000)
        for index in range(RAM_BYTES >> 21):
            self._table(0x3000, index, index << 21 | 0x80)

    def _table(self, table: int, index: int, value: int) -> None:
        at = TABLES + table + 8 * index
        self.ram[at : at + 8] = np.frombuffer((value | 3).to_bytes(8, "little"), np.uint8)

    @staticmethod
    def physical(virtual: int) -> int:
        """Physical address of a kernel address."""
        return virtual - KERNEL if virtual >= KERNEL else virtual - DIRECT

    def read(self, virtual: int, size: int = 8) -> int:
        at = self.physical(virtual)
        return int.from_bytes(self.ram[at : at + size].tobytes(), "little")

    def write(self, virtual: int, value: int, size: int = 8) -> None:
        at = self.physical(virtual)
        self.ram[at : at + size] = np.frombuffer((value & MASK).to_bytes(8, "little")[:size], np.uint8)

    def allocate(self, size: int, align: int = 0x40) -> int:
        self.top = -(-self.top // align) * align
        self.top += size
        return DIRECT + self.top - size

    def new(self, struct: str, **fields: int) -> int:
        """A zeroed structure with some fields set."""
        address = self.allocate(self.image.structs[struct].size)
        self.put(address, struct, **fields)
        return address

    def _field(self, struct: str, path: str) -> tuple[int, int]:
        offset = 0
        for part in path.split("__"):
            field = self.image.structs[struct].fields[part]
            offset += field.offset
            struct = field.struct or ""
        return offset, min(field.size, 8)

    def put(self, address: int, struct: str, **fields: int) -> None:
        for path, value in fields.items():
            offset, size = self._field(struct, path)
            self.write(address + offset, value, size)

    def get(self, address: int, struct: str, path: str) -> int:
        offset, size = self._field(struct, path)
        return self.read(address + offset, size)

    def at(self, address: int, struct: str, path: str) -> int:
        return address + self._field(struct, path)[0]

    def __getitem__(self, name: str) -> int:
        return self.image.symbols[name]

    def set(self, **registers: int) -> None:
        for name, value in registers.items():
            self.uc.reg_write(GPR[name], value)

    def reg(self, name: str) -> int:
        return self.uc.reg_read(GPR[name])

    def name(self, pc: int) -> str:
        """The routine at an address."""
        found = self.image.symbol_at(pc)
        assert found, f"jump to {pc:#x}"
        return found[0]

    def call(self, name: str, *arguments: int) -> int:
        """Run a routine at full speed; it may not need RDTSC."""
        stack = KERNEL + RETURN - 0x100
        self.write(stack, KERNEL + RETURN)
        self.set(rsp=stack, **dict(zip(("rdi", "rsi", "rdx", "rcx", "r8", "r9"), arguments, strict=False)))
        self.uc.emu_start(self[name], KERNEL + RETURN, count=100_000)
        assert self.reg("rip") == KERNEL + RETURN, hex(self.reg("rip"))
        return self.reg("rax")

    def begin(self, name: str, *arguments: int) -> None:
        """Enter a routine on the current stack; it returns to RETURN."""
        stack = self.reg("rsp") - 8
        self.write(stack, KERNEL + RETURN)
        self.set(rsp=stack, rip=self[name], **dict(zip(("rdi", "rsi", "rdx"), arguments, strict=False)))

    def aside(self, name: str, *arguments: int) -> int:
        """Step through a routine on a stack of its own, as if by another core: registers are as before."""
        saved = {each: self.reg(each) for each in NAMES.split()}
        counts, self.counts = self.counts, Counter()
        lines, self.lines = self.lines, {}
        self.set(rsp=KERNEL + RETURN - 0x100, rflags=2)
        self.begin(name, *arguments)
        self.step_until(KERNEL + RETURN)
        result = self.reg("rax")
        self.set(**saved)
        self.counts, self.lines = counts, lines
        return result

    def step_until(self, *stops: int, limit: int = 20_000) -> int:
        """Step, counting by routine, to one of the addresses; HLT stops too (rip behind it)."""
        for _ in range(limit):
            pc = self.reg("rip")
            if pc in stops:
                return pc
            self.now = self.reg("rsp") - 1 & -STACK, self.name(pc)
            self.counts[self.now] += 1
            self.tsc += TICKS_PER_INSTRUCTION
            code = self.ram[self.physical(pc) : self.physical(pc) + 2].tobytes()
            assert code != UD2, f"ud2 in {self.name(pc)}"
            if code == RDTSC:
                self.set(rax=self.tsc & 0xFFFFFFFF, rdx=self.tsc >> 32, rip=pc + 2)
            elif code[:1] == HLT:
                self.set(rip=pc + 1)
                return pc
            else:
                self.uc.emu_start(pc, MASK, count=1)
                assert self.reg("rip") != pc, f"fault in {self.name(pc)}, line {self.image.lines[pc][1]}"
        raise AssertionError("no end")


@pytest.fixture(scope="session")
def image() -> Image:
    return assembled()


@pytest.fixture
def bench(image: Image) -> Bench:
    return Bench(image)


# Red-black trees

LEFT, RIGHT = 0x10, 0x8


class Tree:
    """A valid red-black tree of `size` nodes in the bench's memory; keys are the nodes' numbers."""

    def __init__(self, bench: Bench, size: int) -> None:
        self.bench = bench
        self.root = bench.allocate(0x40)
        self.nodes = [bench.allocate(0x40) for _ in range(size)]
        self.key = {node: key for key, node in enumerate(self.nodes)}
        black_levels = (size + 1).bit_length() - 1  # every full level is black, what hangs below is red
        bench.write(self.root, self._build(0, size, 0, black_levels))

    def _build(self, low: int, high: int, parent: int, black: int) -> int:
        if low == high:
            return 0
        middle = (low + high) // 2
        node = self.nodes[middle]
        self.bench.write(node, parent | (black > 0))
        self.bench.write(node + LEFT, self._build(low, middle, node, black - 1))
        self.bench.write(node + RIGHT, self._build(middle + 1, high, node, black - 1))
        return node

    def check(self) -> list[int]:
        """Assert all invariants; returns the nodes in order."""
        order: list[int] = []
        self._check(self.bench.read(self.root), 0, True, order)
        assert [self.key[node] for node in order] == sorted(self.key[node] for node in order)
        return order

    def _check(self, node: int, parent: int, parent_black: bool, order: list[int]) -> int:
        if node == 0:
            return 1
        word = self.bench.read(node)
        black = bool(word & 1)
        assert word & ~3 == parent
        assert black or parent_black, "two reds in a row"
        left = self._check(self.bench.read(node + LEFT), node, black, order)
        order.append(node)
        right = self._check(self.bench.read(node + RIGHT), node, black, order)
        assert left == right, "black heights differ"
        return left + black


def test_rb_erase_keeps_every_tree_balanced(bench: Bench) -> None:
    chance = random.Random(2)
    for size in (1, 2, 3, 4, 5, 7, 10, 15, 31, 60):
        for _ in range(6):
            tree = Tree(bench, size)
            left = tree.check()
            chance.shuffle(left)
            for number, node in enumerate(left):
                bench.call("rb_erase", node, tree.root)
                assert set(tree.check()) == set(left[number + 1 :])
        bench.top = OBJECTS + 0x1000


def test_rb_next_walks_in_order(bench: Bench) -> None:
    for size in (1, 2, 9, 40):
        tree = Tree(bench, size)
        for node, following in zip(tree.nodes, [*tree.nodes[1:], 0], strict=True):
            assert bench.call("rb_next", node) == following
    lonely = bench.allocate(0x40)
    bench.write(lonely, lonely)
    assert bench.call("rb_next", lonely) == 0


# A core with its queues, an idle task and two sleeping tasks of one group


class Core:
    """What the guest builder makes for one core, by hand."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        new, put, at = bench.new, bench.put, bench.at
        self.mm = new("mm_struct", mm_count=2, cpumask=1)
        device = new("clock_event_device", next_event=10**9)
        self.percpu = new("percpu", preempt_count=0x80000000, tlb_active_mm=self.mm, tlb_state=2,
                          rcu_dynticks__nesting=0x0140000000000000, rcu_dynticks__dynticks=1,
                          rcu_sched__nxtlist=1, tick_sched__nohz_mode=2, evtdev=device,
                          cyc2ns_mult=MULT, cyc2ns_shift=SHIFT)  # fmt: skip
        self.rq = new("rq", avg_idle=100_000, rd=bench["def_root_domain"], stop=new("task_struct"), rt_highest_prio_curr=100,
                      sd=new("sched_domain", balance_interval=8))  # fmt: skip
        put(self.percpu, "percpu", this_cpu_off=self.percpu, runqueue=self.rq)
        bench.write(bench["__per_cpu_offset"], self.percpu)
        bench.write(bench["__cpu_online_mask"], 1)
        put(bench["tk_core"], "timekeeper", clock=bench["clocksource_tsc"], read=bench["read_tsc"], mask=MASK,
            mult=MULT, shift=SHIFT)  # fmt: skip
        bench.set(gs_base=self.percpu)
        self.group = new("task_group", shares=NICE_0, load_avg=ELSEWHERE)  # other cores have tasks of it too
        self.queue = new("cfs_rq", rq=self.rq, tg=self.group)
        put(self.rq, "rq", cfs__rq=self.rq, cfs__tg=bench["root_task_group"])
        self.root = at(self.rq, "rq", "cfs")
        put(bench["root_task_group"], "task_group", se=self._array(0), cfs_rq=self._array(self.root))
        for name in ("cfs_tasks", "leaf_cfs_rq_list"):
            head = at(self.rq, "rq", f"{name}_next")
            put(self.rq, "rq", **{f"{name}_next": head, f"{name}_prev": head})
        self.group_entity = new("sched_entity", load_weight=NICE_0, cfs_rq=self.root, my_q=self.queue)
        put(self.group, "task_group", se=self._array(self.group_entity), cfs_rq=self._array(self.queue))
        self.idle = self._task("idle_sched_class", IDLE_PRIO, on_rq=1, on_cpu=1, active_mm=self.mm)
        put(self.rq, "rq", curr=self.idle, idle=self.idle)
        put(self.percpu, "percpu", current=self.idle, kernel_stack=bench.get(self.idle, "task_struct", "thread_sp0"))
        self.tasks = [self._user_task(index) for index in range(2)]

    def _array(self, only: int) -> int:
        address = self.bench.allocate(0x40)
        self.bench.write(address, only)
        return address

    def _task(self, sched_class: str, prio: int, **fields: int) -> int:
        bench = self.bench
        stack = bench.allocate(STACK, STACK)
        task = bench.new("task_struct", usage=2, stack=stack, thread_sp0=stack + STACK, prio=prio, normal_prio=prio,
                         sched_class=bench[sched_class], fpu_last_cpu=0xFFFFFFFF, **fields)  # fmt: skip
        bench.put(stack, "thread_info", task=task)
        return task

    def _user_task(self, index: int) -> int:
        bench = self.bench
        task = self._task("fair_sched_class", 120, state=1, mm=self.mm, active_mm=self.mm, pid=100 + index,
                          fpu_fpstate_active=1, thread_fsbase=0x7F0000000100 + (index << 16), signal=bench.new("signal_struct"),
                          sched_task_group=self.group, nr_cpus_allowed=1, cpus_allowed=1,
                          se__load_weight=NICE_0, se__load_inv_weight=0x400000, se__depth=1,
                          se__parent=self.group_entity, se__cfs_rq=self.queue)  # fmt: skip
        image = bench.at(task, "task_struct", "fpu_state")
        bench.write(image, 0x37F, 4)
        bench.write(image + 0x18, 0x1F80, 4)
        node = bench.at(task, "task_struct", "se__group_node_next")
        bench.put(task, "task_struct", se__group_node_next=node, se__group_node_prev=node)
        frame = bench.get(task, "task_struct", "thread_sp0") - 0x100
        bench.write(frame + 0x30, KERNEL + RETURN)
        bench.put(task, "task_struct", thread_sp=frame)
        return task

    def entity(self, task: int) -> int:
        """A task's sched_entity."""
        return self.bench.at(task, "task_struct", "se")

    def enqueue(self, task: int, *, vruntime: int = 0) -> None:
        """Put a task on its queues, where at most `curr` is, as a wakeup leaves it (tree and counts, no averages)."""
        bench, get = self.bench, self.bench.get
        if not get(self.group_entity, "sched_entity", "on_rq"):
            self._insert(self.root, self.group_entity)
        self._insert(self.queue, self.entity(task))
        bench.put(self.entity(task), "sched_entity", vruntime=vruntime)
        for address, struct, name in ((self.queue, "cfs_rq", "h_nr_running"), (self.root, "cfs_rq", "h_nr_running"),
                                      (self.rq, "rq", "nr_running")):  # fmt: skip
            bench.put(address, struct, **{name: get(address, struct, name) + 1})
        bench.put(task, "task_struct", state=0, on_rq=1)

    def _insert(self, queue: int, entity: int) -> None:
        bench, get = self.bench, self.bench.get
        assert get(queue, "cfs_rq", "tasks_timeline") == 0
        node = bench.at(entity, "sched_entity", "run_node")
        bench.put(entity, "sched_entity", on_rq=1, run_node__parent_color=1, run_node__left=0, run_node__right=0)
        weight = get(entity, "sched_entity", "load_weight")
        bench.put(queue, "cfs_rq", tasks_timeline=node, rb_leftmost=node, nr_running=get(queue, "cfs_rq", "nr_running") + 1,
                  load_weight=get(queue, "cfs_rq", "load_weight") + weight)  # fmt: skip
        if queue == self.root:
            bench.put(self.rq, "rq", load_weight=get(self.rq, "rq", "load_weight") + weight)

    def wake_idle(self) -> None:
        """What the waker and the interrupt leave behind for an idle core: the flag, and a clock that is fresh."""
        bench = self.bench
        info = bench.get(self.idle, "task_struct", "stack")
        bench.put(info, "thread_info", flags=bench.get(info, "thread_info", "flags") | 8)
        bench.put(self.rq, "rq", clock_skip_update=1)

    def running(self) -> int:
        """The task that the processor itself runs, by its stack."""
        pointer = self.bench.reg("rsp")
        return next(task for task in (self.idle, *self.tasks)
                    if 0 < pointer - self.bench.get(task, "task_struct", "stack") <= STACK)  # fmt: skip


@pytest.fixture
def core(bench: Bench) -> Core:
    return Core(bench)


def start_idle(core: Core) -> None:
    """The idle task, from its beginning to its first HLT."""
    bench = core.bench
    bench.set(rsp=bench.get(core.idle, "task_struct", "thread_sp0"), rflags=2)
    bench.begin("cpu_startup_entry", 0x91)
    bench.step_until()


def run_first(core: Core, task: int) -> None:
    """From HLT in the idle task into a task that has never run."""
    core.enqueue(task)
    core.wake_idle()
    core.bench.step_until(KERNEL + RETURN)
    assert core.running() == task
    core.bench.begin("schedule_tail", core.bench.reg("rax"))
    core.bench.step_until(KERNEL + RETURN)


def sleep(core: Core, task: int) -> None:
    """The running task goes to sleep, the idle task to its HLT."""
    core.bench.put(task, "task_struct", state=1)
    core.bench.begin("schedule")
    core.bench.step_until()


def test_idle_reaches_hlt_asleep_for_rcu_and_not_polling(core: Core) -> None:
    start_idle(core)
    bench = core.bench
    assert bench.get(core.percpu, "percpu", "rcu_dynticks__nesting") == 0
    assert bench.get(core.percpu, "percpu", "rcu_dynticks__dynticks") == 2
    assert bench.get(core.percpu, "percpu", "tick_sched__idle_active") == 1
    assert bench.get(bench.get(core.idle, "task_struct", "stack"), "thread_info", "flags") == 0
    assert bench.reg("rflags") & 0x200


def test_a_switch_from_idle_to_a_task_and_back(core: Core) -> None:
    bench, task = core.bench, core.tasks[0]
    start_idle(core)
    run_first(core, task)
    assert bench.get(core.percpu, "percpu", "current") == task == bench.get(core.rq, "rq", "curr")
    assert bench.get(core.percpu, "percpu", "kernel_stack") == bench.get(task, "task_struct", "thread_sp0")
    assert bench.read(bench.at(core.percpu, "percpu", "tss") + 4) == bench.get(task, "task_struct", "thread_sp0")
    assert (bench.get(task, "task_struct", "on_cpu"), bench.get(core.idle, "task_struct", "on_cpu")) == (1, 0)
    assert bench.uc.msr_read(0xC0000100) == bench.get(task, "task_struct", "thread_fsbase")
    assert bench.get(core.rq, "rq", "lock") == 0 and bench.reg("rflags") & 0x200
    assert bench.get(core.mm, "mm_struct", "mm_count") == 1
    assert bench.get(core.idle, "task_struct", "active_mm") == 0
    assert bench.get(core.queue, "cfs_rq", "curr") == core.entity(task)
    assert bench.get(core.root, "cfs_rq", "curr") == core.group_entity
    assert bench.get(core.queue, "cfs_rq", "tasks_timeline") == 0, "the running entity is not in the tree"

    sleep(core, task)
    assert core.running() == core.idle
    assert bench.get(core.rq, "rq", "curr") == core.idle
    assert bench.get(core.mm, "mm_struct", "mm_count") == 2
    assert bench.get(core.idle, "task_struct", "active_mm") == core.mm
    assert (bench.get(task, "task_struct", "on_rq"), bench.get(task, "task_struct", "on_cpu")) == (0, 0)
    for queue in (core.queue, core.root):
        assert [bench.get(queue, "cfs_rq", name) for name in ("nr_running", "h_nr_running", "curr", "load_weight")] == [0] * 4
    assert bench.get(core.rq, "rq", "nr_running") == 0
    assert bench.get(task, "task_struct", "nvcsw") == 1
    assert bench.get(core.rq, "rq", "nr_switches") == 2


def test_a_switch_between_tasks_keeps_their_fpu_registers(core: Core) -> None:
    bench, (first, second) = core.bench, core.tasks
    start_idle(core)
    run_first(core, first)
    core.enqueue(second)
    bench.uc.reg_write(x86.UC_X86_REG_XMM3, 0x1111)
    bench.put(first, "task_struct", state=1)
    bench.begin("schedule")
    saved = bench.reg("rsp")
    bench.step_until(KERNEL + RETURN)
    assert core.running() == second
    assert bench.uc.reg_read(x86.UC_X86_REG_XMM3) == 0
    bench.begin("schedule_tail", bench.reg("rax"))
    bench.step_until(KERNEL + RETURN)
    assert bench.get(core.percpu, "percpu", "fpu_owner") == bench.at(second, "task_struct", "fpu_last_cpu")
    bench.uc.reg_write(x86.UC_X86_REG_XMM3, 0x2222)

    core.enqueue(first)
    bench.put(second, "task_struct", state=1)
    bench.begin("schedule")
    bench.step_until(KERNEL + RETURN)
    assert core.running() == first and bench.reg("rsp") == saved + 8
    assert bench.uc.reg_read(x86.UC_X86_REG_XMM3) == 0x1111
    assert bench.read(bench.at(second, "task_struct", "fpu_state") + 0xA0 + 3 * 16) == 0x2222
    assert bench.get(core.queue, "cfs_rq", "nr_running") == bench.get(core.root, "cfs_rq", "nr_running") == 1
    assert bench.get(core.mm, "mm_struct", "mm_count") == 1, "no lazy mm between threads"


def test_registers_left_by_the_idle_task_are_not_loaded_again(core: Core) -> None:
    bench, task = core.bench, core.tasks[0]
    start_idle(core)
    run_first(core, task)
    bench.uc.reg_write(x86.UC_X86_REG_XMM3, 0x3333)
    sleep(core, task)
    image = bench.at(task, "task_struct", "fpu_state") + 0xA0 + 3 * 16
    assert bench.read(image) == 0x3333
    bench.write(image, 0x4444)
    core.enqueue(task)
    core.wake_idle()
    bench.step_until(KERNEL + RETURN)
    assert bench.uc.reg_read(x86.UC_X86_REG_XMM3) == 0x3333, "nobody else has used them: no FXRSTOR"


def test_need_resched_of_a_task_alone_keeps_it_running(core: Core) -> None:
    bench, task = core.bench, core.tasks[0]
    start_idle(core)
    run_first(core, task)
    switches = bench.get(core.rq, "rq", "nr_switches")
    info = bench.get(task, "task_struct", "stack")
    bench.put(info, "thread_info", flags=8)
    bench.put(core.percpu, "percpu", preempt_count=0)
    bench.begin("_cond_resched")
    bench.step_until(KERNEL + RETURN)
    assert core.running() == task and bench.reg("rax") == 1
    assert bench.get(core.rq, "rq", "nr_switches") == switches
    assert bench.get(info, "thread_info", "flags") == 0
    assert bench.get(core.percpu, "percpu", "preempt_count") == 0x80000000
    assert bench.get(core.queue, "cfs_rq", "curr") == core.entity(task)


def test_a_pending_signal_keeps_an_interruptible_task_awake(core: Core) -> None:
    bench, task = core.bench, core.tasks[0]
    start_idle(core)
    run_first(core, task)
    bench.put(bench.get(task, "task_struct", "stack"), "thread_info", flags=4)
    bench.put(task, "task_struct", state=1)
    bench.begin("schedule")
    bench.step_until(KERNEL + RETURN)
    assert bench.get(task, "task_struct", "state") == 0
    assert bench.get(core.queue, "cfs_rq", "nr_running") == 1


def test_a_dead_task_leaves_and_its_reference_is_dropped(core: Core) -> None:
    bench, task = core.bench, core.tasks[0]
    start_idle(core)
    run_first(core, task)
    bench.put(task, "task_struct", state=0x40)
    bench.begin("schedule")
    bench.step_until()
    assert core.running() == core.idle
    assert bench.get(task, "task_struct", "usage") == 1
    assert bench.get(core.queue, "cfs_rq", "nr_running") == 0


def test_the_group_stays_queued_while_one_of_its_tasks_can_run(core: Core) -> None:
    bench, (first, second) = core.bench, core.tasks
    start_idle(core)
    run_first(core, first)
    core.enqueue(second)
    bench.put(first, "task_struct", state=1)
    bench.aside("deactivate_task", core.rq, first, 1)
    assert [bench.get(core.queue, "cfs_rq", name) for name in ("nr_running", "h_nr_running", "load_weight")] == [1, 1, NICE_0]
    assert [bench.get(core.root, "cfs_rq", name) for name in ("nr_running", "h_nr_running")] == [1, 1]
    assert bench.get(core.group_entity, "sched_entity", "on_rq") == 1
    assert bench.get(core.root, "cfs_rq", "next") == core.group_entity
    assert bench.get(core.entity(first), "sched_entity", "on_rq") == 0
    assert bench.get(core.rq, "rq", "nr_running") == 1


@pytest.mark.parametrize("buddy", ["", "next", "last", "skip"])
def test_pick_next_entity(bench: Bench, buddy: str) -> None:
    queue = bench.new("cfs_rq")
    left, right = (bench.new("sched_entity", load_weight=NICE_0, vruntime=vruntime, cfs_rq=queue) for vruntime in (100, 200))
    nodes = [bench.at(each, "sched_entity", "run_node") for each in (left, right)]
    bench.put(left, "sched_entity", run_node__parent_color=1, run_node__right=nodes[1])
    bench.put(right, "sched_entity", run_node__parent_color=nodes[0])
    bench.put(queue, "cfs_rq", tasks_timeline=nodes[0], rb_leftmost=nodes[0])
    if buddy:
        bench.put(queue, "cfs_rq", **{buddy: left if buddy == "skip" else right})
    expected = right if buddy else left
    assert bench.call("pick_next_entity", queue, 0) == expected
    assert [bench.get(queue, "cfs_rq", name) for name in ("next", "last")] == [0, 0]
    behind = bench.new("sched_entity", load_weight=NICE_0, vruntime=300, cfs_rq=queue)
    ahead = bench.new("sched_entity", load_weight=NICE_0, vruntime=50, cfs_rq=queue)
    assert bench.call("pick_next_entity", queue, behind) in (left, right)
    assert bench.call("pick_next_entity", queue, ahead) == ahead


def test_a_buddy_too_far_behind_is_not_preferred(bench: Bench) -> None:
    queue = bench.new("cfs_rq")
    left, far = (bench.new("sched_entity", load_weight=NICE_0, vruntime=vruntime, cfs_rq=queue) for vruntime in (100, 10**9))
    bench.put(queue, "cfs_rq", rb_leftmost=bench.at(left, "sched_entity", "run_node"), next=far)
    assert bench.call("pick_next_entity", queue, 0) == left
    assert bench.get(queue, "cfs_rq", "next") == far


LOAD_AVG_MAX = 47742
HALF_LIFE = 0.5 ** (1 / 32)


def modelled(load_sum: float, contribution: int, weight: int, delta: int) -> tuple[float, int]:
    """Geometric series in floating point: sum after `delta` microseconds of `weight`, and the new period's part."""
    while contribution + delta >= 1024:
        load_sum = (load_sum + weight * (1024 - contribution)) * HALF_LIFE
        delta -= 1024 - contribution
        contribution = 0
    return load_sum + weight * delta, contribution + delta


@pytest.mark.parametrize("delta", [1, 500, 1023, 1024, 1500, 5000, 40_000, 400_000])
def test_load_averages_follow_the_geometric_series(core: Core, delta: int) -> None:
    bench, task = core.bench, core.tasks[0]
    entity, weight = core.entity(task), NICE_0 >> 10
    start = 10**12
    for address, struct, path in ((entity, "sched_entity", "avg"), (core.queue, "cfs_rq", "avg")):
        bench.put(address, struct, **{f"{path}__last_update_time": start, f"{path}__load_sum": 20_000 * weight,
                                      f"{path}__util_sum": 20_000 << 10, f"{path}__period_contrib": 300})  # fmt: skip
    bench.put(core.queue, "cfs_rq", runnable_load_sum=20_000 * weight, load_weight=NICE_0, curr=entity)
    bench.put(entity, "sched_entity", on_rq=1)
    bench.put(core.rq, "rq", clock_task=start + delta * 1024 + 7)
    bench.call("update_load_avg", entity, 1)
    expected, contribution = modelled(20_000 * weight, 300, weight, delta)
    # After 345 periods the kernel takes the limit of the series, LOAD_AVG_MAX, which counts the current period too.
    near = 2e-3 if delta < 345 << 10 else 2.2e-2
    for address, struct in ((entity, "sched_entity"), (core.queue, "cfs_rq")):
        assert bench.get(address, struct, "avg__load_sum") == pytest.approx(expected, rel=near)
        assert bench.get(address, struct, "avg__util_sum") == pytest.approx(expected, rel=near)
        assert bench.get(address, struct, "avg__period_contrib") == contribution
        if 300 + delta >= 1024:
            assert bench.get(address, struct, "avg__load_avg") == pytest.approx(expected / LOAD_AVG_MAX, rel=near, abs=2)
    assert bench.get(core.queue, "cfs_rq", "runnable_load_sum") == pytest.approx(expected, rel=near)
    if 300 + delta >= 1024:
        contrib = bench.get(core.queue, "cfs_rq", "tg_load_avg_contrib")
        assert contrib == bench.get(core.queue, "cfs_rq", "avg__load_avg")
        assert contrib == bench.get(core.group, "task_group", "load_avg") - ELSEWHERE


def test_the_tick_charges_the_running_task_and_ends_its_slice(core: Core) -> None:
    bench, (first, second) = core.bench, core.tasks
    start_idle(core)
    run_first(core, first)
    core.enqueue(second)
    info = bench.get(first, "task_struct", "stack")
    bench.begin("scheduler_tick")
    bench.step_until(KERNEL + RETURN)
    assert bench.get(info, "thread_info", "flags") == 0
    before = bench.get(core.entity(first), "sched_entity", "sum_exec_runtime")
    bench.tsc += 35 * 10**7  # 100 ms
    bench.begin("scheduler_tick")
    bench.step_until(KERNEL + RETURN)
    assert bench.get(core.entity(first), "sched_entity", "sum_exec_runtime") - before == pytest.approx(10**8, rel=0.01)
    assert bench.get(info, "thread_info", "flags") & 8
    assert bench.get(core.rq, "rq", "lock") == 0
    assert bench.get(core.rq, "rq", "idle_balance") == 0


# Lengths and footprint beside those of the real kernel (path-lengths.csv, variant before the patch)

AROUND = frozenset({"schedule", "schedule_preempt_disabled", "schedule_tail"})


class Schedule:
    """Watches what runs below `__schedule` on one stack: instructions by routine, lines."""

    def __init__(self, core: Core, task: int) -> None:
        bench = self.bench = core.bench
        self.stack = bench.get(task, "task_struct", "stack")
        idle_loop = {routine.name for routine in bench.image.routines if routine.state == "idle"} | AROUND
        # The waker has just read the clock for the idle core: what reads it there is the idle loop.
        clock = {"sched_clock", "sched_clock_cpu"} if task == core.idle else set()
        self.excluded = idle_loop | clock
        bench.counts.clear()
        bench.lines.clear()

    def lengths(self) -> Counter[str]:
        """Instructions of each routine."""
        counted = self.bench.counts.items()
        return Counter({name: count for (stack, name), count in counted if stack == self.stack and name not in self.excluded})

    def lines(self) -> set[int]:
        """Lines of data."""
        touched = self.bench.lines.items()
        parts = [lines for (stack, name), lines in touched if stack == self.stack and name not in self.excluded]
        return set().union(*parts)


def near(found: int, measured: int, tolerance: float) -> None:
    assert abs(found - measured) <= tolerance * measured, f"{found} for {measured}"


def wake(core: Core, task: int) -> None:
    core.bench.aside("try_to_wake_up", task, 3, 0)


def test_schedule_is_as_long_as_the_kernels_from_a_task_to_idle_and_back(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.TICKS_PER_INSTRUCTION", 6)
    bench, task = core.bench, core.tasks[0]
    start_idle(core)
    run_first(core, task)
    sleep(core, task)
    for _ in range(2):
        asleep, idle = Schedule(core, task), Schedule(core, core.idle)
        wake(core, task)
        bench.step_until(KERNEL + RETURN)
        sleep(core, task)
    lengths, idle_lengths = asleep.lengths(), idle.lengths()
    print(lengths, len(asleep.lines()), idle_lengths, len(idle.lines()), sep="\n")
    near(lengths.total(), 997, 0.1)
    near(idle_lengths.total(), 664, 0.115)
    near(len(asleep.lines()), 67, 0.1)
    near(len(idle.lines()), 68, 0.1)
    near(lengths["__switch_to"], 116, 0.1)
    near(lengths["update_load_avg"] + lengths["dequeue_task_fair"], 252, 0.1)
    near(idle_lengths["__switch_to"], 112, 0.1)
    near(idle_lengths["set_next_entity"] + idle_lengths["update_load_avg"], 130, 0.1)
    near(sum(count for (stack, _), count in bench.counts.items() if stack == idle.stack), 1117, 0.12)


def test_schedule_is_as_long_as_the_kernels_between_tasks(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.TICKS_PER_INSTRUCTION", 6)
    bench, (first, second) = core.bench, core.tasks
    start_idle(core)
    run_first(core, first)
    wake(core, second)
    bench.put(first, "task_struct", state=1)
    bench.begin("schedule")
    bench.step_until(KERNEL + RETURN)
    bench.begin("schedule_tail", bench.reg("rax"))
    bench.step_until(KERNEL + RETURN)
    for sleeper, next_task in ((second, first), (first, second), (second, first)):
        wake(core, next_task)
        watches = [Schedule(core, each) for each in (first, second)]
        bench.put(sleeper, "task_struct", state=1)
        bench.begin("schedule")
        bench.step_until(KERNEL + RETURN)
        assert core.running() == next_task
    lengths = watches[0].lengths() + watches[1].lengths()
    lines = watches[0].lines() | watches[1].lines()
    print(lengths, len(lines), sep="\n")
    near(lengths.total(), 1151, 0.1)
    near(len(lines), 80, 0.1)
    near(lengths["__switch_to"], 131, 0.1)
