"""Random programs of one to four instructions, and the state that each begins in.

A program is made so that no input makes it fault and nothing undefined is read: an address is made of registers that still have
the values they began with, and a flag that may be undefined is read by nothing behind. So every instruction may be left out
of it again, and what is left is a program, too.
"""

import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from bench.cpu.flags import ALWAYS, BITS, STATUS, Effect, effect, masked
from bench.cpu.forms import Form, forms

TEXT, DATA, STACK = 0x100000, 0x200000, 0x300000
EXIT = TEXT  # where every program goes in the end
DATA_BYTES, STACK_BYTES = 0x2000, 0x1000
LIVE = range(DATA + 0xE00, DATA + 0x1200)  # where operands lie: across the boundary of two pages
RSP = STACK + 0x800
WHOLE = ("rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *(f"r{n}" for n in range(8, 16)))
USED = tuple(name for name in WHOLE if name != "rsp")
LEGACY = ("rax", "rcx", "rdx", "rbx")  # those with a high byte, which no instruction with a REX prefix can name
VECTORS = 16
MASK = 2**64 - 1
EVERY = ""  # the feature of what every x86-64 processor has
SPECIAL_VALUES = [0, 1, 2, MASK, *((1 << bits) + add & MASK for bits in (7, 8, 15, 16, 31, 32, 63) for add in (-1, 0))]
# Registers that an instruction may change beside its operands.
ALSO_CHANGED = {
    **dict.fromkeys(("mul", "imul", "div", "idiv", "cmpxchg8b", "cmpxchg16b"), ("rax", "rdx")),
    **dict.fromkeys(("cmpxchg", "cbw", "cwde", "cdqe", "lahf"), ("rax",)),
    **dict.fromkeys(("cwd", "cdq", "cqo"), ("rdx",)),
}  # fmt: skip
KEEPS_OPERANDS = frozenset(("cmp", "test", "bt", "push", "movnti"))


@dataclass(frozen=True, slots=True)
class Statement:
    """One instruction of a program; more than one where a branch needs something to go to. `@` begins its labels."""

    lines: tuple[str, ...]
    name: str
    effect: Effect
    changes: frozenset[str] = frozenset()  # registers that may have another value behind it
    writes_memory: bool = False
    may_end: bool = False  # the program may end here
    feature: str = ""


@dataclass(frozen=True, slots=True)
class Program:
    """Statements, and where they begin: registers by name with `flags`, vector registers, the live part of memory."""

    statements: tuple[Statement, ...]
    registers: dict[str, int]
    vectors: tuple[int, ...]
    memory: bytes

    @property
    def undefined(self) -> int:
        """Flags that may be undefined at an end of it."""
        now = ends = 0
        for each in self.statements:
            now = now & ~each.effect.sets | each.effect.undefined
            ends |= now if each.may_end else 0
        return now | ends

    def without(self, index: int) -> "Program":
        """The same with one statement less."""
        return replace(self, statements=self.statements[:index] + self.statements[index + 1 :])

    def text(self, name: str) -> list[str]:
        """Its lines for the assembler; labels begin with `name`."""
        return [line.replace("@", f"L{name}_{index}_") for index, each in enumerate(self.statements) for line in each.lines]


@dataclass(slots=True)
class Situation:
    """How far a program has come while it is made: what is still as it was at the beginning."""

    rng: random.Random
    registers: dict[str, int]
    memory: bytes
    known: set[str] = field(default_factory=lambda: set(USED))
    memory_known: bool = True
    undefined: int = 0

    def add(self, statement: Statement) -> None:
        """Go behind a statement."""
        self.known -= statement.changes
        self.memory_known &= not statement.writes_memory
        self.undefined = self.undefined & ~statement.effect.sets | statement.effect.undefined

    def value(self, name: str, size: int) -> int | None:
        """Unsigned value of the low bits of a register, if it is known."""
        return self.registers[name] & ((1 << size) - 1) if name in self.known else None


def narrow(name: str, size: int) -> str:
    """The part of a register that has `size` bits."""
    if name[1:].isdigit():
        return name + {64: "", 32: "d", 16: "w", 8: "b"}[size]
    if size == 8:
        return name[1] + "l" if name in LEGACY else name[1:] + "l"
    return {64: name, 32: "e" + name[1:], 16: name[1:]}[size]


def signed(value: int, size: int) -> int:
    """The low `size` bits of a number as a signed one."""
    value &= (1 << size) - 1
    return value - (1 << size) if value >> (size - 1) else value


def number(value: int) -> str:
    """A literal as Keystone reads it."""
    return hex(value) if value >= 0 else f"-{-value:#x}"


class Operands:
    """Draws the operands of one instruction."""

    def __init__(self, situation: Situation) -> None:
        """`high` allows high bytes: then no operand may need a REX prefix."""
        self.situation, self.rng = situation, situation.rng
        self.high = False
        self.drawn: list[str] = []  # whole registers that are operands

    def register(self, size: int) -> str:
        name = self.rng.choice(LEGACY if self.high else USED)
        self.drawn.append(name)
        if self.high and size == 8 and self.rng.random() < 0.7:
            return f"{name[1]}h"
        return narrow(name, size)

    def vector(self) -> str:
        return f"xmm{self.rng.randrange(VECTORS)}"

    def constant(self, size: int) -> str:
        size = min(size, 32)
        value = self.rng.choice((self.rng.getrandbits(size), self.rng.getrandbits(4), *self.rng.sample(SPECIAL_VALUES, 2)))
        return number(signed(value, size))

    def target(self, size: int, aligned: bool) -> int:
        """A place for an operand of `size` bits."""
        at = LIVE.start + self.rng.randrange(len(LIVE) - size // 8)
        return at & -(size // 8) if aligned else at

    def memory(self, size: int, *, aligned: bool = False, at: int | None = None) -> str:
        """A memory operand at `at`, or anywhere: its address may have a base and an index that are as they were."""
        at = self.target(size, aligned) if at is None else at
        usable = sorted(self.situation.known & (set(LEGACY) | {"rbp", "rsi", "rdi"} if self.high else set(USED)))
        pointer = {8: "byte", 16: "word", 32: "dword", 64: "qword", 128: "xmmword"}[size]
        for _ in range(8):
            base, index = (self.rng.choice([None, *usable]) for _ in range(2))
            scale = self.rng.choice((1, 2, 4, 8))
            if self.rng.random() < 0.6:
                index = None
            wide = 64 if self.high or self.rng.random() < 0.9 else 32  # bits of the address's registers
            total = sum(signed(self.situation.registers[each], wide) * by for each, by in ((base, 1), (index, scale)) if each)
            displacement = signed(at - total, wide)
            if -(2**31) <= displacement < 2**31 and (total + displacement - at) % 2**wide == 0:
                break
        else:
            base = index = None
            wide, displacement = 64, at
        terms = [narrow(base, wide)] if base else []
        terms += [f"{narrow(index, wide)}*{scale:#x}"] if index else []
        text = " + ".join(terms or ["riz*0x1"])
        return f"{pointer} ptr [{text} {'-' if displacement < 0 else '+'} {abs(displacement):#x}]"

    def draw(self, kind: str, size: int) -> str:
        """An operand of a kind of `cpu_forms`."""
        size = int(kind[1:]) if kind[1:].isdigit() else size
        match kind[0]:
            case "r":
                return self.register(size)
            case "m" | "a":
                return self.memory(size, aligned=kind[0] == "a")
            case "i":
                return self.constant(size)
            case "q":
                return hex(self.rng.getrandbits(64))
            case "b" | "n":
                return hex(
                    self.rng.choice((self.rng.randrange(256 if kind == "b" else 128), self.rng.randrange(size + 2), 0, 1, size))
                )
            case "x":
                return self.vector()
        return "0x1" if kind == "1" else kind


def from_form(form: Form, situation: Situation) -> Statement | None:
    """An instruction of a form, or nothing if its result would be undefined."""
    operands = Operands(situation)
    operands.high = "8" in (kind[1:] or str(form.size) for kind in form.operands if kind[0] in "rma") and form.size <= 32
    operands.high &= situation.rng.random() < 0.4
    texts = [operands.draw(kind, form.size) for kind in form.operands]
    count = None
    if form.operands[-1:] == ("cl",):
        count = situation.value("rcx", 8)
    elif form.operands[-1:] in (("b",), ("1",)):
        count = int(texts[-1], 16)
    if form.name in ("shld", "shrd") and form.size == 16 and (count is None or masked(count, 16) > 16):
        return None  # SDM 2, SHLD: a count above the size leaves the result undefined
    changes = set(ALSO_CHANGED.get(form.name, ())) if len(texts) < 2 or form.name == "cmpxchg" else set()
    if form.name not in KEEPS_OPERANDS:
        changes |= set(operands.drawn)
    first = form.operands[:1] and form.operands[0][0]
    return Statement(
        (f"{form.prefix} {form.name} {', '.join(texts)}".strip(),),
        form.name,
        effect(form.name, form.size, count),
        frozenset(changes),
        writes_memory=first in ("m", "a") and form.name not in ("cmp", "test", "bt"),
        feature=form.feature,
    )


def statements(situation: Situation, features: frozenset[str]) -> Iterator[Statement]:
    """Random statements that may come next, without end, each with one of the features."""
    from bench.cpu.special import SPECIAL

    kinds: list[Form | Callable[[Situation], Statement | None]] = [each for each in forms() if each.feature in features]
    kinds += [each for each in SPECIAL for _ in range(10)]
    while True:
        kind = situation.rng.choice(kinds)
        made = from_form(kind, situation) if isinstance(kind, Form) else kind(situation)
        if made and not made.effect.reads & situation.undefined and made.feature in features:
            yield made


def start(rng: random.Random) -> tuple[dict[str, int], tuple[int, ...], bytes]:
    """Registers, vector registers and memory to begin with: values that often are equal, close to each other, or at an edge."""
    pool = [rng.getrandbits(64), rng.getrandbits(rng.randrange(1, 65)), rng.choice(SPECIAL_VALUES)]
    pool += [pool[0] ^ rng.getrandbits(32) << 32, rng.choice(SPECIAL_VALUES)]

    values = rng.choices(pool * 5 + SPECIAL_VALUES, k=len(USED) + 2 * VECTORS + len(LIVE) // 8)
    registers = {}
    for name in USED:
        likely = {"rsi": 0.7, "rdi": 0.7, "rcx": 0.1}.get(name, 0.25)
        registers[name] = rng.choice(LIVE) if rng.random() < likely else values.pop()
    if rng.random() < 0.5:
        registers["rcx"] = rng.choice((0, 1, rng.randrange(20), rng.randrange(256)))
    if rng.random() < 0.4:
        registers["rdx"] = 0
    if rng.random() < 0.3:
        registers["rbp"] = RSP + 8 * rng.randrange(-8, 8)
    registers["rsp"] = RSP
    registers["flags"] = rng.getrandbits(12) & (STATUS | (BITS["D"] if rng.random() < 0.5 else 0)) | ALWAYS
    vectors = tuple(values.pop() | values.pop() << 64 for _ in range(VECTORS))
    words = len(LIVE) // 8
    return registers, vectors, struct.pack(f"<{words}Q", *values[:words])


def program(seed: int, features: frozenset[str], *, wanted: str = "", longest: int = 4) -> Program:
    """The program of a seed, of instructions that these features have; with `wanted`, its last is one of that feature."""
    rng = random.Random(seed)
    registers, vectors, memory = start(rng)
    situation = Situation(rng, registers, memory)
    found: list[Statement] = []
    length = rng.randrange(1, longest + 1)
    while len(found) < length:
        among = {wanted} if wanted and len(found) + 1 == length else features | {EVERY}
        found.append(next(statements(situation, frozenset(among))))
        situation.add(found[-1])
    return Program(tuple(found), registers, vectors, memory)
