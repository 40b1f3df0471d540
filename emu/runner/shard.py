"""A part of many runs, for one of several jobs of a batch system: each does its own, and all keep what they have in one store."""

from collections.abc import Mapping
from dataclasses import dataclass

from emu.errors import UserError
from emu.whole import whole

TASK, TASKS = "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT"
FIRST, LAST, STEP = "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_STEP"
SHARDS_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Shard:
    """The `number`-th of `total`, from 1 on."""

    number: int
    total: int

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not 1 <= self.number <= self.total <= SHARDS_MAX:
            raise UserError(f"shard must be 1/N to N/N, N up to {SHARDS_MAX:,}, not {self.number}/{self.total}")

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Read I/N."""
        number, slash, total = text.partition("/")
        if not slash:
            raise UserError(f"shard must be I/N, such as 2/10 for the second of ten, not {text!r}")
        return cls(whole("shard", number), whole("shard", total))

    @classmethod
    def of_slurm(cls, environment: Mapping[str, str]) -> "Shard | None":
        """The place of this job in its array; None: it is in none. An array begins anywhere, and may have a step: 0-9, 1-19:2."""
        if TASK not in environment:
            return None
        numbers = {name: whole(name, environment[name]) for name in (TASK, TASKS, FIRST, LAST, STEP) if name in environment}
        for name in (TASKS, FIRST):
            if name not in numbers:
                raise UserError(f"{TASK} is set and {name} is not: say which --shard I/N this is, or 1/1 for all runs")
        step = numbers.get(STEP, 1) or 1
        number, off = divmod(numbers[TASK] - numbers[FIRST], step)
        even = numbers.get(LAST, numbers[FIRST] + (numbers[TASKS] - 1) * step) == numbers[FIRST] + (numbers[TASKS] - 1) * step
        if off or not even:
            raise UserError("the job array's numbers are not evenly spaced: say which --shard I/N this is, or 1/1 for all runs")
        return cls(number + 1, numbers[TASKS])

    def has(self, place: int) -> bool:
        """Whether the run at a place of the plan, from 0 on, is this shard's."""
        return place % self.total == self.number - 1

    def __str__(self) -> str:
        """As it is typed."""
        return f"{self.number}/{self.total}"
