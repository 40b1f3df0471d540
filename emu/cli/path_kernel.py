"""`emu path --kernel K`: the path of system calls through a real kernel."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import typer

from emu.boot.spec import BootSpec
from emu.cli import boot_detail, options, terminal
from emu.cli.watching import watching
from emu.errors import CheckFailed, UserError

WORK_BEGIN = "work_begin"


def run(
    kernel: Path,
    words: list[str],
    *,
    calls: str | None,
    cpus: str | None,
    symbols: Path | None,
    start: str | None,
    stop: str | None,
    max_instructions: str | None,
    machine: str,
    messages: str | None,
    seed: str | None,
    as_json: bool,
) -> None:
    """Measure it, and print the report or JSON; beside a variant that is named, a figure outside its bar is a failed check."""
    from emu.run.kernel_path import INSTRUCTIONS_MAX, KernelPathSpec, default_cpus, kernel_path
    from emu.subjects.ipc_msg.path.lengths import CALLS

    variant, program = _told_apart(words)
    if program and messages is not None:
        raise UserError("--messages has no meaning with a program: it sends what it sends; leave one of them out")
    region = boot_detail.region(start or WORK_BEGIN, stop, None, symbols, seed or "0", max_instructions or str(INSTRUCTIONS_MAX))
    spec = KernelPathSpec(
        BootSpec(
            kernel=kernel,
            cpus=default_cpus(machine) if cpus is None else options.whole("cpus", cpus),
            program=Path(program[0]) if program else None,
            arguments=tuple(program[1:]),
            machine=machine,
        ),
        region,
        tuple(CALLS if calls is None else calls.split(",")),
        variant,
        **({} if messages is None else {"messages": options.whole("messages", messages)}),
        **({} if seed is None else {"seed": options.whole("seed", seed)}),
    )
    with watching(verbose=False, as_json=True) as watchers, terminal.progress_bar("path", "steps") as bar:

        def progress(instructions: int) -> None:
            watchers.progress(instructions)
            terminal.say_in_bar(f"{instructions // 10**6:,} M instructions")

        found = kernel_path(spec, replace(watchers, progress=progress), bar)
    if found is None:
        raise terminal.Interrupted("a whole call had been looked at")
    from emu.report.kernel_path_check import KernelPathReport

    report = KernelPathReport(found)
    if as_json:
        terminal.show(json.dumps(report.to_dict(), indent=2))
    else:
        from emu.report.kernel_path_report import render_kernel_path

        terminal.show_page(partial(render_kernel_path, report))
    if found.stopped:
        raise typer.Exit(terminal.INTERRUPTED)
    outside = report.outside()
    if variant is not None and outside:
        raise CheckFailed(f"{variant} is not as long as {found.release or kernel}: {'; '.join(outside)}")


def _told_apart(words: list[str]) -> tuple[str | None, list[str]]:
    """The variant, which is a name that `emu variants` knows or a folder, and the program with its arguments."""
    from emu.assembly.variants import shipped_names

    if words and (words[0] in shipped_names() or Path(words[0]).is_dir()):
        return words[0], words[1:]
    return None, words
