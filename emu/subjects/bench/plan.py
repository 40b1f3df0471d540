"""What one run of a lock does: as plain values, checked."""

import re
from dataclasses import dataclass, field

from emu.errors import UserError
from emu.whole import within

CORES_MAX = 64
LINES_MAX = 256
WORK_MAX = 10**6
ROUNDS_MAX = 10**7
STARVED_CYCLES = 20_000_000  # nobody acquires for so long: the lock never lets anybody in


@dataclass(frozen=True, slots=True)
class Section:
    """The critical section: lines loaded and written, and iterations of a loop of two instructions."""

    lines: int = 1
    work: int = 20

    def __str__(self) -> str:
        """As `--section` takes it."""
        return f"{self.lines}lines:{self.work}"


def parse_section(text: str) -> Section:
    """`4lines:100`, `4lines` or `100`, or a `UserError`."""
    match = re.fullmatch(r"(?:(?P<lines>\d{1,9})lines?)?(?P<between>:?)(?P<work>\d{1,9})?", text.strip())
    groups = match.groupdict() if match else {}
    if not match or not (groups["lines"] or groups["work"]) or bool(groups["between"]) != bool(groups["lines"] and groups["work"]):
        raise UserError(f"section must be LINESlines:WORK, such as 4lines:100, not {text!r}")
    section = Section(int(groups["lines"] or 0), int(groups["work"] or 0))
    within("section: lines", section.lines, 0, LINES_MAX)
    within("section: work", section.work, 0, WORK_MAX)
    return section


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One lock on one number of cores of one machine."""

    lock: str  # name or path
    machine: str
    cores: int
    rounds: int = 1000  # a core, on average: the run ends when all together have done cores x rounds
    section: Section = field(default_factory=Section)
    think: int = 500  # iterations of a loop, on average: each round half to one and a half of it
    shared: int = 0  # percent of rounds in which a core only reads
    seed: int = 1
    overrides: tuple[tuple[str, float], ...] = ()
    max_cycles: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        within("cores", self.cores, 1, CORES_MAX)
        within("rounds", self.rounds, 1, ROUNDS_MAX)
        within("think", self.think, 0, WORK_MAX)
        within("shared", self.shared, 0, 100)
        within("seed", self.seed, 0, 2**32 - 1)

    @property
    def rounds_wanted(self) -> int:
        """Of all cores together."""
        return self.cores * self.rounds

    @property
    def cycles_bound(self) -> int:
        """A run that takes so long is not going to end."""
        return self.max_cycles or max(10**9, self.rounds_wanted * 10**6)
