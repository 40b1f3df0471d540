"""Comparisons and a sensitivity run, made up: what their reports and pictures are tested on."""

from dataclasses import replace

from bench.report.canned import STALLED, WAKEQ
from emu.compare.comparison import Comparison, Row
from emu.compare.published import published
from emu.compare.sensitivity import Effect, Outcome, Sensitivity, Variation
from emu.description import Figure
from emu.run.result import RunResult, WakeupLatency

CAUSES = {"remote_line": 7_500_000, "upgrade": 2_000_000, "mispredict": 900_000}


def _counted(run: RunResult, causes: dict[str, int], wakeup_cycles: int) -> RunResult:
    """With what the canned runs do not count: wakeup latency, and every busy cycle by its cause."""
    state = run.cycles_by_state
    busy = state.user + state.kernel + state.scheduler + state.interrupt
    rest = busy - sum(causes.values())
    latency = WakeupLatency(1990, 1990 * wakeup_cycles, 41_000)
    return replace(run, wakeup_latency=latency, cycles_by_cause={"none": rest, **causes})


BASELINE = _counted(replace(STALLED, stall_schedule=(), stalls={}), CAUSES | {"remote_line": 9_200_000}, 10_000)
COUNTED = _counted(WAKEQ, CAUSES, 8_000)
SEEDS = (1, 2, 3, 4, 5)


def seeded(run, step: float):
    """The same run under each seed, with a rate that goes up by `step`."""
    return [replace(run, seed=seed, messages_per_second=run.messages_per_second + step * seed) for seed in SEEDS]


def row(threads: int = 4) -> Row:
    """Five pairs."""
    table = published("pmsg-shared", ("baseline", "wakeq"))
    assert table is not None
    return Row.of(threads, seeded(BASELINE, 100), seeded(COUNTED, 250), table.rows.get(threads))


def comparison(*rows: Row, **changes) -> Comparison:
    plain = Comparison(
        variants=("baseline", "wakeq"),
        machine="a10-7800",
        workload="pmsg-shared",
        cores=4,
        placement="cross-module",
        queues="shared",
        types="own",
        reading="cross-module, one queue, own types",
        counts="pairs",
        messages=2000,
        seeds=SEEDS,
        seed_varies="start offsets",
        rows=rows,
        overrides={},
        published_source="AMD A10-7800: a table",
    )
    return replace(plain, **changes)


def _outcome(difference: float) -> Outcome:
    """Of two seeds, of which the second's B is a little faster."""
    faster = 300_000.0 * (1 + difference / 100)
    return Outcome(((300_000.0, 300_000.0), (faster - 300, faster + 300)))


def effect(key: str, value: int, shifts: dict[int, tuple[float | None, float]], reference: dict[int, Outcome]) -> Effect:
    figure = Figure(value=value, source="made up", confidence="low")
    ends: list[Variation | None] = []
    for end, factor in ((0, 0.5), (1, 1.5)):
        moved = {n: _outcome(reference[n].difference.mean + pair[end]) for n, pair in shifts.items() if pair[end] is not None}
        ends.append(Variation(int(value * factor), moved) if moved else None)
    return Effect(key, figure, reference, *ends)


def sensitivity(**changes) -> Sensitivity:
    """The second figure changes the sign at 2, the third moves 4 by no more than chance, the last has no lower value."""
    reference = {2: _outcome(4.0), 4: _outcome(62.0)}
    figure = Figure(value=8, source="made up", confidence="low")
    swung = Variation(12, {2: _outcome(4.6), 4: Outcome(((300_000.0, 300_000.0), (400_000.0, 630_000.0)))})
    chance = Effect("miss_buffers", figure, reference, Variation(4, reference), swung)
    plain = Sensitivity(
        variants=("baseline", "wakeq"),
        machine="a10-7800",
        workload="pmsg-shared",
        cores=4,
        messages=1000,
        seeds=(1, 2),
        seed_varies="start offsets",
        counts="pairs",
        reference=reference,
        effects=(
            effect("latencies.remote_line", 350, {2: (-1.0, 2.5), 4: (-20.0, 14.0)}, reference),
            effect("latencies.halt_exit", 2000, {2: (-5.5, 1.0), 4: (3.0, 3.5)}, reference),
            chance,
            effect("store_buffer.depth", 1, {2: (None, 0.1), 4: (None, -0.2)}, reference),
        ),
    )
    return replace(plain, **changes)
