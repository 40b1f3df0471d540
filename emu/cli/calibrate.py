"""`emu calibrate`: microbenchmarks on the emulated machine beside published figures, or on the machine under it."""

import json
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from emu.cli import options, running, terminal, together
from emu.errors import CheckFailed, UserError
from emu.files import Output
from emu.report.figure import plot_file

HOST = "host"
HOST_FILE = "host.toml"
NOT_OF_SHARDS = ("--plot", "--overwrite")


@together.declare(
    together.Needs(("--out", "--template"), f"MACHINE={HOST}", "of an emulated machine there is a file already"),
    *running.rules("--json", *NOT_OF_SHARDS, ineffective=NOT_OF_SHARDS),
    together.Apart(
        f"MACHINE={HOST}",
        ("--jobs", *running.ELSEWHERE),
        "what else this machine does would change what is measured, and when it was",
    ),
    together.Together(("--jobs",), "processes change no figure", ("--json", *NOT_OF_SHARDS)),
    together.Needs(("--overwrite",), "--plot", "no other file is written", unless=(f"MACHINE={HOST}",)),
    together.Together(
        ("--json", "--plot", "--out", "--overwrite", "--template"), "each is one output, or what a machine file is made from"
    ),
)
def calibrate(
    machine: Annotated[
        str, typer.Argument(metavar="MACHINE|host", help="A machine or the path of a machine file; host: the machine under emu.")
    ] = options.DEFAULT_MACHINE,
    as_json: options.Json = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the latency between each two cores (.png or .svg).")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help=f"host: where to write the machine file (default {HOST_FILE}).")
    ] = None,
    overwrite: options.Overwrite = False,
    template: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="host: the machine whose figures stand in for what cannot be measured.")
    ] = options.DEFAULT_MACHINE,
    jobs: Annotated[str | None, typer.Option(metavar="N", help="Processes side by side (default: 1); changes no figure.")] = None,
    cluster: running.ClusterAddress = None,
    store: running.StoreFolder = None,
    verify: running.Verify = None,
    shard: running.ShardOf = None,
) -> None:
    """Validate a machine from below: chases, forwarding, branches, every instruction, line transfers, interrupts.

    A figure of high confidence is in bar within 10 %, any other inside the range that its source states. A machine without
    published figures, or a machine file by path, is shown beside what its file declares, without a bar.

    Exit code 1: a figure is out of bar.

    \b
    Examples:
      emu calibrate a10-7800                 every figure beside the published one
      emu calibrate ./mine.toml --json       measured beside declared, for a script
      emu calibrate host --out host.toml     the same loops on this machine, as a machine file
      emu run --machine ./host.toml
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    drawing = None if plot is None else plot_file(plot, overwrite=overwrite)
    if machine == HOST:
        _host(Output(out or Path(HOST_FILE), "machine file", overwrite=overwrite), template, as_json=as_json, plot=drawing)
        return
    where = running.Running(jobs, cluster, store, verify, shard, jobs_default=1)
    _emulated(machine, where, as_json=as_json, plot=drawing)


def _emulated(name: str, where: running.Running, *, as_json: bool, plot: Output | None) -> None:
    from emu.cli.catalogue import find_machine

    description = find_machine(name)
    _check_cores(plot, description.topology.processors)
    from emu.calibrate import suite
    from emu.calibrate.figures import expectations

    expected, judge = expectations(name, description)
    with (
        running.many(where, as_json=as_json) as runner,
        terminal.interruptible() as interrupt,
        terminal.progress_bar(f"calibrate {description.name}", "benchmarks") as progress,
    ):
        interrupt.begin()
        measured, heat_map, partly = suite.measure_emulated(name, runner, progress=progress, should_stop=interrupt.should_stop)
    rows = suite.rows_of(measured, expected, judge=judge)
    kind = "published" if judge else "declared"
    missing = suite.unmeasured(description)
    result = suite.Calibration(description.name, description.clock_hz.value, kind, rows, heat_map, missing, partly)
    from emu.report.calibrate_report import describe, render_calibration

    def show() -> None:
        if as_json:
            terminal.show(json.dumps(result.to_dict(), indent=2))
        else:
            terminal.show_page(partial(render_calibration, result))

    terminal.each_of(lambda: _plot(plot, heat_map, description.name, description.clock_hz.value), show)
    if partly:
        raise typer.Exit(terminal.INTERRUPTED)
    if result.out:
        more = f" (and {len(result.out) - 1} more)" if len(result.out) > 1 else ""
        raise CheckFailed(f"{len(result.out)} of {result.judged} figures are out of bar: {describe(result.out[0])}{more}")


def _host(out: Output, template: str, *, as_json: bool, plot: Output | None) -> None:
    from emu.cli.catalogue import find_machine

    described = find_machine(template)
    from emu.calibrate.host_file import host_machine, write_machine
    from emu.calibrate.native import Host, measure_host

    host = Host(described.instructions)
    _check_cores(plot, len(host.facts.cpus))
    with terminal.progress_bar("calibrate host", "benchmarks") as progress:
        result = measure_host(host, progress)
    file = None if result.partial else str(out.path)

    def write() -> None:
        if not result.partial:  # a machine file has every figure
            write_machine(out, host_machine(result, described), template)

    def show() -> None:
        if as_json:
            terminal.show(json.dumps(result.to_dict() | {"file": file}, indent=2))
            return
        from emu.report.calibrate_report import render_host

        run_it = f"; emu run --machine {file if '/' in file else f'./{file}'}" if file is not None else ""
        facts = result.facts() | {"machine file": f"{file or 'none: not everything was measured'}{run_it}"}
        terminal.show_page(partial(render_host, result.measured, result.heat_map, facts))

    terminal.each_of(write, lambda: _plot(plot, result.heat_map, HOST, result.clock_hz), show)
    if result.partial:
        raise typer.Exit(terminal.INTERRUPTED)


def _check_cores(plot: Output | None, cores: int) -> None:
    if plot is not None and cores < 2:
        raise UserError("--plot: it shows the latency between cores, and there is one core")


def _plot(file: Output | None, heat_map: dict[tuple[int, int], float], name: str, clock_hz: int) -> None:
    if file is not None and heat_map:
        from emu.report.heat_map_plot import plot_heat_map

        plot_heat_map(heat_map, name, clock_hz, file)
