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
