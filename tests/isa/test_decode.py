"""What decode says of each form of instruction the guest uses, against what a Unicorn core does with it."""

import random
from collections.abc import Iterator
from pathlib import Path

import keystone
import pytest
import unicorn
from unicorn import x86_const as x86

from emu.assembly import assemble_variant, variants
from emu.errors import UserError
from emu.isa import Branch, Memory, decode, leaders
from emu.isa.carried_out import is_string
from emu.isa.decode import decode_bytes

TEXT, DATA, STACK = 0x100000, 0x200000, 0x300000
REGISTERS = ("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "rsp")
VECTORS = ("xmm1", "xmm2")
STATUS = 0x8D5  # CF PF AF ZF SF OF
ADDRESS = "r14"  # of the data, in every form with a memory operand
OPERANDS = {
    "r64": ("rbx", "rsi", "r8"), "r32": ("ebx", "esi", "r8d"), "r16": ("bx", "si", "r8w"), "r8": ("bl", "sil", "r8b"),
    "m8": "byte ptr [r14 + 0x40]", "m16": "word ptr [r14 + 0x40]", "m32": "dword ptr [r14 + 0x40]",
    "m64": "qword ptr [r14 + 0x40]", "m128": "xmmword ptr [r14 + 0x40]", "i": "0x3", "x": ("xmm1", "xmm2"),
}  # fmt: skip
# Left out: they leave the core's user mode, wait, or touch what is no register here.
SYSTEM = frozenset(
    (
        "cli", "sti", "hlt", "iretq", "retfq", "lgdt", "lidt", "ltr", "swapgs", "syscall", "sysretq", "wrmsr", "rdtsc", "ud2",
        "fxsave64", "fxrstor64", "fnclex", "emms", "fild", "popfq", "pushfq",
    )
)  # fmt: skip

# What the comparison cannot show: status flags that are kept or not defined, the direction flag, a frame elsewhere.
UNSEEN = {**{name: {"flags"} for name in ("cld", "cmc", "div", "idiv")}, "leave": {"rbp"}}
UNSEEN_OF_STRINGS = {"flags", "rsi", "rdi", "rcx"}
DIVISIONS = ("div", "idiv")
BIT_TESTS = ("bt", "btc", "btr", "bts")  # with a register for the bit, any byte of memory may be meant

FEW, MANY = 9, 24  # random states of a core for each form
LISTED = Path(__file__).with_name("forms.txt")
Form = tuple[str, tuple[str, ...], bool, bool]  # mnemonic, operands, locked, repeated
# Not used so far, or rarely: a new routine may well use them.
MORE = (
    "adc r64 r64", "adc r32 i", "adc m64 r64", "sbb r64 r64", "sbb r32 m32", "xadd m64 r64", "xadd r64 r64", "cmpxchg r64 r64",
    "shl r64 r8", "sar m64 i", "rol r64 i", "ror r32 i", "bts r64 i", "bts m64 i", "btc r64 r64", "setne m8", "cmovg r64 m64",
    "cmovle r16 r16", "imul r64 m64", "imul r64", "mul m32", "idiv r32", "movsx r64 r16", "movzx r64 m16", "neg m64", "not m32",
    "bswap r64", "cwde", "cdq", "cqo", "popcnt r64 r64", "xchg r64 r64", "xchg r8 r8", "leave", "pop m64", "push m64",
    "lodsq r64 m64",
    "stosq m64 r64", "movsq m64 m64", "clc", "stc", "cmc", "test m64 i", "mov r16 i", "mov r8 i", "sub r8 r8",
    "xor r16 m16", "shld r64 r64 i", "rcl r32 r8", "rcr m64 i", "not m8", "lock adc m32 r32", "lock not m16", "lock neg m64",
    "lock btc m32 i", "cmpxchg r32 r32", "cmpxchg m32 r32", "bsf r32 m32", "bsr r16 r16", "tzcnt r32 r32", "lzcnt r64 m64", "cbw",
    "cwd", "lahf", "sahf", "stosw m16 r16", "lodsb r8 m8", "movsw m16 m16", "cmpsb m8 m8", "cmpsq m64 m64", "scasw r16 m16",
    "scasd r32 m32", "cmpxchg8b m64", "lock cmpxchg16b m128", "prefetcht1 m8", "prefetchnta m8", "clflush m8", "mfence", "lfence",
    "movnti m32 r32", "movaps x m128", "movaps m128 x", "movupd x x", "movdqu m128 x", "lddqu x m128", "movd x r32", "movd r32 x",
    "movd m32 x", "movq x m64", "movq m64 x", "movq x x", "movss x x", "movss x m32", "movss m32 x", "movsd x x", "movsd x m64",
    "movlps x m64", "movhpd m64 x", "movhlps x x", "movntdq m128 x",
)  # fmt: skip


def of_the_guest() -> set[Form]:
    """Every form that the guest uses and that can be shown on a bare core."""
    return {
        (each.mnemonic, each.operands, each.locked, each.repeated)
        for name in variants()
        for each in decode(assemble_variant(name)).values()
        if each.branch == Branch.NONE and each.mnemonic not in SYSTEM and not {"s", "c"} & set(each.operands)
    }


def line(form: Form) -> str:
    name, operands, locked, repeated = form
    return " ".join([*(["lock"] if locked else []), *(["rep"] if repeated else []), name, *operands])


def form_of(text: str) -> Form:
    name, *operands = words = text.split()
    locked, repeated = name == "lock", name == "rep"
    if locked or repeated:
        name, *operands = words[1:]
    return name, tuple(operands), locked or (name == "xchg" and "m" in operands[0]), repeated


def forms() -> list[Form]:
    """The guest's, as they stand beside this file, and more; so nothing is assembled before a test runs."""
    return sorted({form_of(each) for each in (*LISTED.read_text().splitlines(), *MORE)})


def statement(form: Form) -> str:
    name, operands, locked, repeated = form
    prefix = ("lock " if locked and name != "xchg" else "") + ("rep " if repeated else "")
    if is_string(name, operands):
        return prefix + name
    texts = []
    for position, kind in enumerate(operands):
        text = OPERANDS[kind] if kind[0] == "m" or kind == "i" else OPERANDS[kind][position]
        texts.append("cl" if name in ("shr", "shl", "sar", "shrd", "shld", "rcl") and position and kind == "r8" else text)
    return f"{prefix}{name} {', '.join(texts)}".strip()


class Core:
    """A bare core that runs one instruction on given registers and remembers what it did."""

    def __init__(self, code: bytes) -> None:
        self.uc = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_64)
        for base in (TEXT, DATA, STACK):
            self.uc.mem_map(base, 0x2000)
        self.uc.mem_write(TEXT, code)
        self.code = code
        self.accesses = 0
        self.uc.hook_add(unicorn.UC_HOOK_MEM_READ | unicorn.UC_HOOK_MEM_WRITE, self._note)

    def _note(self, uc: object, kind: int, *_: object) -> None:
        self.accesses |= 2 if kind == unicorn.UC_MEM_WRITE else 1

    def run(self, state: dict[str, int], data: bytes) -> tuple[dict[str, int], bytes] | None:
        """Registers and memory after the instruction; nothing if it faults."""
        self.uc.mem_write(DATA, data)
        self.uc.mem_write(STACK, data)
        for name, value in state.items():
            self.uc.reg_write(_number(name), value | 2 if name == "flags" else value)
        try:
            self.uc.emu_start(TEXT, TEXT + len(self.code), count=0)
        except unicorn.UcError:
            return None
        after = {name: self.uc.reg_read(_number(name)) for name in state}
        after["flags"] &= STATUS
        return after, bytes(self.uc.mem_read(DATA, 0x1000)) + bytes(self.uc.mem_read(STACK, 0x1000))


