"""A few Unicorn cores over one RAM, with just enough kernel memory to call the IPC, slab and lock routines one by one.

No boot, no scheduler: `schedule`, `wake_up_process` and the like are stand-ins that return at once; tests look at them by
address. Nothing here is shared with the engine.
"""

import ctypes
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import unicorn
from unicorn import x86_const as x86

from bench.guest_coverage import watch
from emu.assembly import assemble, get_variant, guest_folder, load_globals, load_structs
from emu.assembly.variants import kernel_inlines, kernel_sources, lock_kind
from emu.guest.paging import PAGE, USER_DATA, PageTables
from emu.guest.ram import DIRECT_MAP, Ram, direct
from emu.guest.record import Kernel, Record
from emu.image import Image

RAM_BYTES = 16 << 20
STACK_BYTES = 0x4000
USER_PAGE = 0x7F0000000000
PT_REGS_BYTES = 0xA8  # what the system-call entry leaves on the stack before it calls the handler
FREE_OBJECTS_PER_CORE = 8
SLAB_OBJECTS = 64
MASK = 2**64 - 1
STAND_INS = {
    "schedule": "ret",
    "wake_up_process": "ret",
    "_cond_resched": "xor eax, eax\nret",
    "returned": "hlt",
    "new_slab": "xor eax, eax\nret",  # a page allocator that has nothing left
    "refusing_hook": "mov eax, -0x16\nret",
    "agreeing_hook": "xor eax, eax\nret",
    "lock_loop": """
    push rbx
    push rbp
    push r12
    mov rbx, rdi
    mov rbp, rsi
    mov r12, rdx
.Lagain:
    mov rdi, rbx
    call _raw_spin_lock
    mov rax, qword ptr [rbp]
    pause
    inc rax
    mov qword ptr [rbp], rax
    raw_spin_unlock [rbx]
    dec r12
    jnz .Lagain
    pop r12
    pop rbp
    pop rbx
    ret""",
    "pass_loop": """
    push rbx
    push rbp
    push r12
    push r13
    mov rbx, rdi
    mov rbp, rsi
    xor r12d, r12d
.Lagain:
    mov edi, 0x38
    mov esi, 0x24000c0
    call __kmalloc
    mov qword ptr [rax + LIST_prev], rbx
    mov ecx, r12d
    and ecx, 0x7
    xchg qword ptr [rbx + rcx*8], rax
    inc r12d
    mov rdi, rax
    mov r13, rax
    test rax, rax
    je .Lempty
    call kfree
.Lempty:
    cmp r12, rbp
    jne .Lagain
    pop r13
    pop r12
    pop rbp
    pop rbx
    ret""",
}


@cache
def image_of(variant: str) -> Image:
    """The real routines of IPC, slab, locks, user copies; stand-ins for what they call elsewhere."""
    firmware, chain = guest_folder("firmware"), kernel_sources(get_variant(variant))
    structs = load_structs(sorted((firmware / "structs").glob("*.toml")))
    placed = load_globals(sorted((firmware / "globals").glob("*.toml")), structs)
    mine = {firmware / name for name in ("lock", "slab", "usercopy", "ipc_support")}
    files = [path for path in chain.values() if path.parent in mine or not path.is_relative_to(firmware)]  # not slab/unlikely
    files += [firmware / "sched_wakeup" / name for name in ("wake_q_add.S", "wake_q_add_safe.S", "wake_up_q.S")]
    with TemporaryDirectory() as folder:
        for name, text in STAND_INS.items():
            path = Path(folder) / f"{name}.S"
            path.write_text(f"{name}:\n{text}\n")
            files.append(path)
        elsewhere = {path.stem for path in firmware.rglob("*.S")} - {path.stem for path in files}  # tables of others name them
        return assemble(
            files,
            inlines=kernel_inlines(get_variant(variant)),
            structs=structs,
            placed=placed,
            variant=variant,
            lock_kind=lock_kind(get_variant(variant)),
            stubs=sorted(elsewhere),
        )


