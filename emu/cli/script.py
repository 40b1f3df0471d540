"""`emu run --script FILE`: operations of several tasks on the message queue, one after the other, and what they gave."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from emu.cli import options, terminal
from emu.errors import CheckFailed, EmuError, UserError
from emu.files import TEXT_BYTES_MAX, read_bounded

if TYPE_CHECKING:
    from emu.run.stuck.facts import Stuck
    from emu.subjects.ipc_msg.script.script import Results, Script

SCHEMA = "emu-script/1"


def read_script(path: Path) -> "Script":
    """Read and parse a script, or raise `UserError`."""
    from emu.subjects.ipc_msg.script.text import parse

    return parse(read_bounded(path, TEXT_BYTES_MAX, "script"), str(path))


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the steps of a script gave, as far as they went, and what ended them before the last one; None for Ctrl-C."""

    script: "Script"
    results: "Results"
    ended: EmuError | None

    @property
    def partial(self) -> bool:
        """Whether there are steps without a result."""
        return len(self.results) < len(self.script.steps)

    @property
    def stuck(self) -> "Stuck | None":
        """What every task was doing, if the last step did not come to rest."""
        return getattr(self.ended, "stuck", None)

    @property
    def unmet(self) -> list[str]:
        """Expectations of the steps that were made, a line each."""
        from emu.subjects.ipc_msg.script.check import mismatches

        return mismatches(replace(self.script, steps=self.script.steps[: len(self.results)]), self.results)

    @property
    def text(self) -> str:
        """The script with what it gave in place of what was expected."""
        from emu.subjects.ipc_msg.script.text import dump, with_results

        return dump(with_results(self.script, self.results))

    @property
    def steps(self) -> list[dict[str, Any]]:
        """Each step that was made: where it stands, what it is, what came of it and who came back."""
        from emu.subjects.ipc_msg.script.words import operation_text

        return [
            {
                "line": step.line,
                "task": step.task,
                "operation": operation_text(step.operation),
                "while": None if step.during is None else {"task": step.during.task, "point": step.during.point},
                "outcome": result.outcome.word,
                "fields": dict(result.outcome.fields),
                "returns": [{"task": task, "outcome": back.word, "fields": dict(back.fields)} for task, back in result.returns],
            }
            for step, result in zip(self.script.steps, self.results, strict=False)
        ]


def run_file(path: Path, variant: str, machine: str, as_json: bool, max_cycles: str | None) -> None:
    """Run a script; expectations that it states and that were not met end in exit code 1.

    What ends it before its last step (Ctrl-C, a fault, a bound) leaves what was gathered until then to be printed.
    """
    from emu.cli.catalogue import find_machine, points

    points(variant)
    find_machine(machine)
    cycles = None if max_cycles is None else options.whole("max-cycles", max_cycles)
    if cycles is not None and cycles < 1:
        raise UserError(f"max-cycles must be 1 or more, not {cycles}")
    gathered = _run(read_script(path), variant, machine, cycles)
    asked = {"schema": SCHEMA, "script": str(path), "variant": variant, "machine": machine}
    terminal.each_of(lambda: _show(gathered, asked, as_json), lambda: _judge(gathered, variant))
    if gathered.partial:
        raise typer.Exit(terminal.INTERRUPTED)


def _run(script: "Script", variant: str, machine: str, cycles: int | None) -> Gathered:
    from emu.run.script_run import Bounds, ScriptMachine

    results = []
    with terminal.interruptible() as interrupt, terminal.progress_bar(script.name, "steps") as progress:
        try:
            scripted = ScriptMachine.of(script, variant, machine)
            interrupt.begin()
            for result in scripted.steps(script, Bounds(cycles, interrupt.should_stop)):
                results.append(result)
                progress(len(results), len(script.steps))
        except EmuError as error:
            return Gathered(script, tuple(results), error)
    return Gathered(script, tuple(results), None)


def _show(gathered: Gathered, asked: dict[str, str], as_json: bool) -> None:
    """Print it: what a task was doing when nothing came to rest, as comments, so that the whole can be read as a script again."""
    if as_json:
        found: dict[str, Any] = {"result": gathered.text, "steps": gathered.steps, "mismatches": gathered.unmet}
        end: dict[str, Any] = {"partial": gathered.partial, "ended_by": None if gathered.ended is None else str(gathered.ended)}
        stuck = None if gathered.stuck is None else gathered.stuck.to_dict()
        terminal.show(json.dumps({**asked, **found, **end, "stuck": stuck}, indent=2))
        return
    terminal.show(gathered.text)
    if gathered.stuck is not None:
        from emu.report.stuck_report import render_stuck

        how_far = f"in the step behind the {len(gathered.results)} that are shown"
        for line in render_stuck(gathered.stuck, how_far, width=terminal.page_width() - 2).splitlines():
            terminal.show_line(f"# {line}".rstrip())


def _judge(gathered: Gathered, variant: str) -> None:
    """What was not met is a line each, and what ended the script an error."""
    for line in gathered.unmet:
        terminal.complain(line)
    if gathered.ended is not None:
        raise gathered.ended
    if gathered.unmet and not gathered.partial:
        raise CheckFailed(f"{gathered.script.name}: {variant} did not meet {len(gathered.unmet)} of the expectations")
