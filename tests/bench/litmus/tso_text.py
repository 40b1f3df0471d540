"""Reads litmus tests for the oracle in `tso_model`. It shares no code with emu: a mistake in one is seen by the other."""

import re
from dataclasses import dataclass

WIDTHS = {"byte": 1, "word": 2, "dword": 4, "qword": 8}
SUFFIXES = {"b": 1, "w": 2, "l": 4, "q": 8}
TYPES = {
    "int8_t": 1, "uint8_t": 1, "char": 1, "int16_t": 2, "uint16_t": 2, "short": 2,
    "int": 4, "int32_t": 4, "uint32_t": 4, "int64_t": 8, "uint64_t": 8, "long": 8,
}  # fmt: skip
_WIDE = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", *(f"r{n}" for n in range(8, 16))]
RSP = _WIDE.index("rsp")
VECTOR, VECTOR_BYTES = len(_WIDE), 16  # number of the first vector register


def _register_names() -> dict[str, tuple[int, int, int]]:
    """Name of each general register, or part of one: (number, size, offset of the part in bytes)."""
    names = {}
    for number, wide in enumerate(_WIDE):
        names[wide] = (number, 8, 0)
        if wide[1:].isdigit():
            parts = {wide + "d": 4, wide + "w": 2, wide + "b": 1}
        else:
            short = wide[1:]
            parts = {"e" + short: 4, short: 2, (short[0] if short.endswith("x") else short) + "l": 1}
            if short.endswith("x"):
                names[short[0] + "h"] = (number, 1, 1)
        names.update({name: (number, size, 0) for name, size in parts.items()})
    names.update({f"xmm{number}": (VECTOR + number, VECTOR_BYTES, 0) for number in range(16)})
    return names


REGISTERS = _register_names()


@dataclass(frozen=True)
class Reg:
    number: int
    size: int
    offset: int


@dataclass(frozen=True)
class Imm:
    value: int | str  # a number, or the location whose address it is


@dataclass(frozen=True)
class Mem:
    location: str | None
    base: Reg | None
    index: Reg | None
    scale: int
    displacement: int
    size: int  # 0 where the text does not say


@dataclass(frozen=True)
class Label:
    name: str


Operand = Reg | Imm | Mem | Label


@dataclass(frozen=True)
class Op:
    """One instruction, its operands with the destination first."""

    name: str
    operands: tuple[Operand, ...]
    size: int  # what the suffix or the operands say; 0 for none
    source_size: int = 0  # of movzx and movsx
    lock: bool = False
    rep: str = ""  # rep, repe, repne


@dataclass(frozen=True)
class Variable:
    size: int
    values: tuple[int | str, ...]


@dataclass(frozen=True)
class Text:
    """A test as it is written. `condition` is a nest of tuples: ("or", ...), ("and", ...), ("not", x), ("=", left, right)."""

    name: str
    architecture: str
    code: list[list[Op]]
    labels: list[dict[str, int]]
    variables: dict[str, Variable]
    registers: dict[tuple[int, str], int | str]
    quantifier: str
    condition: tuple

    @property
    def has_vectors(self) -> bool:
        return any(op.name in VECTOR_MOVES for code in self.code for op in code)


def read(text: str) -> Text:
    """Read a test; a form that is not known raises ValueError."""
    text = re.sub(r"\(\*.*?\*\)", " ", text, flags=re.S)
    architecture, name = text.split()[:2]
    opening = text.index("{")
    closing = _matching(text, opening)
    tail = re.search(r"^\s*(locations|filter|exists|~\s*exists|forall|final)\b", text[closing:], flags=re.M)
    if tail is None:
        raise ValueError("no condition")
    variables, registers = _initial(text[opening + 1 : closing])
    code, labels = _table(text[closing + 1 : closing + tail.start()], architecture, variables)
    quantifier, condition = _condition(text[closing + tail.start() :])
    for location in _named(condition):
        variables.setdefault(location, Variable(_widest(location, code), (0,)))
    return Text(name, architecture, code, labels, variables, registers, quantifier, condition)


def _matching(text: str, opening: int) -> int:
    depth = 0
    for position in range(opening, len(text)):
        depth += {"{": 1, "}": -1}.get(text[position], 0)
        if depth == 0:
            return position
    raise ValueError("no closing brace")


def _number(text: str) -> int | None:
    text = text.strip().removeprefix("$")
    return int(text, 0) if re.fullmatch(r"-?(0[xX][0-9a-fA-F]+|\d+)", text) else None


def _value(text: str) -> int | str:
    number = _number(text)
    return text.strip().removeprefix("&") if number is None else number


