"""`emu compare K1 K2 --from MARK -- PROGRAM`: two real kernels."""

import json
from functools import partial
from pathlib import Path

import typer

from emu.boot.spec import BootSpec
from emu.cli import boot_detail, options, terminal
from emu.cli.expecting import Expecting
from emu.cli.running import Running, many
from emu.errors import UserError

SEEDS = 5


def run(
    kernels: tuple[str, str],
    program: list[str],
    *,
    start: str,
    stop: str | None,
    per: str | None,
    symbols: list[Path],
    cpus: str,
    machine: str,
    max_instructions: str | None,
    seeds: int,
    where: Running,
    as_json: bool,
    expected: Expecting,
) -> None:
    """Run every pair, and print the comparison."""
    if per is None:
        raise UserError("--per N is needed: how many items (messages, calls, ...) the program does from --from to --to")
    if len(symbols) not in (0, 2):
        raise UserError(f"--symbols was given {len(symbols)} times: give it twice, for A and then for B, or not at all")
    maps: list[Path | None] = [*symbols] or [None, None]
    from emu.compare.kernel_runs import KernelPlan, RegionRun, compare_kernels

    runs = [
        RegionRun(
            BootSpec(
                kernel=Path(kernel),
                cpus=options.whole("cpus", cpus),
                program=Path(program[0]) if program else None,
                arguments=tuple(program[1:]),
                machine=machine,
            ),
            boot_detail.region(start, stop, per, file, "0", max_instructions),
        )
        for kernel, file in zip(kernels, maps, strict=True)
    ]
    from emu.boot.build import read_inputs
    from emu.compare.expectation import figures_of_kernels
    from emu.report.kernel_compare_report import render_kernel_comparison

    for each in runs:
        read_inputs(each.spec)  # what cannot be read is refused before the first run, not behind it
    plan = KernelPlan(runs[0], runs[1], tuple(range(1, seeds + 1)))
    with (
        many(where, as_json=as_json) as runner,
        terminal.interruptible() as interrupt,
        terminal.progress_bar("compare", "runs") as progress,
    ):
        interrupt.begin()
        found = compare_kernels(plan, runner, progress=progress, should_stop=interrupt.should_stop)
    if found is None:
        raise terminal.Interrupted("the first pair of runs was complete")
    expected.judge(figures_of_kernels(found))
    if as_json:
        terminal.show(json.dumps({**found.to_dict(), **expected.json()}, indent=2))
    else:
        terminal.show_page(partial(render_kernel_comparison, found))
        expected.show()
    terminal.each_of(*expected.steps(" and ".join(found.names), partial=found.partial))
    if found.partial:
        raise typer.Exit(terminal.INTERRUPTED)
