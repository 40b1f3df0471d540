"""A case as text, one operation a line, and back: for a bug report, and for `emu stress --replay`."""

from pathlib import Path

from emu.errors import UserError
from emu.files import LIST_BYTES_MAX, read_bounded
from emu.native import MASK64, signed
from emu.stress.case import ADDRESS_MAX, SIZES, Array, Case, Shape, Violation, machine_file, no_operations
from emu.stress.records import NAMES, OF_ENTRIES, OP_CMPXCHG, WITHOUT_VALUE
from emu.whole import whole

HEADINGS = {"machine": 1, "cores": 1, "l1": 2, "l2": 2, "l3": 2, "module": 1, "buffer": 2}  # and how many words follow
OPTIONAL = frozenset(("l3",))  # only machines that have one
TIME_MAX = 2**60
COLUMNS = "time core operation address size value expected"


def render(case: Case, violation: Violation | None = None) -> str:
    """The text of a case; a violation becomes a comment in front."""
    shape = case.shape
    lines = [] if violation is None else [f"# {violation.words(case.operations)}"]
    lines += [
        f"machine {case.machine}",
        f"cores {case.cores}",
        f"l1 {shape.l1[0]} {shape.l1[1]}",
        f"l2 {shape.l2[0]} {shape.l2[1]}",
        *([f"l3 {shape.l3[0]} {shape.l3[1]}"] if shape.l3 is not None else []),
        f"module {shape.cores_per_module}",
        f"buffer {shape.depth} {shape.requests}",
        f"# {COLUMNS}",
    ]
    return "\n".join(lines + [_operation_words(operation) for operation in case.operations]) + "\n"


def _operation_words(operation: Array) -> str:
    kind, size = int(operation["kind"]), int(operation["width"])
    words = [int(operation["time"]), int(operation["core"]), NAMES[kind], hex(operation["address"]), size]
    if kind not in WITHOUT_VALUE:
        words.append(hex(int(operation["value"]) & MASK64 >> (64 - 8 * size)))
    if kind == OP_CMPXCHG:
        words.append(hex(int(operation["expected"]) & MASK64 >> (64 - 8 * size)))
    return " ".join(map(str, words))


def read(path: Path) -> Case:
    """The case in a file, or `UserError` with file and line."""
    return parse(read_bounded(path, LIST_BYTES_MAX, "case"), str(path))


def parse(text: str, name: str) -> Case:
    """The case that `render` wrote; `name` is what messages call it."""
    headings: dict[str, list[str]] = {}
    rows: list[tuple[int, list[str]]] = []
    at = 1
    try:
        for at, line in enumerate(text.splitlines(), 1):
            words = line.partition("#")[0].split()
            if words and words[0][:1].isalpha():
                _take_heading(headings, words, bool(rows))
            elif words:
                rows.append((at, words))
        case = _empty_case(headings, len(rows))
        for index, (place, words) in enumerate(rows):
            at = place
            _fill(case.operations[index : index + 1], words, case.cores)
    except UserError as error:
        raise UserError(f"{name}:{at}: {error}") from None
    return case


def _take_heading(headings: dict[str, list[str]], words: list[str], late: bool) -> None:
    key, *values = words
    if key not in HEADINGS:
        raise UserError(f"wanted {', '.join(HEADINGS)} or an operation ({COLUMNS}), not {key!r}")
    if late or key in headings:
        raise UserError(f"{key} must stand once, before the first operation")
    if len(values) != HEADINGS[key]:
        raise UserError(f"{key} is followed by {HEADINGS[key]} word(s), not {len(values)}")
    headings[key] = values
    if key == "cores":
        _number("cores", values[0], 1, 64)
    elif key == "machine":
        machine_file(values[0])
    else:
        for value in values:
            _number(key, value, 1, 2**16)


def _empty_case(headings: dict[str, list[str]], operations: int) -> Case:
    missing = [key for key in HEADINGS if key not in headings and key not in OPTIONAL]
    if missing:
        wanted = ", ".join(key for key in HEADINGS if key not in OPTIONAL)
        raise UserError(f"there is no line {missing[0]!r}: a case begins with {wanted}")
    l1, l2, module, buffer = ([int(value) for value in headings[key]] for key in ("l1", "l2", "module", "buffer"))
    l3 = [int(value) for value in headings.get("l3", [])]
    if l3 and machine_file(headings["machine"][0]).l3 is None:
        raise UserError(f"machine {headings['machine'][0]} has no L3")
    shape = Shape((l1[0], l1[1]), (l2[0], l2[1]), module[0], buffer[0], buffer[1], (l3[0], l3[1]) if l3 else None)
    return Case(headings["machine"][0], int(headings["cores"][0]), shape, no_operations(operations))


def _fill(operation: Array, words: list[str], cores: int) -> None:
    if len(words) < 5 or words[2] not in NAMES:
        raise UserError(f"wanted {COLUMNS}, with an operation of {', '.join(NAMES)}; not {' '.join(words)!r}")
    kind = NAMES.index(words[2])
    wanted = 5 if kind in WITHOUT_VALUE else 7 if kind == OP_CMPXCHG else 6
    if len(words) != wanted:
        raise UserError(f"{words[2]} takes {wanted} words ({' '.join(COLUMNS.split()[:wanted])}), not {len(words)}")
    operation["kind"] = kind
    operation["time"] = _number("time", words[0], 0, TIME_MAX)
    operation["core"] = _number("core", words[1], 0, cores - 1)
    size = _number("size", words[4], 1, 8)
    if size not in SIZES:
        raise UserError(f"size must be 1, 2, 4 or 8, not {size}")
    address = _number("address", words[3], 0, ADDRESS_MAX - size)
    if kind in OF_ENTRIES and (size != 8 or address % 8):
        raise UserError(f"{words[2]} is of 8 bytes at a multiple of 8, not of {size} at {words[3]}")
    operation["width"] = size
    operation["address"] = address
    for field, word in zip(("value", "expected"), words[5:], strict=False):
        operation[field] = signed(_number(field, word, 0, MASK64 >> (64 - 8 * size)))


def _number(name: str, word: str, least: int, most: int) -> int:
    number = whole(name, word, hexadecimal=True)
    if not least <= number <= most:
        raise UserError(f"{name} must be {least} to {most if most < 10**6 else hex(most)}, not {word}")
    return number
