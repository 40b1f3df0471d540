"""A lock's file and the harness around it as one text, and the memory that a machine starts with."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np

from emu.assembly.assembler import assemble_text
from emu.assembly.source import prepare
from emu.image import Image, Mark, Segment
from emu.isa import Instruction, decode
from emu.native import signed
from emu.subjects.bench.lock_file import SHARED, LockFile
from emu.subjects.bench.plan import Plan

# Physical addresses: there is no paging. Each thing begins a line of its own.
TEXT, LOCK, DATA = 0x10000, 0x100000, 0x101000
OWN, OWN_BYTES = 0x120000, 0x100  # the data of each core, side by side
CONTROL, CONTROL_BYTES = 0x130000, 0x80
STACKS, STACK_BYTES = 0x140000, 0x1000
RAM_BYTES = 2 << 20
LOCK_BYTES = 0x100
OWNER, COUNT, LINES = 0x0, 0x8, 0x40  # in DATA: who is inside, how many have been, the lines of the section
MULTIPLIER = 0x5851F42D4C957F2D  # Knuth, MMIX
SPIN, HARNESS = "spin", "bench_core"
SEARCH, SEARCHED = "bench_search", "bench_searched"  # where the cores of a search begin, and where they are done
# struct bench_core, as harness.S names its fields.
FIELDS = (
    "ROUNDS", "SHARED_ROUNDS", "COUNTED", "SEED", "THINK", "SHARED", "LOCK", "OWN", "DATA", "LINES", "SECTION", "CORE", "CORES",
    "ACQUIRE_SHARED", "RELEASE_SHARED",
)  # fmt: skip
OFFSETS = {name: 8 * place for place, name in enumerate(FIELDS)}


def build_image(lock: LockFile) -> Image:
    """Assemble a lock with the harness; an iteration of each of its waiting loops is an event."""
    values = {f"BENCH_{name}": offset for name, offset in OFFSETS.items()}
    values |= {"BENCH_OWNER": OWNER, "BENCH_MULTIPLIER": MULTIPLIER}
    image = _assemble(lock, "harness.S", (HARNESS,), values)
    own = [each for each in decode(image).values() if (routine := image.routine_at(each.address)) and routine.name != HARNESS]
    return replace(image, marks=(*image.marks, *_iterations(own, image.lines)))


def build_search_image(lock: LockFile) -> Image:
    """Assemble a lock with the few instructions around it that a search of all orders can take."""
    return _assemble(lock, "search.S", (SEARCH, SEARCHED), {"BENCH_LOCK": LOCK, "BENCH_DATA": DATA})


def _assemble(lock: LockFile, harness: str, labels: Sequence[str], values: Mapping[str, int]) -> Image:
    """A lock behind a harness that comes with the package."""
    around = prepare(Path(str(files("emu.subjects.bench") / harness)), labels=labels)
    text = assemble_text([around, lock.source], TEXT, {**values, "BENCH_COUNT": COUNT, "BENCH_CORE_BYTES": OWN_BYTES})
    routines = tuple(sorted(text.routines, key=lambda each: each.address))
    return Image(
        variant=lock.name,
        text=Segment("text", TEXT, TEXT, text.code),
        user_text=Segment("user", RAM_BYTES, RAM_BYTES, b""),
        data=Segment("data", LOCK, LOCK, b""),
        routines=routines,
        symbols=text.labels,
        globals={},
        structs={},
        marks=text.marks,
        lines=text.lines,
        lock_kind=lock.word or "queued",
        _starts=tuple(each.address for each in routines),
    )


def _iterations(instructions: list[Instruction], lines: Mapping[int, tuple[str, int]]) -> list[Mark]:
    """An iteration is a PAUSE, or, in a loop without one, its jump back."""
    found = []
    pauses = [each.address for each in instructions if each.mnemonic == "pause"]
    for each in instructions:
        target = each.address + 1 if each.target is None or each.mnemonic == "call" else each.target
        back = target <= each.address and not any(target <= at < each.address for at in pauses)
        if back or each.mnemonic == "pause":
            file, line = lines.get(each.address, ("", 0))
            found.append(Mark("event", SPIN, each.address, None, False, file, line))
    return found


def write_memory(ram: np.ndarray, image: Image, plan: Plan) -> None:
    """Text, and what each core is to do."""
    ram[TEXT : TEXT + len(image.text.data)] = np.frombuffer(image.text.data, np.uint8)
    words = ram.view(np.int64)
    for core in range(plan.cores):
        values = {
            "SEED": (plan.seed << 16) + core + 1,
            "THINK": plan.think,
            "SHARED": round(plan.shared * 0x400 / 100),
            "LOCK": LOCK,
            "OWN": OWN + core * OWN_BYTES,
            "DATA": DATA,
            "LINES": plan.section.lines,
            "SECTION": plan.section.work,
            "CORE": core,
            "CORES": plan.cores,
            "ACQUIRE_SHARED": image.symbols.get(SHARED[0], 0),
            "RELEASE_SHARED": image.symbols.get(SHARED[1], 0),
        }
        for name, value in values.items():
            words[(control_of(core) + OFFSETS[name]) // 8] = signed(value)


def control_of(core: int) -> int:
    """Address of a core's struct bench_core."""
    return CONTROL + core * CONTROL_BYTES


def stack_top(core: int) -> int:
    """Where a core's stack begins."""
    return STACKS + (core + 1) * STACK_BYTES


def field_of(ram: np.ndarray, core: int, name: str) -> int:
    """A field of a core's struct bench_core."""
    return int(ram.view(np.int64)[(control_of(core) + OFFSETS[name]) // 8])