class Core:
    """One Unicorn core with a task of its own as `current`."""

    def __init__(self, machine: "IpcMachine", index: int, area: Record, task: Record, stack: int) -> None:
        self.machine = machine
        self.index = index
        self.area = area
        self.task = task
        self.stack_top = direct(stack + STACK_BYTES)
        self.uc = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_64)
        self.uc.ctl_set_cpu_model(x86.UC_CPU_X86_OPTERON_G5)
        data = machine.data
        self.uc.mem_map_ptr(0, len(data), unicorn.UC_PROT_ALL, ctypes.c_void_p(data.ctypes.data))
        self.uc.reg_write(x86.UC_X86_REG_CR4, 0x6A0)
        self.uc.reg_write(x86.UC_X86_REG_CR3, machine.pages.cr3)
        self.uc.msr_write(0xC0000080, 0xD01)
        self.uc.reg_write(x86.UC_X86_REG_CR0, 0x80010033)
        self.uc.reg_write(x86.UC_X86_REG_RFLAGS, 0x202)
        self.uc.reg_write(x86.UC_X86_REG_GS_BASE, area.virtual)
        watch(self.uc, machine.image)
        self.executed: Counter[str] = Counter()
        self.on_code: Callable[[int], None] | None = None
        if machine.counted:
            self.uc.hook_add(unicorn.UC_HOOK_CODE, self._count)

    def _count(self, uc: unicorn.Uc, address: int, size: int, data: object) -> None:
        found = self.machine.image.symbol_at(address)
        self.executed[found[0] if found else hex(address)] += 1
        if self.on_code:
            self.on_code(address)

    def start(self, name: str, *arguments: int) -> None:
        """Make the next instruction the first of a routine, called with these arguments."""
        registers = ("RDI", "RSI", "RDX", "RCX", "R8", "R9")
        for register, value in zip(registers, arguments, strict=False):
            self.uc.reg_write(getattr(x86, f"UC_X86_REG_{register}"), value & MASK)
        rsp = self.stack_top - PT_REGS_BYTES - 8
        self.machine.put(rsp, self.machine.symbol("returned"))
        self.uc.reg_write(x86.UC_X86_REG_RSP, rsp)
        self.uc.reg_write(x86.UC_X86_REG_RIP, self.machine.symbol(name))

    @property
    def pc(self) -> int:
        return self.uc.reg_read(x86.UC_X86_REG_RIP)

    @property
    def result(self) -> int:
        return self.uc.reg_read(x86.UC_X86_REG_RAX)

    @property
    def finished(self) -> bool:
        return self.pc == self.machine.symbol("returned")

    def run(self, until: str = "returned") -> int:
        """Run to the first instruction of a routine; returns rax."""
        self.uc.emu_start(self.pc, self.machine.symbol(until))
        assert self.pc == self.machine.symbol(until), f"stopped in {self.machine.image.symbol_at(self.pc)}"
        return self.result

    def call(self, name: str, *arguments: int) -> int:
        """Call a routine and run it to its end."""
        self.start(name, *arguments)
        return self.run()

    def step(self) -> None:
        """One instruction."""
        self.uc.emu_start(self.pc, MASK, count=1)


