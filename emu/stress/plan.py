"""What the tester is asked to do, as one value: the same `Plan` tests the same programs, wherever they run."""

from dataclasses import dataclass

from emu.whole import within

OPERATIONS_DEFAULT = 1_000_000
OPERATIONS_MAX = 10**12


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A test; `cores` and `lines` None go through several numbers, each as hard as the other."""

    machine: str
    operations: int = OPERATIONS_DEFAULT
    cores: int | None = None
    lines: int | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name, value, least, most in (
            ("operations", self.operations, 1, OPERATIONS_MAX),
            ("cores", self.cores, 1, 64),
            ("lines", self.lines, 1, 4096),
            ("seed", self.seed, 0, 2**63 - 1),
        ):
            if value is not None:
                within(name, value, least, most)
