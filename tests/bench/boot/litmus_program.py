"""Litmus tests as a program of the guest: each thread on a CPU of its own, the outcomes counted by the program itself.

An outcome is a number: of each thread two bits, rax and rbx, which are 0 or 1.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.boot.boot_programs import CALLS, PROGRAMS
from bench.litmus.tso_model import Final, Model
from bench.litmus.tso_text import REGISTERS, read
from emu.boot.user_program import INIT_FOLDER, Data, assemble_program
from emu.litmus.parse import parse_file
from emu.litmus.test import LitmusTest, Thread

TESTS = Path(__file__).parents[2] / "litmus" / "generated"
CPUS = (0, 2, 1, 3)  # of the threads: the first two of a test are on different modules
THREADS, LOCATIONS, LINE_BYTES, STACK_BYTES = len(CPUS), 4, 64, 0x1000
RESULT = ("rax", "rbx")
SAID = re.compile(r"^(\S+): outcome (\d+)\s+in rounds: (\d+)", re.M)


def write_litmus(folder: Path, rounds: Mapping[str, int]) -> Path:
    """Put a program with these tests there as an executable file, each to be run so many times."""
    tests = sorted((parse_file(TESTS / f"{name}.litmus") for name in rounds), key=lambda test: -len(test.threads))
    data = Data()
    for name, lines in (("locations", LOCATIONS), ("arrived", len(tests))):
        start = data.add(bytes(LINE_BYTES * (lines + 1)))
        data.names[name] = start + -start % LINE_BYTES
    data.names["stacks"] = data.add(bytes(STACK_BYTES * THREADS))
    data.words([data.text(f"{test.name}: outcome ") for test in tests], "names")
    data.text("in rounds: ", "in_rounds")
    data.words([len(test.threads) for test in tests], "threads")
    data.words([rounds[test.name] for test in tests], "rounds")
    data.words([1 << cpu for cpu in CPUS], "masks")
    for name, words in (("begin", 1), ("results", THREADS), ("counts", len(tests) * 128)):
        data.words([0] * words, name)
    values = {"THREADS": THREADS, "SHAPES": len(tests), "LOCATIONS": LOCATIONS, **CALLS}
    bodies = folder / "body_of.S"
    bodies.write_text(_bodies(tests, data.names["locations"]))
    path = folder / "litmus"
    path.write_bytes(assemble_program([PROGRAMS / "litmus.S", bodies, INIT_FOLDER / "complain.S"], data, values))
    path.chmod(0o755)
    return path


def _bodies(tests: Sequence[LitmusTest], locations: int) -> str:
    """A routine that says where the code of a thread is, by its number, and that code."""
    parts = {THREADS * shape + thread.index: (thread, test) for shape, test in enumerate(tests) for thread in test.threads}
    lines = ["//@ state user", "body_of:"]
    for number in parts:
        lines += [f"lea rax, [rip + .Lbody{number}]", f"cmp edi, {number:#x}", "je .Lfound"]
    lines += [".Lfound:", "ret"]
    for number, (thread, test) in parts.items():
        places = {each.name: hex(locations + LINE_BYTES * index) for index, each in enumerate(test.locations)}
        lines += [f".Lbody{number}:", *_body(number, thread, places), "ret"]
    return "\n".join(lines) + "\n"


def _body(number: int, thread: Thread, places: Mapping[str, str]) -> list[str]:
    """The statements of a thread, with r13 times round a loop between each two."""
    lines: list[str] = []
    for index, (_, statement) in enumerate(thread.lines):
        if index:
            lines += ["mov ecx, r13d", f".Lpause{number}_{index}:", "dec ecx", f"jnz .Lpause{number}_{index}"]
        lines.append(statement.replace("riz*0x1 + ", "").format_map(places))
    return lines


def allowed(name: str, model: str) -> set[int]:
    """The outcomes that the oracle finds: model is "tso" or "sc"."""
    return {_outcome(final) for final in Model(read((TESTS / f"{name}.litmus").read_text()), model).finals()}


def _outcome(final: Final) -> int:
    bits = [registers[REGISTERS[name][0]] for registers in final.registers for name in RESULT]
    assert set(bits) <= {0, 1}
    return sum(bit << place for place, bit in enumerate(bits))


def seen(console: bytes) -> dict[str, dict[int, int]]:
    """Rounds by outcome, of each test, as the program has printed them."""
    found: dict[str, dict[int, int]] = {}
    for name, outcome, rounds in SAID.findall(console.decode()):
        found.setdefault(name, {})[int(outcome)] = int(rounds)
    return found
