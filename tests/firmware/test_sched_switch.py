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

from emu.assembly import Image, assemble, load_globals, load_structs

FIRMWARE = Path(__file__).parents[2] / "firmware"
FOLDERS = ("sched_switch", "sched_wakeup", "lock")
KERNEL, DIRECT = 0xFFFFFFFF80000000, 0xFFFF880000000000
RAM_BYTES = 0x1000000
TABLES, RETURN, OBJECTS = 0x10000, 0x20000, 0x800000
MASK = 2**64 - 1
HLT, RDTSC, UD2 = b"\xf4", b"\x0f\x31", b"\x0f\x0b"
GPR = {name: getattr(x86, f"UC_X86_REG_{name.upper()}") for name in
       ["rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip", "rflags", "gs_base", "cr0", "cr3", "cr4", "ss", "ds", "es", "fs", "gs"]}  # fmt: skip
TICKS_PER_INSTRUCTION = 2
NICE_0, IDLE_PRIO = 1 << 20, 140


def assembled() -> Image:
    """The routines under test and what they call; the rest (boot, entry, system calls) stands as labels."""
    structs = load_structs(sorted((FIRMWARE / "structs").glob("*.toml")))
    placed = load_globals(sorted((FIRMWARE / "globals").glob("*.toml")), structs)
    sources = [path for folder in FOLDERS for path in sorted((FIRMWARE / folder).glob("*.S"))]
    known = {path.stem for path in sources} | set(placed)
    named = {value[1:] for each in placed.values() for value, _ in each.init.values() if isinstance(value, str)}
    others = {path.stem for path in FIRMWARE.glob("*/*.S")}
    return assemble(sources, structs=structs, placed=placed, stubs=sorted((named | others) - known))


class Bench:
    """One core in long mode, the image in its RAM, objects allocated by struct name."""

    def __init__(self, image: Image) -> None:
        self.image = image
        self.ram = np.zeros(RAM_BYTES, np.uint8)
        self.uc = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_64)
        self.uc.ctl_set_cpu_model(x86.UC_CPU_X86_OPTERON_G5)
        self.uc.mem_map_ptr(0, RAM_BYTES, unicorn.UC_PROT_ALL, ctypes.c_void_p(self.ram.ctypes.data))
        self.top = OBJECTS
        self.tsc = 1 << 40
        self.counts: Counter[str] = Counter()
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

    def step_until(self, *stops: int, limit: int = 20_000) -> int:
        """Step, counting by routine, to one of the addresses; HLT stops too (rip behind it)."""
        for _ in range(limit):
            pc = self.reg("rip")
            if pc in stops:
                return pc
            self.counts[self.name(pc)] += 1
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
                          rcu_sched__nxtlist=1, tick_sched__nohz_mode=2, evtdev=device)  # fmt: skip
        self.rq = new("rq", avg_idle=100_000, rd=new("root_domain"), stop=new("task_struct"), rt_highest_prio_curr=100,
                      sd=new("sched_domain", balance_interval=8))  # fmt: skip
        put(self.percpu, "percpu", this_cpu_off=self.percpu, runqueue=self.rq)
        bench.write(bench["__per_cpu_offset"], self.percpu)
        bench.write(bench["__cpu_online_mask"], 1)
        put(bench["tk_core"], "timekeeper", clock=bench["clocksource_tsc"], read=bench["read_tsc"], mask=MASK,
            mult=0x492492, shift=24)  # fmt: skip
        bench.set(gs_base=self.percpu)
        self.group = new("task_group", shares=NICE_0)
        self.queue = new("cfs_rq", rq=self.rq, tg=self.group)
        put(self.rq, "rq", cfs__rq=self.rq, cfs__tg=bench["root_task_group"])
        self.root = at(self.rq, "rq", "cfs")
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
        stack = bench.allocate(0x4000, 0x4000)
        task = bench.new("task_struct", usage=2, stack=stack, thread_sp0=stack + 0x4000, prio=prio, normal_prio=prio,
                         sched_class=bench[sched_class], fpu_last_cpu=0xFFFFFFFF, **fields)  # fmt: skip
        bench.put(stack, "thread_info", task=task)
        return task

    def _user_task(self, index: int) -> int:
        bench = self.bench
        task = self._task("fair_sched_class", 120, state=1, mm=self.mm, active_mm=self.mm, pid=100 + index,
                          fpu_fpstate_active=1, thread_fsbase=0x7F0000000100 + (index << 16), signal=bench.allocate(0x400),
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

    def enqueue(self, task: int) -> None:
        """Put a task on its empty queues, as try_to_wake_up leaves it (the tree and the counts, no averages)."""
        bench, entity = self.bench, self.entity(task)
        for queue, each in ((self.queue, entity), (self.root, self.group_entity)):
            bench.put(each, "sched_entity", on_rq=1, run_node__parent_color=1, run_node__left=0, run_node__right=0)
            node = bench.at(each, "sched_entity", "run_node")
            weight = bench.get(each, "sched_entity", "load_weight")
            bench.put(queue, "cfs_rq", tasks_timeline=node, rb_leftmost=node, nr_running=1, h_nr_running=1, load_weight=weight)
        bench.put(self.rq, "rq", nr_running=1, load_weight=NICE_0, clock_skip_update=1)
        bench.put(task, "task_struct", state=0, on_rq=1)
        info = bench.get(self.idle, "task_struct", "stack")
        bench.put(info, "thread_info", flags=bench.get(info, "thread_info", "flags") | 8)

    def running(self) -> int:
        """The task that the processor itself runs, by its stack."""
        pointer = self.bench.reg("rsp")
        return next(task for task in (self.idle, *self.tasks)
                    if 0 < pointer - self.bench.get(task, "task_struct", "stack") <= 0x4000)  # fmt: skip


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
