"""What a failing test leaves for whoever looks at it: how to have each of its runs again, and traces of the last ones.

Runs repeat, so a trace costs nothing until a test has failed: the run is made again then, with one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from emu.compare.paired import RowPlan
from emu.errors import EmuError
from emu.run.experiment import run
from emu.run.experiment_spec import Experiment
from emu.run.trace_setup import command
from emu.trace.file import TraceFile

TRACE_RECORDS = 2_000_000  # some 20 MB, and a few seconds
TRACED_MAX = 2  # of the last runs


@dataclass(frozen=True, slots=True)
class Evidence:
    """One run: the line that makes it again, more to read, and how to write its trace."""

    name: str  # for the file
    again: str  # a command line
    text: str = ""
    trace: Callable[[Path], None] | None = None  # the file may be there already


def of_run(experiment: Experiment, name: str = "run") -> Evidence:
    """A run of a variant."""

    def trace(path: Path) -> None:
        limits = replace(experiment.limits, trace_records=TRACE_RECORDS)
        run(replace(experiment, trace=path, overwrite=True, limits=limits))

    return Evidence(f"{name}-{Path(experiment.variant).name}", f"emu {command(experiment)}", trace=trace)


def of_comparison(plans: Sequence[RowPlan]) -> Iterator[Evidence]:
    """Both sides of the row with the most threads, under the first seed: one of each is enough to see the difference."""
    a, b = max(plans, key=lambda plan: plan.threads).pairs[0]
    yield of_run(a, "a")
    yield of_run(b, "b")


def collect(evidence: Sequence[Evidence], folder: Path, test: str) -> Iterator[str]:
    """Write the traces, and say line by line what there is."""
    for each in evidence:
        yield f"again: {each.again}"
        if each.text:
            yield each.text.rstrip()
    for each in [each for each in evidence if each.trace is not None][-TRACED_MAX:]:
        path = folder / f"{test}-{each.name}.trace"
        try:
            assert each.trace is not None
            folder.mkdir(parents=True, exist_ok=True)
            each.trace(path)
            partial = TraceFile(path).partial
        except (EmuError, OSError) as error:
            yield f"no trace {path}: {error}"
            continue
        yield f"trace: {path}{' (its beginning: emu run --trace FILE writes all of it)' if partial else ''}"
