"""Instructions that want more than operands: a state of the registers that they do not fault in, or something to branch to."""

from collections.abc import Callable

from bench.cpu.flags import ALWAYS, BITS, STATUS, effect
from bench.cpu.programs import EXIT, LIVE, RSP, Operands, Situation, Statement, narrow, number, signed
from emu.isa.carried_out import CONDITIONS, STRINGS

SIZES = {8: "b", 16: "w", 32: "d", 64: "q"}
STRING_MAX = 20  # elements: they stay on the two pages
STACK_REACH = 0x200
TO_THE_NEXT = ("jrcxz", "jecxz", "loop", "loope", "loopne")  # branches that reach no further than 128 bytes


def string(situation: Situation) -> Statement | None:
    """Moves, stores, loads, scans or compares one element, or as many as RCX says."""
    rng = situation.rng
    size = rng.choice(tuple(SIZES))
    name = rng.choice(("movs", "stos", "lods", "cmps", "scas"))
    prefix = rng.choice(("", "rep") if name in ("movs", "stos", "lods") else ("", "repe", "repne"))
    pointers = {"movs": ("rsi", "rdi"), "cmps": ("rsi", "rdi"), "lods": ("rsi",)}.get(name, ("rdi",))
    if any(each not in situation.known or situation.registers[each] not in LIVE for each in pointers):
        return None
    if prefix and (situation.value("rcx", 64) is None or situation.registers["rcx"] > STRING_MAX):
        return None
    changes = {*pointers, *(("rcx",) if prefix else ()), *(("rax",) if name == "lods" else ())}
    text = f"{prefix} {name}{SIZES[size]}".strip()
    if text.endswith("movsd"):
        text = ".byte 0xf3, 0xa5" if prefix else ".byte 0xa5"  # Keystone takes it for the move of a vector register
    return Statement((text,), name, effect(name, size, None), frozenset(changes), writes_memory=name in ("movs", "stos"))


