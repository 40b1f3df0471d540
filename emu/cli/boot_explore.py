"""`emu boot --from MARK --explore STRATEGY:N`: schedules of a region of a real kernel; and one of them again."""

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from emu.boot.marks import Mark, parse_mark
from emu.boot.spec import BootSpec
from emu.cli import options, running, terminal
from emu.errors import UserError
from emu.explore.replay_string import Replay, decode

if TYPE_CHECKING:
    from emu.subjects.kernel.explore.exploration import Find

AGAIN = "replay:"  # --explore replay:STRING


def run(
    spec: BootSpec,
    *,
    explore: str,
    start: str,
    stop: str | None,
    symbols: Path | None,
    seed: str,
    budget: str | None,
    jobs: str,
    as_json: bool,
) -> None:
    """Explore, and print what was found; a find is exit code 1."""
    from emu.boot.run import Watchers
    from emu.subjects.kernel.explore.search import search
    from emu.subjects.kernel.explore.spec import KIND, ExploreSpec, parse_strategy

    marks = parse_mark("--from", start), None if stop is None else parse_mark("--to", stop)
    if symbols is not None and not symbols.is_file():
        raise UserError(f"--symbols {symbols}: there is no such file; give the System.map of the kernel's build")
    if explore.startswith(AGAIN):
        found = decode(explore.removeprefix(AGAIN))
        if found.kind != KIND:
            raise UserError(f"--explore replay: the string is of '{found.kind}', not of a kernel: emu replay runs it")
        again(explore.removeprefix(AGAIN), found, as_json=as_json, here=(spec, *marks, symbols))
    number = options.whole("explore-seed", seed)
    if not 0 <= number < 2**62:
        raise UserError(f"--explore-seed must be 0 to 2**62 - 1, not {number}")
    strategy, schedules = parse_strategy(explore, number)
    seconds, most = options.budget(budget)
    wanted = ExploreSpec(spec, *marks, symbols, strategy, min(schedules, most or schedules))
    with (
        running.Running(jobs).runner() as runner,
        terminal.interruptible() as interrupt,
        terminal.progress_bar("explore", "schedules") as progress,
    ):
        interrupt.begin()
        watchers = Watchers(should_stop=interrupt.should_stop)
        searched = search(wanted, watchers, runner, seconds=seconds, progress=progress)
        stopped = interrupt.should_stop()
    if as_json:
        terminal.show(json.dumps(searched.to_dict(), indent=2))
    else:
        from emu.report.kernel_explore_report import render_search

        terminal.show_page(partial(render_search, searched))
    if searched.find is not None:
        raise typer.Exit(1)
    if stopped:
        raise typer.Exit(terminal.INTERRUPTED)


def again(
    text: str,
    found: Replay,
    *,
    as_json: bool,
    here: tuple[BootSpec, Mark, Mark | None, Path | None] | None = None,
) -> NoReturn:
    """Run a replay string of a kernel: on its own machine, or on one that is given; exit code 1 with the find."""
    from emu.boot.run import Watchers
    from emu.subjects.kernel.explore.exploration import replay
    from emu.subjects.kernel.explore.spec import from_header, on

    spec = from_header(found.header)
    show_find(found, replay(text, found, Watchers(), spec if here is None else on(spec, *here)), as_json=as_json)


def show_find(found: Replay, find: "Find", *, as_json: bool) -> NoReturn:
    """Print a find that was run again; exit code 1."""
    from emu.subjects.kernel.explore.search import replay_dict

    if as_json:
        terminal.show(json.dumps(replay_dict(found.kind, find), indent=2))
    else:
        from emu.report.kernel_explore_report import render_find

        terminal.show_page(partial(render_find, find))
    raise typer.Exit(1)
