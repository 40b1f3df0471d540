"""What is measured: a loop of one core, or an exchange of two, and how its ticks become cycles of one operation."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emu.calibrate.routine import Routine

PAGE_BYTES, LINE_BYTES = 0x1000, 64
HeatMap = dict[tuple[int, int], float]  # cycles of one way, by the numbers of the cores, the lower one first
Layout = Callable[[NDArray[np.uint64], int, np.random.Generator], None]  # words of the data, their address, chance
Place = Callable[[int], int]  # offset in the data at which a run begins before which so many iterations have been made


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop on one core, run with two lengths after a first run with `warm` iterations.

    Its figure is the difference of the two times over the difference of the operations, and `add`: other figures, by name, each
    with a factor. A clock that others disturb needs longer runs: `native_factor` times as long.
    """

    name: str
    group: str
    routine: Routine
    operations: int  # in one iteration
    lengths: tuple[int, int]  # iterations
    warm: int
    data_bytes: int = PAGE_BYTES
    layout: Layout | None = None
    add: tuple[tuple[str, float], ...] = ()
    place: Place = lambda done: 0
    native: bool = True  # user mode may run it
    native_factor: int = 1
    native_warm: int = 0  # if that is not `warm` times the factor
    renew: bool = False  # each repetition has its data laid out anew


@dataclass(frozen=True, slots=True)
class Exchange:
    """Two cores: `holder` puts lines into a state and says so, `asker` then times its access to each of them.

    The figure is the asker's result over the lines, and `add`. `table` lists the addresses of the lines for both.
    """

    name: str
    group: str
    holder: Routine
    asker: Routine
    lines: int
    add: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class PingPong:
    """Two cores change one word in turn; the figure is the time of one way."""

    name: str
    group: str
    first: Routine
    second: Routine
    lengths: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Measurement:
    """A figure in core cycles: the median of `samples`, and the quarter of them below and above (one sample: both are it)."""

    name: str
    group: str
    cycles: float
    low: float
    high: float
    samples: int = 1


def of_samples(name: str, group: str, samples: "list[float]") -> Measurement:
    """The median of some samples, with the quartiles as its spread."""
    low, middle, high = (float(each) for each in np.percentile(samples, (25, 50, 75)))
    return Measurement(name, group, middle, low, high, len(samples))


def with_terms(measured: Measurement, terms: tuple[tuple[str, float], ...], known: "dict[str, Measurement]") -> Measurement:
    """A figure with multiples of other figures added; the spreads are taken as independent of each other."""
    centre = measured.cycles + sum(factor * known[name].cycles for name, factor in terms)
    below, above = measured.cycles - measured.low, measured.high - measured.cycles
    for name, factor in terms:
        other = known[name]
        parts = abs(factor) * (other.cycles - other.low), abs(factor) * (other.high - other.cycles)
        down, up = parts if factor > 0 else parts[::-1]
        below, above = float(np.hypot(below, down)), float(np.hypot(above, up))
    return Measurement(measured.name, measured.group, centre, centre - below, centre + above, measured.samples)
