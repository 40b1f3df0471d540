"""Folded stacks: a line a stack and its weight, for flamegraph.pl, speedscope, inferno and their kin."""

from collections import Counter
from typing import BinaryIO

from emu.export.stacks import Stack


def write_folded(sums: Counter[Stack], file: BinaryIO) -> None:
    """All stacks, in alphabetical order."""
    for stack, weight in sorted(sums.items()):
        file.write(f"{';'.join(name.replace(';', ':') for name in stack)} {weight}\n".encode())
