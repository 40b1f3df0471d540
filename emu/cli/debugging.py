"""`emu boot --gdb PORT` and `--drgn SCRIPT`: a debugger has the machine at a mark; `emu replay --gdb PORT`: it has a schedule."""

import sys
from contextlib import nullcontext, redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer

from emu.boot.marks import Mark, parse_mark
from emu.boot.result import BootResult
from emu.boot.spec import BootSpec
from emu.cli import boot_explore, options, terminal
from emu.cli.watching import watching
from emu.errors import UserError
from emu.explore.replay_string import Replay

if TYPE_CHECKING:
    from emu.boot.run import Watchers
    from emu.debug.debugger import Left
    from emu.description.machine_file import MachineFile
    from emu.run.explore_run import Reopened
    from emu.subjects.kernel.detail import DetailRun, RegionSpec


def run(spec: BootSpec, *, port: str, start: str | None, symbols: Path | None, verbose: bool, as_json: bool) -> BootResult:
    """Serve a debugger; the run's result, if it was let go on to its end."""
    from emu.debug.boot_run import debug_boot
    from emu.debug.debugger import Left

    mark = _stand(start, symbols)
    number = options.whole("gdb", port)
    with watching(verbose=verbose, as_json=as_json) as watchers:
        result, left = debug_boot(spec, mark, symbols, number, watchers, digest=as_json or verbose)
    if left != Left.DETACHED:
        _gone(left)
    return result


def run_drgn(spec: BootSpec, *, script: Path, start: str | None, symbols: Path | None, verbose: bool, as_json: bool) -> BootResult:
    """A script of drgn's, or a prompt, and the rest of the run. With --json what a script prints is no part of stdout."""
    if find_spec("drgn") is None:
        raise UserError("--drgn: drgn is not installed; pip install 'emu[drgn]'")
    from emu.debug.boot_run import drgn_boot

    mark = _stand(start, symbols)
    with watching(verbose=verbose, as_json=as_json) as watchers, redirect_stdout(sys.stderr) if as_json else nullcontext():
        return drgn_boot(spec, mark, symbols, script, watchers, digest=as_json or verbose)


def _stand(start: str | None, symbols: Path | None) -> Mark:
    """Where the machine is to stand, once the options are looked at."""
    from emu.debug.boot_run import AFTER_BOOT

    if symbols is not None and not symbols.is_file():
        raise UserError(f"--symbols {symbols}: there is no such file; give the System.map of the kernel's build")
    return AFTER_BOOT if start is None else parse_mark("--from", start)


def debug_replay(text: str, found: Replay, port: str, *, as_json: bool) -> NoReturn:
    """Serve a debugger the schedule that a replay string is of; then it is shown as without one."""
    from emu.debug.replay_run import debug_replay as serve

    number = options.whole("gdb", port)
    with watching(verbose=False, as_json=True) as watchers:
        find, left = serve(text, found, number, watchers)
    if find is None:
        _gone(left)
    boot_explore.show_find(found, find, as_json=as_json)


def run_detail(spec: BootSpec, region: "RegionSpec", description: "MachineFile", port: str, watchers: "Watchers") -> "DetailRun":
    """Serve a debugger a region in full detail; what came of that, if it was let go on to its end."""
    from emu.debug.full_run import debug_detail

    found, left = debug_detail(spec, region, description, options.whole("gdb", port), watchers)
    if found is None:
        _gone(left)
    return found


def debug_scene(reopened: "Reopened", port: str) -> None:
    """Serve a debugger the schedule of a variant or of a lock."""
    from emu.debug.debugger import Left
    from emu.debug.scene_run import debug_scene as serve

    number = options.whole("gdb", port)
    with watching(verbose=False, as_json=True) as watchers:
        left = serve(reopened, number, watchers)
    if left != Left.DETACHED:
        _gone(left)


def _gone(left: "Left") -> NoReturn:
    terminal.complain(f"the debugger has left ({left.value}), and the machine with it")
    raise typer.Exit(0)
