"""What a guest can have allocated at once: it gets slabs for that, and an allocation too many ends the run.

Everything here is an upper bound, computed before anything runs.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Held:
    """Objects of one size."""

    size: int  # bytes asked for
    at_once: int
    ever: int | None  # over the whole run; None: as many as the run is long


def total(held: Iterable[Held]) -> Held:
    """Several as one, of the largest size."""
    each = list(held)
    ever = [one.ever for one in each]
    return Held(
        max((one.size for one in each), default=0),
        sum(one.at_once for one in each),
        None if None in ever else sum(count for count in ever if count is not None),
    )
