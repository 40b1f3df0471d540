"""`emu run --script FILE`: operations of several tasks on the message queue, one after the other, and what they gave."""

import json
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from emu.cli import terminal
from emu.errors import CheckFailed, EmuError
from emu.files import TEXT_BYTES_MAX, read_bounded

if TYPE_CHECKING:
    from emu.run.stuck.facts import Stuck
    from emu.subjects.ipc_msg.script.script import Script, StepResult

SCHEMA = "emu-script/1"


def read_script(path: Path) -> "Script":
    """Read and parse a script, or raise `UserError`."""
    from emu.subjects.ipc_msg.script.text import parse

    return parse(read_bounded(path, TEXT_BYTES_MAX, "script"), str(path))


@dataclass(slots=True)
class Outcome:
    """What a script gave, as far as it came."""

    results: "list[StepResult]" = field(default_factory=list)
    stopped: bool = False
    error: EmuError | None = None
    stuck: "Stuck | None" = None

    @property
    def partial(self) -> bool:
        """Whether it did not come to its end."""
        return self.stopped or self.error is not None


def run_file(path: Path, variant: str, machine: str, as_json: bool) -> None:
    """Run a script; expectations that it states and that were not met end in exit code 1."""
    from emu.cli.catalogue import find_machine, points
    from emu.subjects.ipc_msg.script.check import mismatches
    from emu.subjects.ipc_msg.script.text import dump, with_results

    points(variant)
    find_machine(machine)
    script = read_script(path)
    outcome = _run(script, variant, machine)
    if outcome.partial:
        script = replace(script, steps=script.steps[: len(outcome.results)])
    results = tuple(outcome.results)
    unmet = mismatches(script, results)
    shown = dump(with_results(script, results))
    if as_json:
        stuck = outcome.stuck
        plain = {
            "schema": SCHEMA,
            "script": str(path),
            "variant": variant,
            "machine": machine,
            "partial": outcome.partial,
            "stuck": stuck.to_dict() if stuck is not None else None,
            "result": shown,
            "mismatches": unmet,
        }
        terminal.show(json.dumps(plain))
    else:
        terminal.show(shown)
        if outcome.stuck is not None:
            from emu.report.stuck_report import render_stuck

            terminal.show_page(partial(render_stuck, outcome.stuck, f"in the step behind the {len(results)} that are shown"))
    for line in unmet:
        terminal.complain(line)
    if outcome.error is not None:
        raise outcome.error
    if outcome.stopped:
        raise typer.Exit(terminal.INTERRUPTED)
    if unmet:
        raise CheckFailed(f"{path}: {variant} did not meet {len(unmet)} of the expectations")


def _run(script: "Script", variant: str, machine: str) -> Outcome:
    """Run a script; Ctrl-C, a step that is stuck and a check that fails leave what the steps before gave."""
    from emu.run.script_run import ScriptMachine, StepStuck

    outcome = Outcome()
    scripted = ScriptMachine.of(script, variant, machine)
    try:
        with terminal.progress_bar(script.name, "steps") as progress:
            for result in scripted.steps(script):
                outcome.results.append(result)
                progress(len(outcome.results), len(script.steps))
    except KeyboardInterrupt:
        outcome.stopped = True
    except StepStuck as error:
        outcome.error, outcome.stuck = error, error.stuck
    except CheckFailed as error:
        outcome.error = error
    return outcome