def _initial(text: str) -> tuple[dict[str, Variable], dict[tuple[int, str], int | str]]:
    variables: dict[str, Variable] = {}
    registers: dict[tuple[int, str], int | str] = {}
    for entry in re.split(r";", text):
        entry = entry.strip()
        if not entry:
            continue
        left, _, right = (part.strip() for part in entry.partition("="))
        words = left.replace("*", " ").split()
        target, kind = words[-1], words[-2] if len(words) > 1 else "int"
        register = re.fullmatch(r"P?(\d+):(\w+)", target)
        array = re.fullmatch(r"(\w+)\[(\d+)\]", target)
        if register:
            registers[int(register[1]), register[2].lower()] = _value(right) if right else 0
        elif array:
            values = [_value(each) for each in right.strip("{} ").split(",") if each.strip()]
            values += [0] * (int(array[2]) - len(values))
            variables[array[1]] = Variable(TYPES[kind], tuple(values))
        else:
            variables[target.strip("[]")] = Variable(TYPES[kind], (_value(right) if right else 0,))
    return variables, registers


def _table(text: str, architecture: str, variables: dict[str, Variable]) -> tuple[list[list[Op]], list[dict[str, int]]]:
    rows = [row.split("|") for row in text.split(";") if row.strip()]
    threads = len(rows[0])
    code: list[list[Op]] = [[] for _ in range(threads)]
    labels: list[dict[str, int]] = [{} for _ in range(threads)]
    for row in rows[1:]:
        for thread, cell in enumerate(row):
            cell = cell.strip()
            while label := re.match(r"(\w+):\s*", cell):
                labels[thread][label[1]] = len(code[thread])
                cell = cell[label.end() :]
            if cell:
                code[thread].append(_instruction(cell, architecture == "X86_64"))
    for name in {each.location for ops in code for op in ops for each in op.operands if isinstance(each, Mem) and each.location}:
        variables.setdefault(name, Variable(_widest(name, code), (0,)))
    for op in (op for ops in code for op in ops):
        for each in op.operands:
            if isinstance(each, Imm) and isinstance(each.value, str):
                variables.setdefault(each.value, Variable(4, (0,)))
    return code, labels


def _widest(name: str, code: list[list[Op]]) -> int:
    """Size of a location that nothing declares."""
    sizes = [op.size for ops in code for op in ops for each in op.operands if isinstance(each, Mem) and each.location == name]
    return max([4, *sizes])


def _instruction(text: str, att: bool) -> Op:
    words = text.lower().split(None, 1)
    prefixes = set()
    while words[0].rstrip(";") in ("lock", *REPEATS):
        prefixes.add(words[0].rstrip(";"))
        words = words[1].split(None, 1)
    mnemonic = words[0]
    operands = [] if len(words) == 1 else re.split(r",(?![^(\[]*[)\]])", words[1])
    if mnemonic == "jmp" or re.fullmatch(r"(j|loop)\w*", mnemonic):
        return Op(mnemonic, (Label(text.split()[-1]),), 0)
    original = [] if len(words) == 1 else re.split(r",(?![^(\[]*[)\]])", text[text.lower().index(words[1]) :])
    parsed = tuple((_att if att else _intel)(each.strip()) for each in original)
    assert len(parsed) == len(operands)
    name, size, source_size = _mnemonic(mnemonic, att)
    if att:
        parsed = parsed[::-1]
    sizes = [each.size for each in parsed if isinstance(each, Reg | Mem) and each.size]
    if name in ("movzx", "movsx"):
        size = size or parsed[0].size  # type: ignore[union-attr]
        source_size = source_size or parsed[1].size  # type: ignore[union-attr]
    return Op(name, parsed, size or (sizes[0] if sizes else 0), source_size, "lock" in prefixes, "".join(prefixes - {"lock"}))


PLAIN = {
    "mov", "xchg", "xadd", "cmpxchg", "inc", "dec", "add", "sub", "and", "or", "xor", "neg", "not", "cmp", "test",
    "mfence", "lfence", "sfence", "nop", "pause", "lea", "push", "pop", "movnti", "bts", "btr", "adc", "sbb", "clc", "stc", "cmc",
    "hlt",
}  # fmt: skip
REPEATS = ("rep", "repe", "repne")
VECTOR_MOVES = ("movdqa", "movdqu", "movaps", "movups")


CONDITIONS = "e|z|ne|nz|s|ns|c|nc|b|ae|a|be|l|ge|g|le"


def _mnemonic(text: str, att: bool) -> tuple[str, int, int]:
    """The instruction, its size by suffix or 0, and the source size of an extending move."""
    if text in PLAIN or text in ("movzx", "movsx", "movsxd"):
        return text.replace("movsxd", "movsx"), 0, 0
    if text in VECTOR_MOVES:
        return text, VECTOR_BYTES, 0
    if string := re.fullmatch(r"(movs|stos|lods|scas|cmps)([bwlqd])", text):
        return string[1], {**SUFFIXES, "d": 4}[string[2]], 0
    if re.fullmatch(rf"(set|cmov)({CONDITIONS})", text):
        return text, 0, 0
    if att and (move := re.fullmatch(rf"(cmov(?:{CONDITIONS}))([wlq])", text)):
        return move[1], SUFFIXES[move[2]], 0
    if att and text[-1] in SUFFIXES and text[:-1] in PLAIN:
        return text[:-1], SUFFIXES[text[-1]], 0
    if att and (extending := re.fullmatch(r"mov([zs])([bwl])([wlq])", text)):
        return f"mov{extending[1]}x", SUFFIXES[extending[3]], SUFFIXES[extending[2]]
    raise ValueError(f"instruction {text!r}")


