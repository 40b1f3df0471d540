"""`emu boot --gdb PORT`: a debugger has the machine at a mark; `emu replay --gdb PORT`: it has a schedule."""

from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from emu.boot.marks import parse_mark
from emu.boot.result import BootResult
from emu.boot.spec import BootSpec
from emu.cli import boot_explore, options, terminal
from emu.cli.watching import watching
from emu.errors import UserError
from emu.explore.replay_string import Replay

if TYPE_CHECKING:
    from emu.debug.debugger import Left


def run(spec: BootSpec, *, port: str, start: str | None, symbols: Path | None, verbose: bool, as_json: bool) -> BootResult:
    """Serve a debugger; the run's result, if it was let go on to its end."""
    from emu.debug.boot_run import AFTER_BOOT, debug_boot
    from emu.debug.debugger import Left

    mark = AFTER_BOOT if start is None else parse_mark("--from", start)
    if symbols is not None and not symbols.is_file():
        raise UserError(f"--symbols {symbols}: there is no such file; give the System.map of the kernel's build")
    number = options.whole("gdb", port)
    with watching(verbose=verbose, as_json=as_json) as watchers:
        result, left = debug_boot(spec, mark, symbols, number, watchers, digest=as_json or verbose)
    if left != Left.DETACHED:
        _gone(left)
    return result


def debug_replay(text: str, found: Replay, port: str, *, as_json: bool) -> NoReturn:
    """Serve a debugger the schedule that a replay string is of; then it is shown as without one."""
    from emu.debug.replay_run import debug_replay as serve

    number = options.whole("gdb", port)
    with watching(verbose=False, as_json=True) as watchers:
        find, left = serve(text, found, number, watchers)
    if find is None:
        _gone(left)
    boot_explore.show_find(found, find, as_json=as_json)


def _gone(left: "Left") -> NoReturn:
    terminal.complain(f"the debugger has left ({left.value}), and the machine with it")
    raise typer.Exit(0)