def bit_far_away(situation: Situation) -> Statement | None:
    """A bit test whose register says which bit, counted from the operand in either direction."""
    rng, operands = situation.rng, Operands(situation)
    if not situation.known:
        return None
    size, index = rng.choice((16, 32, 64)), rng.choice(sorted(situation.known))
    offset = (signed(situation.registers[index], size) >> size.bit_length() - 1) * (size // 8)
    if abs(offset) > 1 << 29:
        return None
    name, locked = rng.choice((("bt", ""), *((each, lock) for each in ("bts", "btr", "btc") for lock in ("", "lock "))))
    at = operands.target(size, aligned=bool(locked)) - offset
    text = f"{locked}{name} {operands.memory(size, at=at)}, {narrow(index, size)}"
    return Statement((text,), name, effect(name, size, None), writes_memory=name != "bt")


def division(situation: Situation) -> Statement | None:
    """A division whose quotient fits."""
    rng, operands = situation.rng, Operands(situation)
    size, name = rng.choice(tuple(SIZES)), rng.choice(("div", "idiv"))
    high, low = situation.value("rdx", size), situation.value("rax", size)
    if size == 8 and (whole := situation.value("rax", 16)) is not None:
        high, low = whole >> 8, whole & 0xFF
    if high is None or low is None:
        return None
    if rng.random() < 0.5 and situation.memory_known:
        at = operands.target(size, aligned=False)
        text = operands.memory(size, at=at)
        divisor = int.from_bytes(situation.memory[at - LIVE.start :][: size // 8], "little")
    else:
        whole_name = rng.choice(sorted(situation.known))
        text, divisor = narrow(whole_name, size), situation.registers[whole_name] & ((1 << size) - 1)
    dividend = high << size | low
    bounds = range(1 << size)
    if name == "idiv":
        dividend, divisor, bounds = signed(dividend, 2 * size), signed(divisor, size), range(-(1 << size - 1), 1 << size - 1)
    quotient = abs(dividend) // abs(divisor) * (1 if (dividend < 0) == (divisor < 0) else -1) if divisor else None
    if quotient is None or quotient not in bounds:
        return None
    return Statement((f"{name} {text}",), name, effect(name, size, None), frozenset(("rax", "rdx")))


def wide_exchange(situation: Situation) -> Statement:
    """CMPXCHG8B or CMPXCHG16B: the latter, and what is locked, at a multiple of its size."""
    rng, operands = situation.rng, Operands(situation)
    name, size = rng.choice((("cmpxchg8b", 64), ("cmpxchg16b", 128)))
    locked = rng.choice(("", "lock "))
    text = operands.memory(size, aligned=bool(locked) or size == 128)
    feature = "cx16" if size == 128 else ""
    return Statement((f"{locked}{name} {text}",), name, effect(name, size, None), frozenset(("rax", "rdx")), True, feature=feature)


def stack(situation: Situation) -> Statement | None:
    """PUSH and POP, and two with the flags."""
    rng, operands = situation.rng, Operands(situation)
    kind = rng.choice(("push", "pop", "push m", "pop m", "push i", "push rsp", "pushfq", "popfq", "leave"))
    size = rng.choice((16, 64, 64))
    if kind == "pushfq":
        return Statement(("pushfq",), kind, effect(kind, 64, None), writes_memory=True)
    if kind == "popfq":
        value = rng.getrandbits(12) & (STATUS | BITS["D"]) | ALWAYS
        return Statement((f"push {value:#x}", "popfq"), kind, effect(kind, 64, None), writes_memory=True)
    if kind == "leave":
        frame = situation.value("rbp", 64)
        if frame is None or abs(frame - RSP) > STACK_REACH:
            return None
        return Statement((kind,), kind, effect(kind, 64, None), frozenset(("rbp",)))
    name, _, operand = kind.partition(" ")
    text = {"m": lambda: operands.memory(size), "i": lambda: operands.constant(32), "rsp": lambda: "rsp"}.get(
        operand, lambda: operands.register(size)
    )()
    changes = frozenset(operands.drawn) if name == "pop" else frozenset()
    return Statement((f"{name} {text}",), name, effect(name, size, None), changes, writes_memory=True)


def address(situation: Situation) -> Statement:
    """LEA, of any registers: nothing is accessed."""
    rng, operands = situation.rng, Operands(situation)
    size, displacement = rng.choice((16, 32, 64)), number(signed(rng.getrandbits(32), 32))
    target = operands.register(size)
    wide = rng.choice((32, 64, 64))
    base, index = (narrow(rng.choice([*situation.registers][:15]), wide) for _ in range(2))
    text = rng.choice((f"{base}", f"{base} + {index}*{rng.choice((1, 2, 4, 8)):#x}", f"{index}*0x8"))
    sign = "" if displacement[0] == "-" else "+ "
    return Statement((f"lea {target}, [{text} {sign}{displacement}]",), "lea", effect("lea", size, None), frozenset(operands.drawn))


def own_code(situation: Situation) -> Statement:
    """A load of the program's own bytes, by RIP."""
    operands = Operands(situation)
    lines = ("@x:", f"mov {operands.register(64)}, qword ptr [rip + @x]")
    return Statement(lines, "mov", effect("mov", 64, None), frozenset(operands.drawn))


def branch(situation: Situation) -> Statement:
    """A jump to the end of the program or over nothing, a call, a return."""
    rng, operands = situation.rng, Operands(situation)
    kind = rng.choice((*("jcc",) * 4, *TO_THE_NEXT, "jmp", "jmp r", "call", "call r", "ret"))
    nothing = effect("jmp", 64, None)
    if kind == "jcc":
        name = f"j{rng.choice(CONDITIONS)}"
        return Statement((f"{name} {EXIT:#x}",), name, effect(name, 64, None), may_end=True)
    if kind in TO_THE_NEXT:
        changes = frozenset(("rcx",)) if kind[0] == "l" else frozenset()
        return Statement((f"{kind} @x", f"jmp {EXIT:#x}", "@x:"), kind, effect(kind, 64, None), changes, may_end=True)
    if kind == "jmp":
        return Statement(("jmp @x", "ud2", "@x:"), "jmp", nothing)
    if kind == "call":
        return Statement(("call @x", "@x:", f"pop {operands.register(64)}"), "call", nothing, frozenset(operands.drawn), True)
    if kind == "ret":
        number_of_bytes = rng.choice(("", " 0x8", " 0x10"))
        return Statement(("call @x", "jmp @y", "@x:", f"ret{number_of_bytes}", "@y:"), "ret", nothing, writes_memory=True)
    register = operands.register(64)
    lines = (f"lea {register}, [rip + @x]", f"{kind[:-2]} {register}", "ud2", "@x:")
    return Statement(lines, kind[:-2], nothing, frozenset(operands.drawn), writes_memory=kind == "call r")


def marker(situation: Situation) -> Statement:
    """ENDBR64, which Keystone does not know: nothing, but where control-flow enforcement is on."""
    return Statement((".byte 0xf3, 0xf, 0x1e, 0xfa",), "endbr64", effect("endbr64", 64, None))


# Each with the instructions that it makes.
SPECIAL: dict[Callable[[Situation], Statement | None], frozenset[str]] = {
    string: STRINGS,
    bit_far_away: frozenset(("bt", "bts", "btr", "btc")),
    division: frozenset(("div", "idiv")),
    wide_exchange: frozenset(("cmpxchg8b", "cmpxchg16b")),
    stack: frozenset(("push", "pop", "pushfq", "popfq", "leave")),
    address: frozenset(("lea",)),
    own_code: frozenset(("mov",)),
    branch: frozenset((*(f"j{each}" for each in CONDITIONS), *TO_THE_NEXT, "jmp", "call", "ret")),
    marker: frozenset(("endbr64",)),
}
