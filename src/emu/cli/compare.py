"""`emu compare A B`: two variants over several numbers of threads."""

import json
from typing import Annotated

import typer

from emu.cli import options, terminal
from emu.cli.run import execute
from emu.errors import LimitReached, UserError
from emu.report.compare_report import Comparison, Row, Side, render_comparison
from emu.run.experiment_spec import Experiment
from emu.run.result import RunResult

SEEDS_MAX = 1000


def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="The variant to measure against, such as baseline.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The variant to judge, such as wakeq.")],
    threads: Annotated[str, typer.Option(metavar="N,N,...", help="Numbers of user tasks: one row each.")] = "2,4,8",
    cores: options.Cores = options.CORES_DEFAULT,
    machine: options.Machine = options.DEFAULT_MACHINE,
    workload: options.Workload = options.DEFAULT_WORKLOAD,
    messages: options.Messages = None,
    seeds: Annotated[str, typer.Option(metavar="N", help="Run each with seeds 1 to N and take means.")] = "1",
    placement: options.Placement = None,
    queues: options.Queues = None,
    types: options.Types = None,
    stall: options.Stalls = None,
    tick: options.Tick = "0",
    as_json: options.Json = False,
    max_cycles: options.MaxCycles = None,
) -> None:
    """Run two variants with the same threads and seeds: rates, hold of the queue lock and message spin side by side.

    Ctrl-C stops; the rows that were complete are printed.

    \b
    Examples:
      emu compare baseline wakeq                    2, 4 and 8 threads on 4 cores
      emu compare baseline wakeq --threads 4 --seeds 5
      emu compare baseline wakeq --stall handoff_window:20000:10
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    counts = options.whole_list("threads", threads)
    how_many = options.whole("seeds", seeds)
    if not 1 <= how_many <= SEEDS_MAX:
        raise UserError(f"seeds must be 1 to {SEEDS_MAX}, not {how_many}")
    plan = {
        (count, variant, seed): options.experiment(
            variant=variant,
            machine=machine,
            cores=cores,
            workload=workload,
            threads=str(count),
            messages=messages,
            seed=str(seed),
            placement=placement,
            queues=queues,
            types=types,
            stalls=stall,
            tick=tick,
            max_cycles=max_cycles,
        )
        for count in counts
        for seed in range(1, how_many + 1)
        for variant in (a, b)
    }
    comparison = _measure((a, b), counts, tuple(range(1, how_many + 1)), plan)
    if comparison is None:
        terminal.complain("interrupted before the first row was complete")
        raise typer.Exit(terminal.INTERRUPTED)
    if as_json:
        terminal.show(json.dumps(comparison.to_dict(), indent=2))
    else:
        terminal.show(render_comparison(comparison, width=terminal.page_width(), colour=terminal.use_colour()))
    if comparison.partial:
        raise typer.Exit(terminal.INTERRUPTED)


def _measure(
    variants: tuple[str, str],
    counts: tuple[int, ...],
    seeds: tuple[int, ...],
    plan: dict[tuple[int, str, int], Experiment],
) -> Comparison | None:
    """Run the plan row by row, the two variants of a seed next to each other; None when not even one row was done."""
    rows: list[Row] = []
    example: RunResult | None = None
    partial = False
    for count in counts:
        runs: dict[str, list[RunResult]] = {variant: [] for variant in variants}
        for seed in seeds:
            for variant in runs:
                title = f"{variant}, {count} threads, seed {seed}"
                result = execute(plan[count, variant, seed], title=title)
                if result.stuck is not None:
                    raise LimitReached(f"{title}: {result.stuck.summary}")
                partial = partial or result.partial
                if partial:
                    break
                runs[variant].append(result)
            if partial:
                break
        if partial:
            break
        example = runs[variants[0]][0]
        rows.append(Row(count, Side.of(runs[variants[0]]), Side.of(runs[variants[1]])))
    if example is None:
        return None
    return Comparison(
        variants=variants,
        machine=example.machine,
        workload=example.workload,
        cores=example.cores,
        placement=example.placement,
        messages=example.messages_wanted,
        seeds=seeds,
        undisturbed=example.undisturbed,
        rows=tuple(rows),
        partial=partial,
    )
