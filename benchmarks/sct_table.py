"""Schedules to find small races of well-known shapes (`benchmarks/programs/sct`) on a real kernel, by strategy.

    python benchmarks/sct_table.py KERNEL [--schedules N] [--seed N] [PROGRAM ...]

Prints the table of docs/explore-kernel.md: the number of the first schedule that fails, or a dash if none of N does. Each
program is compiled with cc, booted to its first mark once, and explored by each strategy from there.
"""

import argparse
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from emu.boot.explore.explorer import Strategy
from emu.boot.explore.verdict import Failure, verdict
from emu.boot.marks import parse_mark
from emu.boot.run import Watchers
from emu.boot.spec import BootSpec
from emu.explore.strategy.records import RANDOM
from emu.subjects.kernel.explore.exploration import Exploration
from emu.subjects.kernel.explore.spec import ExploreSpec, parse_strategy

SOURCES = Path(__file__).with_name("programs") / "sct"
PROGRAMS = ("reorder", "twostage", "account", "queue", "stack", "lazy01", "bluetooth", "deadlock")
STRATEGIES = ("random", "pct:2", "pct:3", "pos", "surw")
CPUS = 3  # as many as the programs have threads at most
SCHEDULES = 2000


def compiled(name: str, folder: Path, *, fixed: bool = False) -> Path:
    """The program as a static file, with its race or without."""
    path = folder / (f"{name}-fixed" if fixed else name)
    flags = ["-O1", "-Wall", "-Wextra", "-Werror", "-static", "-pthread", *(["-DFIXED"] if fixed else [])]
    subprocess.run(["cc", *flags, "-o", path, SOURCES / f"{name}.c"], check=True)
    return path


def booted(kernel: Path, program: Path, seed: int) -> Exploration:
    """The program at the beginning of its region."""
    boot = BootSpec(kernel=kernel, cpus=CPUS, program=program, identity="generic", memory_mib=64)
    marks = parse_mark("--from", "work_begin"), parse_mark("--to", "work_end")
    return Exploration(ExploreSpec(boot, *marks, None, Strategy(RANDOM, seed), SCHEDULES), Watchers())


def failing(exploration: Exploration, typed: str, seed: int, schedules: int) -> Iterator[tuple[int, Failure]]:
    """Numbers of the schedules that fail of so many, and how."""
    strategy, count = parse_strategy(f"{typed}:{schedules}", seed)
    for number in range(1, count + 1):
        failure = verdict(exploration.explorer.run(number, strategy))
        if failure is not None:
            yield number, failure


def row(exploration: Exploration, name: str, seed: int, schedules: int) -> str:
    """One program's line of the table."""
    finds = [next(failing(exploration, typed, seed, schedules), None) for typed in STRATEGIES]
    numbers = ["-" if find is None else f"{find[0]:,}" for find in finds]
    checkers = sorted({f"`{find[1].checker}`" for find in finds if find is not None})
    explorer = exploration.explorer
    return f"| `{name}` | {explorer.events:,} | {' | '.join(numbers)} | {', '.join(checkers)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kernel", type=Path)
    parser.add_argument("programs", nargs="*", default=PROGRAMS)
    parser.add_argument("--schedules", type=int, default=SCHEDULES)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    if not asked.kernel.is_file():
        parser.error(f"{asked.kernel}: there is no such kernel")
    if unknown := sorted({*asked.programs} - {*PROGRAMS}):
        parser.error(f"{unknown[0]}: not one of {', '.join(PROGRAMS)}")
    print(f"| program | events | {' | '.join(f'`{each}`' for each in STRATEGIES)} | as |")
    print(f"|---{'|---' * (len(STRATEGIES) + 2)}|")
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.programs:
            exploration = booted(asked.kernel, compiled(name, Path(folder)), asked.seed)
            print(row(exploration, name, asked.seed, asked.schedules), flush=True)


if __name__ == "__main__":
    main()