def _number(name: str) -> int:
    number: int = getattr(x86, f"UC_X86_REG_{'RFLAGS' if name == 'flags' else name.upper()}")
    return number


def states(form: Form, rng: random.Random, trials: int) -> Iterator[tuple[dict[str, int], bytes]]:
    """Random registers and memory, in which comparisons sometimes come out equal."""
    used = (*REGISTERS, *VECTORS) if "x" in form[1] else REGISTERS
    for trial in range(trials):
        state = {name: rng.getrandbits(128 if name in VECTORS else 64) for name in used} | {"flags": rng.getrandbits(12) & STATUS}
        data = bytearray(rng.randbytes(0x1000))
        state |= {ADDRESS: DATA, "rsp": STACK + 0x800}
        if trial % 3 == 0:
            data[0x40:0x48] = state["rax"].to_bytes(8, "little")
            data[0x48:0x50] = state["rdx"].to_bytes(8, "little")
            if form[0] == "cmpxchg8b":
                data[0x44:0x48] = data[0x48:0x4C]
            state["rbx"] = state["rax"]
        if form[0] in DIVISIONS:
            state["rdx"] = rng.getrandbits(8)
        if (form[0] in BIT_TESTS and form[1][0][0] == "m") or form[0] == "btc":
            state["rsi"] = rng.getrandbits(6)
        if form[0] == "leave":
            state["rbp"] = STACK + 0x700
        if is_string(form[0], form[1]):
            state |= {"rsi": DATA + 0x100, "rdi": DATA + 0x400, "rcx": rng.randrange(4)}
        yield state, bytes(data)


def test_the_forms_are_those_of_the_guest(request: pytest.FixtureRequest) -> None:
    found = "".join(f"{text}\n" for text in sorted(map(line, of_the_guest())))
    if request.config.getoption("--update-golden"):
        LISTED.write_text(found)
    assert found == LISTED.read_text(), f"{LISTED} differs: if the new text is right, run pytest with --update-golden"


ONE_FLAG = [1 << bit for bit in range(12) if STATUS >> bit & 1]  # all at once would keep SF and OF equal or different


def assembled(text: str) -> bytes:
    code, _ = keystone.Ks(keystone.KS_ARCH_X86, keystone.KS_MODE_64).asm(text, TEXT, True)
    return bytes(code)


