"""A latency loop and a throughput loop for each row of the instruction table that the guest uses.

A latency loop is a chain: each copy waits for the one before, through a register, the flags, an address or memory. Where a chain
or a loop needs a second instruction its own figure is taken off. A throughput loop is copies that are independent.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from emu.calibrate.benchmark import Loop
from emu.calibrate.routine import timed
from emu.description.instruction_table import InstructionRow, InstructionTable
from emu.timing.costs import cost_of_row

FENCED = frozenset(("MFENCE", "SFENCE", "LFENCE", "PAUSE", "XCHG m,r|r,m"))
GROUP, FENCES = "instructions", "locked, fences, pause"
LATENCY, THROUGHPUT = "latency", "throughput"
FREE = ("rax", "rdx", "rsi", "r8", "r9", "r10", "r11", "rbp")  # a throughput loop goes round these; rbx and rcx are sources
SLOTS = 16  # places in memory that a throughput loop goes round
CYCLES_WANTED = 128  # of one iteration, so that its end is small beside it
COPIES_MIN, COPIES_MAX = 16, 256


@dataclass(frozen=True, slots=True)
class Kind:
    """What one copy looks like.

    {r}, {d}, {b} are a free register of 64, 32, 8 bits, {at} is a free place in memory, {label} its own label.
    `begin` comes before the copies of each iteration, {bytes} being what as many pushes take; `less` is taken off each copy.
    """

    copy: str
    setup: str = ""
    begin: str = ""
    beside: str = ""
    less: tuple[tuple[str, float], ...] = ()
    native: bool = True


@dataclass(frozen=True, slots=True)
class Pair:
    """The two loops of a row; None where there is nothing to wait for, or no figure to compare with."""

    latency: Kind | None
    throughput: Kind | None


def name_of(row: str, what: str) -> str:
    """A loop's name, by that of its row."""
    return f"{row}: {what}"


def _less(row: str, what: str, factor: float = -1) -> tuple[tuple[str, float], ...]:
    return ((name_of(row, what), factor),)


ZERO = "mov qword ptr [rdi], rax"  # rax is 0 when a setup begins
CLEAR = "xor eax, eax; mov ecx, 0x1; mov ebx, 0x1"
ALU_FORMS: dict[str, Pair] = {}
for _name in ("ADD", "SUB", "AND", "OR", "XOR"):
    _low = _name.lower()
    ALU_FORMS |= {
        f"{_name} r,r|r,imm": Pair(Kind(f"{_low} rax, rcx"), Kind(f"{_low} {{r}}, rcx")),
        f"{_name} r,m": Pair(Kind(f"{_low} rax, qword ptr [rdi + rax]"), Kind(f"{_low} {{r}}, qword ptr [{{at}}]")),
        f"{_name} m,r|m,imm": Pair(Kind(f"{_low} qword ptr [rdi], rcx"), Kind(f"{_low} qword ptr [{{at}}], rcx")),
    }

SBB = _less("ADC|SBB r,r|r,imm", LATENCY)
CMP_TIME = _less("CMP|TEST r,r|r,imm", LATENCY)
CALL_TIME = _less("CALL imm|r", THROUGHPUT)
RET_TIME = _less("RET", THROUGHPUT)
ROOM = "lea rsp, [r13 - {bytes}]"  # an iteration's pops begin below what they take

