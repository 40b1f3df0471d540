"""Programs as machine code, the same for the emulator and for the host: assembled by the project's own assembler."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.cpu.programs import EXIT, TEXT, Program
from emu.assembly.assembler import assemble_text
from emu.assembly.source import Source
from emu.assembly.text import AssembledText

EXIT_LINES = ["hlt", *["nop"] * 15]  # the host has its own way out in this place


@dataclass(frozen=True, slots=True)
class Code:
    """A text, and where each program begins in it."""

    text: AssembledText
    entries: tuple[int, ...]


def assemble(programs: Sequence[Program]) -> Code:
    """Put programs behind each other, each with a jump to the exit at its end."""
    named = {f"P{index}": each for index, each in enumerate(programs)}
    sources = [_source("exit", EXIT_LINES)]
    sources += [_source(name, [*each.text(name), f"jmp {EXIT:#x}"]) for name, each in named.items()]
    text = assemble_text(sources, TEXT, {})
    assert text.labels["exit"] == EXIT
    return Code(text, tuple(text.labels[name] for name in named))


def routine(name: str, lines: Sequence[str], base: int) -> bytes:
    """Machine code of one routine that is to run at `base`."""
    return assemble_text([_source(name, lines)], base, {}).code


def _source(name: str, lines: Sequence[str]) -> Source:
    return Source(Path(name), name, lines=list(enumerate([f"{name}:", *lines])), labels=[name])
