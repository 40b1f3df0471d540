"""A search of a kernel's schedules, made by hand."""

from pathlib import Path

from emu.boot.explore.explorer import Strategy
from emu.boot.explore.verdict import Failure
from emu.boot.marks import parse_mark
from emu.boot.spec import BootSpec
from emu.explore.strategy.records import PCT
from emu.subjects.kernel.explore.exploration import Find
from emu.subjects.kernel.explore.search import Searched
from emu.subjects.kernel.explore.spec import ExploreSpec
from emu.subjects.kernel.explore.turns import Row

FIND = Find(4, Failure("oops", "it", "f+0x1"), "d", "emu1:kernel:x", 1, (Row(0, "f+0x1", "loads", "word", 1),), "hello")


def searched(find: Find | None = FIND) -> Searched:
    boot = BootSpec(kernel=Path("bzImage"), cpus=2, program=Path("p"))
    spec = ExploreSpec(boot, parse_mark("--from", "user"), None, None, Strategy(PCT, 0, 3), 9)
    return Searched(spec, 5, 100, schedules=4, find=find)