class IpcMachine:
    """Cores, a queue, a slab cache, credentials and pids."""

    def __init__(self, variant: str = "baseline", cores: int = 1, *, counted: bool = False, spare_slabs: int = 2) -> None:
        self.image = image_of(variant)
        self.counted = counted
        self.data = np.zeros(RAM_BYTES, np.uint8)
        for segment in self.image.segments:
            self.data[segment.physical : segment.physical + len(segment.data)] = np.frombuffer(segment.data, np.uint8)
        self.ram = Ram(self.data, 0x600000)
        self.pages = PageTables(self.ram)
        self.pages.map_kernel(text_bytes=0x200000)
        self.kernel = Kernel(self.image, self.ram, self.pages)
        self.queue = self._queue()
        self.cores = [self._core(index) for index in range(cores)]
        self._slab(spare_slabs)

    def symbol(self, name: str) -> int:
        return self.image.symbols[name]

    def physical(self, virtual: int) -> int:
        found = self.pages.translate(virtual)
        assert found is not None, hex(virtual)
        return found

    def get(self, virtual: int, size: int = 8) -> int:
        return self.ram.get(self.physical(virtual), size)

    def put(self, virtual: int, value: int, size: int = 8) -> None:
        self.ram.put(self.physical(virtual), value, size)

    def user(self, core: int) -> int:
        """User page of a core's task."""
        return USER_PAGE + core * PAGE

    def _queue(self) -> Record:
        block = self.ram.allocate(0x100, 0x100)
        queue = self.kernel.record("msg_queue", block + self.kernel.size("ipc_rcu"))
        queue["q_perm.mode"] = 0o600
        queue["q_qbytes"] = 16384
        for head in ("q_messages", "q_receivers", "q_senders"):
            queue[f"{head}.next"] = queue[f"{head}.prev"] = queue.address(head)
        self.put(self.symbol("msg_idr_layer") + self.kernel.offset("idr_layer", "ary"), queue.virtual)
        return queue

    def _core(self, index: int) -> Core:
        kernel = self.kernel
        area, task = kernel.allocate("percpu", f"percpu/{index}", align=PAGE), kernel.allocate("task_struct", f"task/{index}")
        stack = self.ram.allocate(STACK_BYTES, STACK_BYTES)
        kernel.record("thread_info", stack)["addr_limit"] = 0x7FFFFFFFF000
        task["stack"], task["usage"] = direct(stack), 2
        task["nsproxy"], task["cred"] = self.symbol("init_nsproxy"), self.symbol("init_cred")
        task["group_leader"] = task.virtual if index == 0 else self.cores_so_far[0].virtual
        self.cores_so_far = [*getattr(self, "cores_so_far", []), task]
        pid = kernel.allocate("pid", f"pid/{index}")
        pid["count"], pid["nr"], pid["ns"] = 1, 1000 + index, self.symbol("init_pid_ns")
        task["pids_pid"] = pid.virtual
        area["this_cpu_off"], area["current"], area["cpu_number"] = area.virtual, task.virtual, index
        area["kernel_stack"] = direct(stack + STACK_BYTES)
        self.put(self.symbol("__per_cpu_offset") + 8 * index, area.virtual)
        page = self.ram.allocate(PAGE, PAGE)
        self.pages.map(self.user(index), page, USER_DATA)
        return Core(self, index, area, task, stack)

    def _slab(self, spare_slabs: int) -> None:
        kernel, count = self.kernel, len(self.cores) + spare_slabs
        self.cache, self.node = kernel.allocate("kmem_cache", "kmalloc-64"), kernel.allocate("kmem_cache_node", "kmalloc-64 node")
        self.cache["cpu_slab"] = kernel.offset("percpu", "kmalloc_64")
        self.cache["flags"], self.cache["min_partial"], self.cache["cpu_partial"] = 0x40000000, 0x1000, 30
        self.cache["size"] = self.cache["object_size"] = 64
        self.cache["node"] = self.node.virtual
        self.put(self.symbol("kmalloc_caches") + 8 * 6, self.cache.virtual)
        slabs = self.ram.allocate(count * PAGE, PAGE)
        pages = self.ram.allocate(count * kernel.size("page"))
        self.put(self.symbol("vmemmap_base"), direct(pages) - kernel.size("page") * (slabs // PAGE))
        self.slabs = [kernel.record("page", pages + index * kernel.size("page")) for index in range(count)]
        self.slab_base = slabs
        self.total_objects = FREE_OBJECTS_PER_CORE * len(self.cores) + SLAB_OBJECTS * spare_slabs
        for index, page in enumerate(self.slabs):
            page["flags"], page["refcount"], page["slab_cache"] = 0x80, 1, self.cache.virtual
            first = slabs + index * PAGE
            owned = index < len(self.cores)
            free = FREE_OBJECTS_PER_CORE if owned else SLAB_OBJECTS
            for number in range(free):
                self.ram.put(first + 64 * number, direct(first + 64 * (number + 1)) if number + 1 < free else 0)
            if owned:
                page["inuse"], page["objects_frozen"] = SLAB_OBJECTS, 0x8000 | SLAB_OBJECTS
                mine = self.cores[index].area.inner("kmalloc_64", "kmem_cache_cpu")
                mine["tid"], mine["page"], mine["freelist"] = index, page.virtual, direct(first)
            else:
                page["objects_frozen"], page["freelist"] = SLAB_OBJECTS, direct(first)
        self._link_partial(self.slabs[len(self.cores) :])

    def _link_partial(self, pages: Sequence[Record]) -> None:
        ring = [self.node.address("partial"), *(page.address("next") for page in pages)]
        for here, following in zip(ring, [*ring[1:], ring[0]], strict=True):
            self.put(here, following)
            self.put(following + 8, here)
        self.node["nr_partial"] = len(pages)

    def free_objects(self) -> list[int]:
        """Every object on any free list, wherever it is."""
        heads = [page["freelist"] for page in self.slabs]
        heads += [core.area.inner("kmalloc_64", "kmem_cache_cpu")["freelist"] for core in self.cores]
        return [each for head in heads for each in self.chain(head)]

    def chain(self, head: int) -> Iterator[int]:
        while head:
            assert head % 64 == 0 and self.slab_base <= head - DIRECT_MAP < self.slab_base + len(self.slabs) * PAGE
            yield head
            head = self.get(head)

    def node_partial(self) -> list[int]:
        """Pages on the node's list."""
        found, head = [], self.node.address("partial")
        at = self.get(head)
        while at != head:
            assert self.get(self.get(at) + 8) == at
            found.append(at - self.kernel.offset("page", "next"))
            at = self.get(at)
        return found