@pytest.mark.parametrize("trials", [FEW, pytest.param(MANY, marks=pytest.mark.deep)])
@pytest.mark.parametrize("form", forms(), ids=statement)
def test_registers_and_memory_are_those_the_core_touches(form: Form, trials: int) -> None:
    code = assembled(statement(form))
    (each,) = decode_bytes(code, TEXT).values()
    assert (each.mnemonic, each.operands, each.locked, each.repeated) == form
    core, rng = Core(code), random.Random(0)
    few = (
        each.mnemonic in DIVISIONS or each.repeated or (each.mnemonic in BIT_TESTS and each.memory != Memory.NONE)
    )  # bits to change at most: more, and it faults
    written: set[str] = set()
    read: set[str] = set()
    for state, data in states(form, rng, trials):
        if (result := core.run(state, data)) is None:
            continue
        after, memory = result
        written |= {name for name in state if after[name] != state[name]}
        for name in sorted(set(state) - each.address_registers - {"rsp"}):  # sorted: one order of draws in every run
            flip = rng.randrange(1, 64) if few else rng.getrandbits(128 if name in VECTORS else 64)
            compared = [r for r in state if r != name or (name in each.writes and name != "flags")]
            for bits in ONE_FLAG if name == "flags" else [flip]:
                if (other := core.run(state | {name: state[name] ^ bits}, data)) is None:
                    continue
                if any(other[0][r] != after[r] for r in compared) or other[1] != memory:
                    read.add(name)
    assert core.accesses == (0 if each.mnemonic == "lea" else each.memory), "memory"
    unseen = UNSEEN_OF_STRINGS if is_string(form[0], form[1]) else UNSEEN.get(each.mnemonic, set())
    assert written | unseen >= each.writes >= written, "registers written"
    assert read | unseen >= each.reads - each.address_registers - {"rsp"} >= read, "registers read"


@pytest.mark.parametrize(
    ("text", "branch", "memory"),
    [
        ("call 0x100040", Branch.CALL, Memory.STORE),
        ("call rax", Branch.INDIRECT_CALL, Memory.STORE),
        ("call qword ptr [rax]", Branch.INDIRECT_CALL, Memory.READ_MODIFY_WRITE),
        ("jmp 0x100040", Branch.JUMP, Memory.NONE),
        ("jmp rax", Branch.INDIRECT_JUMP, Memory.NONE),
        ("jmp qword ptr [rax]", Branch.INDIRECT_JUMP, Memory.LOAD),
        ("jne 0x100040", Branch.CONDITIONAL, Memory.NONE),
        ("ret", Branch.RETURN, Memory.LOAD),
        ("iretq", Branch.NONE, Memory.LOAD),
        ("syscall", Branch.NONE, Memory.NONE),
        ("hlt", Branch.NONE, Memory.NONE),
        ("pushfq", Branch.NONE, Memory.STORE),
        ("popfq", Branch.NONE, Memory.LOAD),
        ("fxsave64 [rax]", Branch.NONE, Memory.STORE),
        ("fxrstor64 [rax]", Branch.NONE, Memory.LOAD),
        ("lidt [rax]", Branch.NONE, Memory.LOAD),
        ("invlpg [rax]", Branch.NONE, Memory.NONE),
        ("prefetchw [rax]", Branch.NONE, Memory.NONE),
    ],
)
def test_branches_and_system_instructions(text: str, branch: Branch, memory: Memory) -> None:
    (each,) = decode_bytes(assembled(text), TEXT).values()
    assert (each.branch, each.memory) == (branch, memory)
    assert each.target == (0x100040 if "0x100040" in text else None)


def test_bytes_that_are_no_instruction_are_refused() -> None:
    with pytest.raises(UserError, match=r"routine at 0x100000: the bytes at \+0x1 are no instruction: keep data out of the text"):
        decode_bytes(b"\x90\x06\x06", TEXT)


def test_basic_blocks_begin_at_routines_targets_and_behind_branches() -> None:
    code = assembled("cmp eax, ebx\njne skip\ninc eax\nskip:\ncall other\nret\nother:\ndec eax\nret")
    found = decode_bytes(code, TEXT)
    texts = {found[address].text for address in leaders(found, [TEXT])}
    assert texts == {"cmp eax, ebx", "inc eax", f"call {TEXT + 0xC:#x}", "ret", "dec eax"}


def test_every_instruction_of_every_variant_is_decoded() -> None:
    image = assemble_variant("wakeq")
    found = decode(image)
    for routine in image.routines:
        address = routine.address
        while address < routine.address + routine.size:
            address = found[address].next
        assert address == routine.address + routine.size
    for address, (file, line) in image.lines.items():
        assert address in found or ".byte" in Path(file).read_text().splitlines()[line - 2]


def test_address_parts_for_lea_and_fusion() -> None:
    scaled, simple, relative, zero = decode_bytes(
        assembled("lea rax, [rbx + rcx*4]\nlea rax, [rbx + rcx]\nlea rax, [rip + 0x10]\nxor eax, eax"), TEXT
    ).values()
    assert [each.scaled_index for each in (scaled, simple, relative)] == [True, False, False]
    assert relative.rip_relative and not simple.rip_relative
    assert zero.same_operands
