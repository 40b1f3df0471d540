"""The one calibrated figure: the cost of leaving HLT at which `baseline` makes the published rate at 2, and nothing else fitted.

    python benchmarks/calibrate_halt_exit.py

Prints each value tried and the rate it gives, in the setting of `emu compare` (two pairs, its seeds and messages), and last the
value that belongs into the machine file's latencies.halt_exit.
"""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from statistics import fmean

from emu.cli.compare import MESSAGES, SEEDS
from emu.compare.published import published
from emu.description import load_machine
from emu.errors import EmuError
from emu.processes import host_cores
from emu.run.experiment_spec import Experiment
from emu.run.run_kind import RUN
from emu.runner.runner import Runner

VARIANTS = ("baseline", "wakeq")
ROW = 2  # of the published table: two pairs of threads
STEPS_MAX = 12


def rate_at(runner: Runner, machine: str, halt_exit: int) -> float:
    """Mean over the seeds."""
    experiments = [
        Experiment(
            variant=VARIANTS[0],
            machine=machine,
            threads=2 * ROW,
            messages=MESSAGES,
            seed=seed,
            overrides=(("latencies.halt_exit", halt_exit),),
        )
        for seed in range(1, SEEDS + 1)
    ]
    found = fmean(outcome.result().messages_per_second for outcome in runner.run(RUN, experiments))
    print(f"halt_exit {halt_exit:5d}: {found:,.0f} messages a second", flush=True)
    return found


def follow(rate_of: Callable[[int], float], value: int, wanted: float, clock_hz: int) -> dict[int, float]:
    """The rates of the values tried, from `value` on: a message's time grows by about half of what leaving HLT takes longer."""
    tried: dict[int, float] = {}
    while value not in tried and len(tried) < STEPS_MAX:
        tried[value] = rate_of(value)
        value = max(0, round(value + ROW * clock_hz * (1 / wanted - 1 / tried[value])))
    return tried


def main() -> None:
    """Calibrate, and print the way there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--machine", default="a10-7800")
    machine = parser.parse_args().machine
    table = published(Experiment().workload, VARIANTS)
    assert table is not None
    wanted = table.rows[ROW].messages_per_second[0]
    description = load_machine(machine)
    with Runner.local(host_cores()) as runner:
        rate_of = partial(rate_at, runner, machine)
        tried = follow(rate_of, description.latencies.halt_exit.value, wanted, description.clock_hz.value)
    best = min(tried, key=lambda each: abs(tried[each] - wanted))
    print(f"published {wanted:,.0f}; latencies.halt_exit = {best} gives {tried[best]:,.0f}")


if __name__ == "__main__":
    try:
        main()
    except EmuError as error:
        sys.exit(f"calibrate_halt_exit: {error}")
