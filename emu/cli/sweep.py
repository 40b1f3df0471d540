"""`emu sweep FILE.toml`: every combination of some axes, how it scales, and who is ahead where."""

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emu.cli import options, running, terminal, together
from emu.errors import CheckFailed, UserError
from emu.report.figure import plot_file

if TYPE_CHECKING:
    from emu.sweep.sweep import Sweep

OF_SHOWN = ("--plot", "--heat", "--overwrite")


@together.declare(
    *running.rules(*OF_SHOWN, "--json", ineffective=OF_SHOWN),
    together.Needs(("--overwrite",), "--plot", "no other file is written", unless=("--heat",)),
    together.Together((*OF_SHOWN, "--json", "--jobs"), "each is one form of the answer, or where it is made"),
)
def sweep(
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="The sweep: axes, seeds, and what is the same in all runs.")],
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw the curves: a .png or .svg file.")] = None,
    heat: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw a heat map over two axes: a .png or .svg file.")] = None,
    overwrite: options.Overwrite = False,
    jobs: running.Jobs = None,
    cluster: running.ClusterAddress = None,
    store: running.StoreFolder = None,
    verify: running.Verify = None,
    shard: running.ShardOf = None,
    as_json: options.Json = False,
) -> None:
    """Run every combination of some axes (variants, machines, cores, threads, any figure), each with the same seeds.

    Rates with 95 % confidence intervals, the Universal Scalability Law of each curve over cores or threads, and from where on
    which variant is ahead (docs/sweep.md). A point whose run fails is told, and the others go on. Ctrl-C shows what is
    complete; with --store the next command goes on from there.

    Exit code 1: a run has failed.

    \b
    Examples:
      emu sweep docs/sweep.toml                             a table, laws, crossings
      emu sweep docs/sweep.toml --plot curves.svg --heat map.svg
      emu sweep docs/sweep.toml --store results             and again: nothing is run twice
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    from emu.report.sweep_plot import heat_axes, plot_curves, plot_heat
    from emu.report.sweep_report import render_sweep
    from emu.sweep.plan import read_plan
    from emu.sweep.sweep import run_sweep

    plan = read_plan(file)
    if plot is not None and plan.x is None:
        raise UserError("--plot draws curves over an axis of several numbers, and this sweep has none")
    if heat is not None:
        heat_axes(plan)
    files = [None if each is None else plot_file(each, overwrite=overwrite) for each in (plot, heat)]
    where = running.Running(jobs, cluster, store, verify, shard)
    with running.many(where, as_json=as_json) as runner:
        with terminal.interruptible() as interrupt, terminal.progress_bar(plan.title, "runs") as progress:
            interrupt.begin()
            found = run_sweep(plan, runner, progress=progress, should_stop=interrupt.should_stop)
        if found is None:
            raise terminal.Interrupted("a point was complete")

        def show() -> None:
            if as_json:
                terminal.show(json.dumps(found.to_dict(), indent=2))
            else:
                terminal.show_page(partial(render_sweep, found))

        drawn = zip((plot_curves, plot_heat), files, strict=True)
        steps = [partial(draw, found, output) for draw, output in drawn if output is not None]
        terminal.each_of(partial(_judge, found), *steps, show)
    if found.partial:
        raise typer.Exit(terminal.INTERRUPTED)


def _judge(found: "Sweep") -> None:
    from emu.sweep.plan import words_of

    if found.failed:
        place, error = next(iter(found.failed.items()))
        at = words_of(found.plan.points[place].at.items())
        raise CheckFailed(f"{len(found.failed)} of {len(found.plan.points)} points have failed; at {at}: {error}")
