"""`emu boot --gdb PORT`: a debugger has the machine at a mark."""

from pathlib import Path

import typer

from emu.boot.marks import parse_mark
from emu.boot.result import BootResult
from emu.boot.spec import BootSpec
from emu.cli import options, terminal
from emu.cli.watching import watching
from emu.errors import UserError


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
        terminal.complain(f"the debugger has left ({left.value}), and the machine with it")
        raise typer.Exit(0)
    return result
