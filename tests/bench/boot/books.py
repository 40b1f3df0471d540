"""The guest's own books: a program reads them before and behind a region, and prints them (programs/books.S)."""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bench.boot.boot_programs import write_program
from emu.boot.ending import End
from emu.boot.guest_files import parse_file
from emu.boot.marks import parse_mark
from emu.boot.run import Watchers
from emu.boot.spec import BootSpec
from emu.description import load_machine
from emu.subjects.kernel.detail import WORK_END, RegionSpec, run_detail
from emu.subjects.kernel.result import DetailResult

BEGIN = parse_mark("--from", "work_begin")
AT_THE_ENDS = 2  # of what happens between a mark and the guest's look at its book
NAP_SWITCHES = 2  # away from the program and back, where it sleeps between two looks
# Lines of /proc/interrupts (arch/x86/kernel/irq.c) and our kinds.
KINDS = {
    "LOC": ("local_timer",),
    "RES": ("reschedule",),
    "CAL": ("call_function_single", "call_function"),
    "4": ("vector_0x21",),  # the serial port
}


@dataclass
class Books:
    """What a region has added to them."""

    stat: Counter[str] = field(default_factory=Counter)
    interrupts: Counter[str] = field(default_factory=Counter)
    ticks: list[list[int]] = field(default_factory=list)  # by CPU and column
    scheduler: list[int] = field(default_factory=list)  # by column, of all CPUs


@dataclass
class Region:
    """A region, what the guest has noted of it, and all that it has printed."""

    ours: DetailResult
    guests: Books
    console: bytes


def look(spec: BootSpec, symbols: Path) -> Region:
    """One region twice: to its end, and on until the guest has printed its books."""
    machine, runs = load_machine(spec.machine), []
    for stop in (WORK_END, None):
        found = run_detail(spec, RegionSpec(BEGIN, stop, symbols=symbols), machine, Watchers())
        assert found.detail is not None
        runs.append(found)
    assert (runs[1].boot.ended.how, runs[1].boot.ended.status) == (End.EXITED, 0)
    console = runs[1].boot.console
    _, before, after = console.decode().split("books:")
    assert runs[0].detail is not None
    return Region(runs[0].detail, _added(before, after), console)


def spec_around(kernel: Path, folder: Path, program: Path, *arguments: str, cpus: int = 2, append: str = "") -> BootSpec:
    """The books around a program."""
    return BootSpec(
        kernel=kernel,
        cpus=cpus,
        append=append,
        program=write_program("books", folder),
        arguments=("/program", *arguments),
        files=(parse_file(f"{program}:/program"),),
    )


def _added(before: str, after: str) -> Books:
    return Books(
        stat=_counted(after, r"^(ctxt|processes|intr) (\d+)") - _counted(before, r"^(ctxt|processes|intr) (\d+)"),
        interrupts=_by_line(after) - _by_line(before),
        ticks=[[b - a for a, b in zip(*rows, strict=True)] for rows in zip(_by_cpu(before, 10), _by_cpu(after, 10), strict=True)],
        scheduler=[
            sum(b) - sum(a) for a, b in zip(*(zip(*_by_cpu(text, 9), strict=True) for text in (before, after)), strict=True)
        ],
    )


def _counted(text: str, pattern: str) -> Counter[str]:
    return Counter({name: int(value) for name, value in re.findall(pattern, text, re.M)})


def _by_line(text: str) -> Counter[str]:
    """Interrupts of all CPUs by the name of their line."""
    rows = re.findall(r"^ *(\w+):((?: +\d+)+)  ", text, re.M)
    return Counter({name: sum(int(each) for each in counts.split()) for name, counts in rows})


def _by_cpu(text: str, columns: int) -> list[list[int]]:
    return [[int(each) for each in row.split()] for row in re.findall(rf"^cpu\d((?: \d+){{{columns}}})\s*$", text, re.M)]


def check_counts(region: Region) -> None:
    """Switches and interrupts of each kind are those that the guest has counted."""
    assert 0 <= region.guests.stat["ctxt"] - NAP_SWITCHES - region.ours.context_switches <= AT_THE_ENDS
    for line, kinds in KINDS.items():
        taken = sum(region.ours.interrupts.get(kind, 0) for kind in kinds)
        assert 0 <= region.guests.interrupts[line] - taken <= AT_THE_ENDS, line