def _intel(text: str) -> Operand:
    memory = re.fullmatch(r"(?:(\w+)\s+ptr\s*)?\[([^\]]+)\]", text, flags=re.I)
    if memory:
        return _address(memory[2], WIDTHS[memory[1].lower()] if memory[1] else 0)
    if text.lower() in REGISTERS:
        return Reg(*REGISTERS[text.lower()])
    return Imm(_value(text))


def _address(text: str, size: int) -> Mem:
    """A sum of a location, registers and numbers."""
    location, base, index, scale, displacement = None, None, None, 1, 0
    for sign, term in re.findall(r"([+-]?)\s*([\w*$]+)", text.replace(" ", "")):
        number = _number(term)
        name, _, factor = term.lower().partition("*")
        if number is not None:
            displacement += -number if sign == "-" else number
        elif factor or (name in REGISTERS and base is not None):
            index, scale = Reg(*REGISTERS[name]), int(factor or 1)
        elif name in REGISTERS:
            base = Reg(*REGISTERS[name])
        else:
            location = term
    return Mem(location, base, index, scale, displacement, size)


def _att(text: str) -> Operand:
    if text.startswith("%"):
        return Reg(*REGISTERS[text[1:].lower()])
    if text.startswith("$"):
        return Imm(_value(text[1:]))
    memory = re.fullmatch(r"([^()]*)\(([^()]*)\)", text)
    inside = memory[2].replace("%", "").split(",") if memory else []
    base, index, scale = (each.strip() for each in inside) if len(inside) == 3 else ([*inside, ""][0], "", "1")
    terms = [memory[1] if memory else text, "" if base.strip() == "rip" else base, f"{index}*{scale}" if index else ""]
    return _address("+".join(term for term in terms if term.strip()), 0)


def _condition(text: str) -> tuple[str, tuple]:
    found = re.search(r"(~\s*exists|\bexists\b|forall|final)", text)
    if found is None:
        raise ValueError("no quantifier")
    quantifier = found[1].replace(" ", "").replace("final", "exists")
    tokens = re.findall(r"/\\|\\/|[()~;]|<>|!=|==|=|\[?\w+(?:\[\d+\])?\]?(?::\w+)?|-\d+|\S", text[found.end() :])
    condition, _ = _either(tokens, 0)
    return quantifier, condition


def _either(tokens: list[str], at: int) -> tuple[tuple, int]:
    parts, at = _several(tokens, at, "\\/", _both)
    return (parts[0] if len(parts) == 1 else ("or", *parts)), at


def _both(tokens: list[str], at: int) -> tuple[tuple, int]:
    parts, at = _several(tokens, at, "/\\", _atom)
    return (parts[0] if len(parts) == 1 else ("and", *parts)), at


def _several(tokens: list[str], at: int, joint: str, part) -> tuple[list[tuple], int]:
    first, at = part(tokens, at)
    parts = [first]
    while at < len(tokens) and tokens[at] == joint:
        another, at = part(tokens, at + 1)
        parts.append(another)
    return parts, at


def _atom(tokens: list[str], at: int) -> tuple[tuple, int]:
    if tokens[at] == "(":
        inner, at = _either(tokens, at + 1)
        if tokens[at] != ")":
            raise ValueError(f"wanted ), got {tokens[at]!r}")
        return inner, at + 1
    if tokens[at] in ("~", "not"):
        inner, at = _atom(tokens, at + 1)
        return ("not", inner), at
    if tokens[at] in ("true", "false"):
        return (("and",) if tokens[at] == "true" else ("or",)), at + 1
    equal = ("=", _term(tokens[at]), _term(tokens[at + 2]))
    if tokens[at + 1] in ("=", "=="):
        return equal, at + 3
    if tokens[at + 1] in ("<>", "!="):
        return ("not", equal), at + 3
    raise ValueError(f"wanted =, got {tokens[at + 1]!r}")


def _term(token: str) -> tuple:
    """("register", thread, name), ("cell", location, index) or ("number", n)."""
    if (number := _number(token)) is not None:
        return ("number", number)
    if register := re.fullmatch(r"P?(\d+):(\w+)", token):
        return ("register", int(register[1]), register[2].lower())
    cell = re.fullmatch(r"\[?(\w+)(?:\[(\d+)\])?\]?", token)
    if cell is None:
        raise ValueError(f"wanted a register or location, got {token!r}")
    return ("cell", cell[1], int(cell[2] or 0))


def _named(condition: tuple) -> set[str]:
    """The locations of a condition."""
    if condition[0] == "cell":
        return {condition[1]}
    return set().union(*(_named(part) for part in condition[1:] if isinstance(part, tuple)), set())
