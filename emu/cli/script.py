"""`emu run --script FILE`: operations of several tasks on the message queue, one after the other, and what they gave."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from emu.cli import terminal
from emu.errors import CheckFailed
from emu.files import TEXT_BYTES_MAX, read_bounded

if TYPE_CHECKING:
    from emu.subjects.ipc_msg.script.script import Script

SCHEMA = "emu-script/1"


def read_script(path: Path) -> "Script":
    """Read and parse a script, or raise `UserError`."""
    from emu.subjects.ipc_msg.script.text import parse

    return parse(read_bounded(path, TEXT_BYTES_MAX, "script"), str(path))


def run_file(path: Path, variant: str, machine: str, as_json: bool) -> None:
    """Run a script; expectations that it states and that were not met end in exit code 1."""
    from emu.cli.catalogue import find_machine, points
    from emu.subjects.ipc_msg.script.check import mismatches
    from emu.subjects.ipc_msg.script.text import dump, with_results

    points(variant)
    find_machine(machine)
    script = read_script(path)
    from emu.run.script_run import run_script

    results = run_script(script, variant, machine)
    unmet = mismatches(script, results)
    shown = dump(with_results(script, results))
    if as_json:
        terminal.show(
            json.dumps(
                {
                    "schema": SCHEMA,
                    "script": str(path),
                    "variant": variant,
                    "machine": machine,
                    "result": shown,
                    "mismatches": unmet,
                }
            )
        )
    else:
        terminal.show(shown)
    for line in unmet:
        terminal.complain(line)
    if unmet:
        raise CheckFailed(f"{path}: {variant} did not meet {len(unmet)} of the expectations")
