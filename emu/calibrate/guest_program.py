"""Microbenchmarks as a guest: their text, descriptor and page tables, and the jobs of each core, in the RAM of a machine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emu.assembly.assembler import TEXT_PHYSICAL, TEXT_VIRTUAL, USER_VIRTUAL
from emu.calibrate import system_routines
from emu.calibrate.routine import Routine, assemble
from emu.errors import InternalError
from emu.guest.descriptors import RESCHEDULE_VECTOR, write_gate, write_gdt
from emu.guest.paging import LARGE_PAGE, PAGE, USER_DATA, USER_TEXT, PageTables
from emu.guest.ram import Ram, direct
from emu.image import Image, Segment
from emu.native import signed

# Physical addresses; what a core writes lies in the direct map.
GDT, IDT, TABLE_IMAGES = 0x400000, 0x401000, 0x402000
JOBS, CORE_STRIDE, CORES_MAX = 0x410000, 0x10000, 64
STACKS = JOBS + CORES_MAX * CORE_STRIDE
TABLES = STACKS + (CORES_MAX + 1) * CORE_STRIDE  # page tables, as many as are needed
DATA = 0x1000000
DATA_VIRTUAL = 0x100000000  # in 4 KiB pages: what a benchmark is given
GDT_BYTES, IDT_BYTES = 0x80, 0x1000
JOB_WORDS = 5


@dataclass(frozen=True, slots=True)
class Job:
    """One call of a routine: its data and its flags by their offsets in the data area (`number` instead: a plain argument)."""

    routine: str
    data: int = 0
    iterations: int = 1
    flags: int = 0
    number: int | None = None


def build_image(routines: Sequence[Routine], cores: int) -> Image:
    """Assemble routines, with what a machine of `cores` cores needs to start and to take interrupts."""
    starts = [
        system_routines.start(
            core, direct(STACKS + (core + 1) * CORE_STRIDE), direct(JOBS + core * CORE_STRIDE), direct(TABLE_IMAGES),
            direct(TABLE_IMAGES + 0x10),
        )
        for core in range(cores)
    ]  # fmt: skip
    kernel = assemble([*starts, system_routines.work(), system_routines.handler(), *routines], TEXT_VIRTUAL)
    user = assemble([system_routines.user_loop()], USER_VIRTUAL)
    if (end := TEXT_PHYSICAL + len(kernel.code) + 2 * PAGE) > GDT:
        raise InternalError(f"the text of the benchmarks ends at {end:#x}, and must end below {GDT:#x}")
    everything = sorted(kernel.routines + user.routines, key=lambda each: each.address)
    return Image(
        variant="calibrate",
        text=Segment("text", TEXT_PHYSICAL, TEXT_VIRTUAL, kernel.code),
        user_text=Segment("user", -(-(TEXT_PHYSICAL + len(kernel.code)) // PAGE) * PAGE, USER_VIRTUAL, user.code),
        data=Segment("data", GDT, GDT, b""),
        routines=tuple(everything),
        symbols={**kernel.labels, **user.labels},
        globals={},
        structs={},
        marks=(),
        lines=kernel.lines,
        _starts=tuple(each.address for each in everything),
    )


def ram_bytes(data_bytes: int) -> int:
    """RAM of a machine whose benchmarks use so much data."""
    return -(-(DATA + data_bytes) // LARGE_PAGE) * LARGE_PAGE


def write_guest(image: Image, data: NDArray[np.uint8], data_bytes: int) -> int:
    """Fill RAM with text, descriptor and page tables; returns CR3."""
    memory = Ram(data, TABLES)
    for segment in image.segments:
        memory.write(segment.physical, segment.data)
    pages = PageTables(memory)
    pages.map_kernel(text_bytes=-(-image.user_text.physical // LARGE_PAGE) * LARGE_PAGE)
    pages.map_range(USER_VIRTUAL, image.user_text.physical, max(len(image.user_text.data), 1), USER_TEXT)
    pages.map_range(DATA_VIRTUAL, DATA, data_bytes, USER_DATA)
    if memory.used > DATA:
        raise InternalError(f"page tables end at {memory.used:#x}, and must end below {DATA:#x}")
    write_gdt(memory, GDT, 0, GDT_BYTES)
    write_gate(memory, IDT, RESCHEDULE_VECTOR, image.symbols["interrupt_handler"])
    for place, (table, size) in enumerate(((GDT, GDT_BYTES), (IDT, IDT_BYTES))):
        memory.put(TABLE_IMAGES + 0x10 * place, size - 1, 2)
        memory.put(TABLE_IMAGES + 0x10 * place + 2, direct(table))
    return pages.cr3


def write_jobs(image: Image, data: NDArray[np.uint8], work: Mapping[int, Sequence[Job]]) -> None:
    """Say what each core is to do."""
    words = data.view(np.int64)
    for core, jobs in work.items():
        if (len(jobs) + 1) * JOB_WORDS * 8 > CORE_STRIDE:
            raise InternalError(f"core {core} has {len(jobs)} jobs, more than its table holds")
        for place, job in enumerate(jobs):
            at = (JOBS + core * CORE_STRIDE) // 8 + JOB_WORDS * place
            argument = DATA_VIRTUAL + job.data if job.number is None else job.number
            words[at : at + 4] = (signed(image.symbols[job.routine]), argument, job.iterations, DATA_VIRTUAL + job.flags)


def read_results(data: NDArray[np.uint8], work: Mapping[int, Sequence[Job]]) -> dict[int, list[int]]:
    """What each core's jobs returned."""
    words = data.view(np.int64)
    first = {core: (JOBS + core * CORE_STRIDE) // 8 + JOB_WORDS - 1 for core in work}
    return {core: [int(words[first[core] + JOB_WORDS * place]) for place in range(len(jobs))] for core, jobs in work.items()}
