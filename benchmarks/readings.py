"""The predictions for pmsg-shared under each reading of its name, as two Markdown tables.

    python benchmarks/readings.py                              print them
    python benchmarks/readings.py --update docs/pmsg-shared.md and put them between the document's markers

Runs baseline and wakeq with few messages, on all cores of the host, for every placement, use of queues and use of types, at
2, 4, 8 and 16 threads: the seed's 2 / 4 / 8 are the first three if it counts threads, the last three if it counts pairs.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import exp, log, sqrt
from pathlib import Path
from statistics import fmean

from emu.errors import EmuError, UserError
from emu.files import Output
from emu.processes import host_cores
from emu.run.experiment_spec import Experiment
from emu.run.run_kind import RUN
from emu.runner.runner import Runner
from emu.subjects.ipc_msg.workload.placement import PLACEMENTS
from emu.subjects.ipc_msg.workload.pmsg_shared import QUEUES, TYPES

VARIANTS = ("baseline", "wakeq")
THREADS = (2, 4, 8, 16)
COUNTED_AS = {"threads": (2, 4, 8), "pairs": (4, 8, 16)}
SECONDS = 60
PUBLISHED = ((22_884_224, 24_278_200), (21_367_197, 35_743_458), (19_347_422, 30_442_191))  # messages of the patch's own table
BEGIN, END = "<!-- readings: begin -->\n", "<!-- readings: end -->\n"


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand the name."""

    placement: str
    queues: str
    types: str

    @property
    def name(self) -> str:
        """For a table: pairs with a queue each behave alike with either use of types."""
        return f"{self.placement}, " + ("a queue a pair" if self.queues == "pair" else f"one queue, {self.types} types")


Rates = Mapping[tuple[Reading, int, str], list[float]]  # one rate a seed

READINGS = tuple(
    Reading(placement, queues, types)
    for placement, queues, types in product(PLACEMENTS, QUEUES, TYPES)
    if (queues, types) != ("pair", "common")
)


def experiment(reading: Reading, threads: int, variant: str, messages: int, seed: int) -> Experiment:
    """One run."""
    return Experiment(
        variant=variant,
        threads=threads,
        messages=messages,
        seed=seed,
        placement=reading.placement,
        queues=reading.queues,
        types=reading.types,
    )


def measure(messages: int, seeds: int) -> Rates:
    """All runs, side by side on the cores of the host; the rates are those of any other order."""
    jobs = {
        (reading, threads, variant, seed): experiment(reading, threads, variant, messages, seed)
        for reading, threads, variant, seed in product(READINGS, THREADS, VARIANTS, range(1, seeds + 1))
    }

    def heard(done: int, total: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{done} of {total} runs", end="\n" if done == total else "", file=sys.stderr, flush=True)

    with Runner.local(host_cores()) as runner:
        results = [outcome.result() for outcome in runner.run(RUN, list(jobs.values()), progress=heard)]
    found = {key: result.messages_per_second for key, result in zip(jobs, results, strict=True)}
    return {
        (reading, threads, variant): [found[reading, threads, variant, seed] for seed in range(1, seeds + 1)]
        for reading, threads, variant in product(READINGS, THREADS, VARIANTS)
    }


def percent(a: float, b: float) -> float:
    """How much more b is."""
    return 100 * (b / a - 1)


def tables(rates: Rates) -> Iterator[str]:
    """Lines of both tables."""
    yield "Thousands of messages a second, baseline → wakeq, and the difference; ±: standard deviation over the seeds.\n"
    yield "| reading | " + " | ".join(f"{threads} threads" for threads in THREADS) + " |"
    yield "|---|" + "--:|" * len(THREADS)
    for reading in READINGS:
        cells = [_cell(*(rates[reading, threads, variant] for variant in VARIANTS)) for threads in THREADS]
        yield f"| {reading.name} | " + " | ".join(cells) + " |"
    published = [tuple(messages / SECONDS for messages in row) for row in PUBLISHED]
    cells = [_cell([a], [b]) for a, b in published]
    yield "| **published, if it counts threads** | " + " | ".join([*cells, ""]) + " |"
    yield "| **published, if it counts pairs** | " + " | ".join(["", *cells]) + " |"
    yield "\nHow far from the published table. Points: mean distance of the three differences. Shape: typical factor between a rate"
    yield "and the published one, all six taken relative to baseline at 2, the number that the model is calibrated on.\n"
    yield "| reading | threads: points | shape | pairs: points | shape |"
    yield "|---|--:|--:|--:|--:|"
    for reading in READINGS:
        fits = [_distance(reading, counts, rates, published) for counts in COUNTED_AS.values()]
        yield f"| {reading.name} | " + " | ".join(f"{points:.0f} | {shape:.2f}" for points, shape in fits) + " |"


def _cell(a: list[float], b: list[float]) -> str:
    differences = [percent(*pair) for pair in zip(a, b, strict=True)]
    mean = fmean(differences)
    spread = sqrt(fmean([(each - mean) ** 2 for each in differences]))
    note = f" ±{spread:.0f}" if spread >= 1 else ""
    return f"{fmean(a) / 1e3:.0f} → {fmean(b) / 1e3:.0f}, {mean:+.0f}{note} %"


def _distance(reading: Reading, counts: tuple[int, ...], rates: Rates, published: list[tuple[float, ...]]) -> tuple[float, float]:
    ours = [tuple(fmean(rates[reading, threads, variant]) for variant in VARIANTS) for threads in counts]
    points = fmean([abs(percent(*mine) - percent(*theirs)) for mine, theirs in zip(ours, published, strict=True)])
    ratios = [
        log(mine / ours[0][0]) - log(theirs / published[0][0])
        for row, wanted in zip(ours, published, strict=True)
        for mine, theirs in zip(row, wanted, strict=True)
    ]
    return points, exp(sqrt(fmean([ratio**2 for ratio in ratios])))


def update(document: Path, text: str) -> None:
    """Put the tables between the markers of a document."""
    try:
        before, begin, rest = document.read_text().partition(BEGIN)
    except OSError as error:
        raise UserError(f"cannot read {document}: {error.strerror}") from None
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise UserError(
            f"{document}: wanted the lines {BEGIN.strip()} and {END.strip()} to put the tables between; they are not there"
        )
    Output(document, "document", overwrite=True).write(before + begin + text + end + after)


def main() -> int:
    """Measure, print, and update a document if asked to; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=800, help="messages of a run (800)")
    parser.add_argument("--seeds", type=int, default=2, help="seeds 1 to N (2)")
    parser.add_argument("--update", type=Path, metavar="DOCUMENT", help="also put the tables into a document")
    asked = parser.parse_args()
    command = f"python benchmarks/readings.py --messages {asked.messages} --seeds {asked.seeds}"
    try:
        if asked.seeds < 1:
            raise UserError(f"seeds must be 1 or more, not {asked.seeds}")
        text = f"`{command}`\n\n" + "\n".join(tables(measure(asked.messages, asked.seeds))) + "\n"
        print(text, end="")
        if asked.update is not None:
            update(asked.update, text)
    except EmuError as error:
        print(f"readings: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("readings: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
