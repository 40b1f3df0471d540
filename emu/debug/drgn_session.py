"""A session of drgn on a stopped machine: a script, or a prompt."""

import sys
import traceback
from pathlib import Path
from typing import Any

from emu.boot.machine import Machine
from emu.debug.drgn_program import program_of, registers_of
from emu.debug.guest import GuestNames
from emu.errors import CheckFailed, UserError
from emu.files import read_bounded

STDIN = Path("-")
SCRIPT_BYTES_MAX = 1 << 20


def read_script(path: Path) -> tuple[str, str] | None:
    """The text of a script and what it is called; None for a prompt, as stdin is a terminal."""
    if path != STDIN:
        return read_bounded(path, SCRIPT_BYTES_MAX, "drgn script"), str(path)
    return None if sys.stdin.isatty() else (sys.stdin.read(), "<stdin>")


def converse(machine: Machine, names: GuestNames, script: tuple[str, str] | None) -> None:
    """Run a script, or a prompt, with `prog` and `regs(CPU)`; a script that fails is a `CheckFailed`."""
    from drgn.cli import default_globals, run_interactive

    program = program_of(machine, names)

    def regs(cpu: int) -> Any:
        return registers_of(program, machine, cpu)

    if script is None:
        run_interactive(program, globals_func=lambda known: {**known, "regs": regs}, banner_func=lambda text: text + BANNER)
        return
    _execute(*script, {**default_globals(program), "regs": regs, "__name__": "__main__"})


BANNER = "\nregs(CPU) has the registers of a CPU, for stack_trace"


def _execute(text: str, name: str, known: dict[str, Any]) -> None:
    try:
        exec(compile(text, name, "exec"), known)
    except SyntaxError as error:
        raise UserError(f"{name}:{error.lineno}: {error.msg}") from None
    except SystemExit as end:
        if end.code not in (None, 0):
            raise CheckFailed(f"{name} ended with {end.code}") from None
    except Exception as error:  # whatever the user's script does
        line = next((frame.lineno for frame in reversed(traceback.extract_tb(error.__traceback__)) if frame.filename == name), 0)
        raise CheckFailed(f"{name}:{line}: {type(error).__name__}: {error}".rstrip(": ")) from None
