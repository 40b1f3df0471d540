"""Routines of microbenchmarks as assembly text, and many of them as one program.

Each is a C function, `uint64_t name(void *data, uint64_t iterations, void *flags)`, that returns time-stamp ticks: the same text
runs on the emulated machine and, through a function pointer, on the machine under it. Literals are hex (Keystone).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from emu.assembly.assembler import assemble_text
from emu.assembly.source import Source
from emu.assembly.text import AssembledText

_LOCAL = re.compile(r"\.L(\w+)")
SAVED = ("rbx", "rbp", "r12", "r13", "r14", "r15")
# The clock in rax, clobbers rdx: all before it is done, nothing behind it has begun. MFENCE is what orders RDTSC on AMD parts.
CLOCK = ("mfence", "lfence", "rdtsc", "lfence", "shl rdx, 0x20", "or rax, rdx")


@dataclass(frozen=True, slots=True)
class Routine:
    """A label and its statements; `.Lname` is a label of this routine alone."""

    name: str
    statements: tuple[str, ...]

    def source(self) -> Source:
        """The routine for the assembler; a statement's line number is its place."""
        lines = [(0, f"{self.name}:")]
        for number, text in enumerate(self.statements, 1):
            for part in text.split(";"):
                lines.append((number, _LOCAL.sub(lambda match: f"L__{self.name}__{match.group(1)}", part.strip())))
        return Source(Path(self.name), self.name, lines=lines, labels=[self.name])


def function(name: str, body: Iterable[str]) -> Routine:
    """A routine that may use all registers: `body` leaves its result in rax, and rsp as it was."""
    return Routine(
        name, (*(f"push {each}" for each in SAVED), *body, *(f"pop {each}" for each in reversed(SAVED)), "ret")
    )  # fmt: skip


def timed(name: str, setup: Sequence[str], body: Sequence[str], *, beside: Sequence[str] = ()) -> Routine:
    """A routine that returns the ticks of `iterations` times `body`, with those of `setup` and of two looks at the clock.

    Body and setup have data in rdi, flags in r12 and the stack pointer in r13, and leave r12 to r15 alone; `beside` is code that
    is reached from them only, by its labels.
    """
    return function(
        name,
        (
            "mov r15, rsi", "mov r12, rdx", *CLOCK, "mov r14, rax", "mov r13, rsp", *setup,
            ".Lagain:", *body, "dec r15", "jne .Lagain",
            "mov rsp, r13", "cld", *CLOCK, "sub rax, r14",
            *(("jmp .Ldone", *beside, ".Ldone:") if beside else ()),
        ),
    )  # fmt: skip


def assemble(routines: Iterable[Routine], base: int) -> AssembledText:
    """Routines as one text that runs at `base`."""
    return assemble_text([each.source() for each in routines], base, {})