# By the name of the row.
FORMS: Mapping[str, Pair] = ALU_FORMS | {
    "XOR|SUB r,r (same register)": Pair(None, Kind("xor {d}, {d}")),
    "ADC|SBB r,r|r,imm": Pair(Kind("sbb rax, rax"), Kind("sbb {r}, {r}")),
    "CMP|TEST r,r|r,imm": Pair(Kind("cmp rax, rcx; sbb rax, rax", less=SBB), Kind("cmp {r}, rcx")),
    "CMP|TEST r,m|m,r|m,imm": Pair(
        Kind("cmp rax, qword ptr [rdi + rax]; sbb rax, rax", less=SBB), Kind("cmp {r}, qword ptr [{at}]")
    ),
    "INC|DEC|NEG|NOT r": Pair(Kind("inc rax"), Kind("inc {r}")),
    "INC|DEC|NEG|NOT m": Pair(Kind("inc qword ptr [rdi]"), Kind("inc qword ptr [{at}]")),
    "SHL|SHR|SAR|ROL|ROR|SAL r,imm|r,cl": Pair(Kind("shl rax, 0x3"), Kind("shl {r}, 0x3")),
    "SHL|SHR|SAR|ROL|ROR|SAL m,imm|m,cl": Pair(Kind("shl qword ptr [rdi], 0x1"), Kind("shl qword ptr [{at}], 0x1")),
    "SHLD|SHRD r,r,imm": Pair(Kind("shrd rax, rdx, 0x20"), Kind("shrd {r}, rcx, 0x20")),
    "SHLD|SHRD r,r,cl": Pair(Kind("shrd rax, rdx, cl"), Kind("shrd {r}, rbx, cl")),
    "MOV r64,r64": Pair(Kind("mov rdx, rax; mov rax, rdx"), Kind("mov {r}, rcx")),
    "MOV r32,r32": Pair(Kind("mov edx, eax; mov eax, edx"), Kind("mov {d}, ecx")),
    "MOV r,imm": Pair(None, Kind("mov {d}, 0x5")),
    "MOV r64,m64|r32,m32": Pair(Kind("mov rax, qword ptr [rdi + rax]"), Kind("mov {r}, qword ptr [{at}]")),
    "MOV r,m": Pair(Kind("mov al, byte ptr [rdi + rax]"), Kind("mov {b}, byte ptr [{at}]")),
    "MOV m,r": Pair(None, Kind("mov qword ptr [{at}], rcx")),
    "MOV m,imm": Pair(None, Kind("mov qword ptr [{at}], 0x5")),
    "MOV r,sr|m,sr": Pair(None, Kind("mov {d}, ds")),
    "MOV sr,r|sr,m": Pair(None, Kind("mov es, eax", setup="xor eax, eax")),
    "MOV cr,r|r,cr": Pair(None, Kind("mov rdx, cr2", native=False)),
    "MOVZX r,r": Pair(Kind("movzx eax, al"), Kind("movzx {d}, cl")),
    "MOVSX r,r": Pair(Kind("movsx rax, ax"), Kind("movsx {r}, cx")),
    "MOVSXD r64,r32": Pair(Kind("movsxd rax, eax"), Kind("movsxd {r}, ecx")),
    "MOVZX r,m": Pair(Kind("movzx eax, byte ptr [rdi + rax]"), Kind("movzx {d}, byte ptr [{at}]")),
    "MOVSX r,m": Pair(Kind("movsx rax, byte ptr [rdi + rax]"), Kind("movsx {r}, byte ptr [{at}]")),
    "MOVSXD r64,m32": Pair(Kind("movsxd rax, dword ptr [rdi + rax]"), Kind("movsxd {r}, dword ptr [{at}]")),
    "CMOVcc r,r": Pair(Kind("cmove rax, rcx"), Kind("cmove {r}, rcx")),
    "CMOVcc r,m": Pair(Kind("cmove rax, qword ptr [rdi + rax]"), Kind("cmove {r}, qword ptr [{at}]")),
    "LEA r,m": Pair(Kind("lea rax, [rax + rcx]"), Kind("lea {r}, [rbx + rcx]")),
    "LEA r,m (three parts or a scale)": Pair(Kind("lea rax, [rax + rcx*0x4 + 0x8]"), Kind("lea {r}, [rbx + rcx*0x4 + 0x8]")),
    "XCHG r64,r64|r32,r32": Pair(Kind("xchg rax, rdx"), Kind("xchg {r}, {r2}")),
    "PUSH r": Pair(None, Kind("push rcx", begin="mov rsp, r13")),
    "PUSH imm": Pair(None, Kind("push 0x10", begin="mov rsp, r13")),
    "PUSH m|sr": Pair(None, Kind("push qword ptr [rdi]", begin="mov rsp, r13")),
    "POP r": Pair(
        Kind("pop rax; lea rsp, [rsi + rax]", setup="lea rsi, [rdi + 0x800]; mov rsp, rsi", less=_less("LEA r,m", LATENCY)),
        Kind("pop {r}", begin=ROOM),
    ),
    "PUSHFQ|PUSHF": Pair(None, Kind("pushfq", begin="mov rsp, r13")),
    "POPFQ|POPF": Pair(None, Kind("pushfq; popfq", less=_less("PUSHFQ|PUSHF", THROUGHPUT))),
    "BT r,r|r,imm": Pair(Kind("bt rax, rcx; sbb rax, rax", less=SBB), Kind("bt {r}, rcx")),
    "BT m,r": Pair(None, Kind("bt qword ptr [{at}], rcx")),
    "BTS|BTR|BTC r,r|r,imm": Pair(Kind("bts rax, rcx"), Kind("bts {r}, rcx")),
    "BTS|BTR|BTC m,imm": Pair(None, Kind("bts dword ptr [{at}], 0x1")),
    "BTS|BTR|BTC m,r": Pair(None, Kind("bts qword ptr [{at}], rcx")),
    "BSF r,r": Pair(Kind("bsf rax, rax", setup="mov eax, 0x1"), Kind("bsf {r}, rcx")),
    "BSF r,m": Pair(
        Kind("bsf rax, qword ptr [rdi + rax]", setup="mov qword ptr [rdi], rcx"),
        Kind("bsf {r}, qword ptr [rdi]", setup="mov qword ptr [rdi], rcx"),
    ),
    "BSR r,r": Pair(Kind("bsr rax, rax", setup="mov eax, 0x1"), Kind("bsr {r}, rcx")),
    "SETcc r": Pair(Kind("setb al; cmp al, cl", less=CMP_TIME), Kind("sete {b}")),
    "SETcc m": Pair(None, Kind("sete byte ptr [{at}]")),
    "CLD": Pair(None, Kind("cld")),
    "CBW|CWDE|CDQE": Pair(Kind("cdqe"), None),
    "CDQ|CQO": Pair(None, Kind("cqo")),
    "IMUL r32,r|r32,m|r32,r,imm|r32,m,imm": Pair(Kind("imul eax, ecx"), Kind("imul {d}, ecx")),
    "IMUL r64,r|r64,m|r64,r,imm|r64,m,imm": Pair(Kind("imul rax, rcx"), Kind("imul {r}, rcx")),
    "MUL|IMUL r64|m64": Pair(Kind("mul rcx"), Kind("mov rax, rbx; mul rcx")),
    "DIV|IDIV r|m": Pair(
        Kind("div ecx", setup="xor edx, edx; mov eax, 0xffff"),
        Kind("xor edx, edx; mov eax, 0xffff; div ecx"),
    ),
    "DIV|IDIV r64|m64": Pair(
        Kind("div rcx", setup="xor edx, edx; mov eax, 0xffffffff"),
        Kind("xor edx, edx; mov eax, 0xffffffff; div rcx"),
    ),
    "JMP imm|r|m": Pair(None, Kind("jmp {label}; {label}:")),
    "Jcc imm": Pair(None, Kind("je {label}; {label}:", begin="test rsp, rsp")),
    "Jcc imm (taken)": Pair(None, Kind("je {label}; nop; {label}:", begin="cmp ecx, ecx")),
    "CMP|TEST+Jcc (fused and not taken)": Pair(None, Kind("cmp rcx, rsp; je {label}; {label}:")),
    "CMP|TEST+Jcc (fused and taken)": Pair(None, Kind("cmp rcx, rbx; je {label}; nop; {label}:")),
    "CALL imm|r": Pair(None, Kind("call {label}; {label}:", begin="mov rsp, r13")),
    "CALL m": Pair(
        None, Kind("call qword ptr [rdi]", setup="lea rax, [rip + .Lreturn]; mov qword ptr [rdi], rax", beside=".Lreturn:; ret",
                   less=RET_TIME)
    ),
    "RET": Pair(None, Kind("call .Lreturn", beside=".Lreturn:; ret", less=CALL_TIME)),
    "RETFQ|RETF": Pair(
        None,
        Kind("push 0x10; lea rax, [rip + {label}]; push rax; .byte 0x48; retf; {label}:", native=False,
             less=_less("PUSH r", THROUGHPUT, -2)),
    ),
    "IRETQ": Pair(
        None,
        Kind("push 0x18; push r13; pushfq; push 0x10; lea rax, [rip + {label}]; push rax; iretq; {label}:", native=False,
             less=_less("PUSH r", THROUGHPUT, -4) + _less("PUSHFQ|PUSHF", THROUGHPUT)),
    ),
    "REP MOVS|STOS|LODS|SCAS|CMPS": Pair(None, Kind("mov ecx, 0x1; mov rdi, rsi; rep stosq", setup="mov rsi, rdi")),
    "PREFETCHT0|PREFETCHT1|PREFETCHT2 m": Pair(None, Kind("prefetcht0 byte ptr [rdi]")),
    "PREFETCHNTA|PREFETCHW m": Pair(None, Kind("prefetchnta byte ptr [rdi]")),
    "XADD m,r": Pair(Kind("xadd qword ptr [rdi], rax"), None),
    "CMPXCHG m,r": Pair(Kind("cmpxchg qword ptr [rdi], rcx", setup=f"xor eax, eax; xor ecx, ecx; {ZERO}"), None),
    "CMPXCHG16B m128": Pair(
        Kind("cmpxchg16b xmmword ptr [rdi]", setup="xor eax, eax; xor edx, edx; xor ecx, ecx; xor ebx, ebx"), None
    ),
    "NOP|ENDBR64": Pair(None, Kind("nop")),
    "RDTSC": Pair(None, Kind("rdtsc")),
    "CLI": Pair(None, Kind("cli", native=False)),
    "STI": Pair(None, Kind("sti", native=False)),
    "SWAPGS": Pair(None, Kind("swapgs", native=False)),
    "WRMSR": Pair(None, Kind("wrmsr", setup="mov ecx, 0xc0000102; xor eax, eax; xor edx, edx", native=False)),
    "LGDT|LIDT|LTR": Pair(None, Kind("lidt [rdi]", native=False)),
    "FXSAVE|FXSAVE64|FXRSTOR|FXRSTOR64 m": Pair(None, Kind("fxsave64 [rdi]")),
    "FNCLEX": Pair(None, Kind("fnclex")),
    "EMMS": Pair(None, Kind("emms")),
    "FILD m": Pair(None, Kind("fild dword ptr [rdi]", native=False)),
    "LOCK ADD|SUB|AND|OR|XOR|INC|DEC|NEG m,r|m,imm|m": Pair(None, Kind("lock add qword ptr [rdi], rcx")),
    "XCHG m,r|r,m": Pair(None, Kind("xchg qword ptr [rdi], rax")),
    "LOCK XADD m,r": Pair(None, Kind("lock xadd qword ptr [rdi], rax")),
    "LOCK CMPXCHG m,r": Pair(None, Kind("lock cmpxchg qword ptr [rdi], rcx")),
    "LOCK CMPXCHG16B m128": Pair(None, Kind("lock cmpxchg16b xmmword ptr [rdi]")),
    "MFENCE": Pair(None, Kind("mfence")),
    "SFENCE": Pair(None, Kind("sfence")),
    "LFENCE": Pair(None, Kind("lfence")),
    "PAUSE": Pair(None, Kind("pause")),
}  # fmt: skip

UNMEASURED: Mapping[str, str] = {
    "UD2|INT|INT3": "ends the run: only a page fault that the kernel expects is delivered",
    "HLT": "part of the interrupt to a halted core",
    "SYSCALL": "part of the system call round trip",
    "SYSRETQ|SYSRET": "part of the system call round trip",
}


def loops(table: InstructionTable) -> Iterator[Loop]:
    """A loop for each row of a table that has one; one whose figure another takes off comes before it."""
    rows = ((table.row(name), pair) for name, pair in FORMS.items())
    found = [_loop(row, what, kind) for row, pair in rows if row is not None for what, kind in _of(pair)]
    names = {each.name: each for each in found}
    placed: dict[str, Loop] = {}

    def place(each: Loop) -> None:
        for other, _ in each.add:
            place(names[other])
        placed.setdefault(each.name, each)

    for each in found:
        place(each)
    yield from placed.values()


def _of(pair: Pair) -> Iterator[tuple[str, Kind]]:
    for what, kind in ((LATENCY, pair.latency), (THROUGHPUT, pair.throughput)):
        if kind is not None:
            yield what, kind


def _loop(row: InstructionRow, what: str, kind: Kind) -> Loop:
    cost = cost_of_row(row)
    expected = cost.latency if what == LATENCY else cost.throughput
    copies = min(max(round(CYCLES_WANTED / max(expected, 0.25)), COPIES_MIN), COPIES_MAX)
    name = name_of(row.name, what)
    label = "b_" + "".join(each if each.isalnum() else f"_{ord(each):x}_" for each in name)
    setup = [*CLEAR.split("; "), *(part for part in kind.setup.split("; ") if part)]
    begin = [part.format(bytes=hex(8 * copies)) for part in kind.begin.split("; ") if part]
    body = [part for number in range(copies) for part in _copy(kind.copy, number).split("; ")]
    per_copy = 2 if row.mnemonic == "MOV" and what == LATENCY and "; " in kind.copy else 1
    fenced = row.name in FENCED or row.mnemonic.startswith("LOCK")
    return Loop(
        name=name,
        group=FENCES if fenced else GROUP,
        routine=timed(label, setup, [*begin, *body], beside=[part for part in kind.beside.split("; ") if part]),
        operations=copies * per_copy,
        lengths=(32, 96),
        warm=32,
        add=kind.less,
        native=kind.native,
        native_factor=8,
    )


def _copy(text: str, number: int) -> str:
    register, other = FREE[number % len(FREE)], FREE[(number + 4) % len(FREE)]
    return text.format(
        r=register,
        r2=other,
        d=_narrow(register, "d"),
        b=_narrow(register, "b"),
        at=f"rdi + {number % SLOTS * 8:#x}",
        label=f".L{number}",
    )


def _narrow(register: str, width: str) -> str:
    if register[1].isdigit():
        return register + width
    if width == "d":
        return "e" + register[1:]
    return {"rax": "al", "rdx": "dl", "rsi": "sil", "rbp": "bpl"}[register]
