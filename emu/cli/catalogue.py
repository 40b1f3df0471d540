"""`emu variants` and `emu machines`: what there is to run, and on what."""

import json
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emu.cli import options, terminal, together
from emu.errors import UserError
from emu.files import TEXT_BYTES_MAX, read_bounded
from emu.report.catalogue_report import (
    Catalogue,
    Entry,
    Point,
    VariantFacts,
    instruction_lines,
    list_lines,
    machine_lines,
    variant_lines,
)

if TYPE_CHECKING:
    from emu.description import MachineFile

SCHEMA = "emu-machine/1"

variants_app = typer.Typer(
    invoke_without_command=True,
    rich_markup_mode=None,
    help="List the variants of the kernel path; `emu variants show NAME` tells what one changes and where to stall it, "
    "`emu variants new NAME --from wakeq` begins one of your own.",
)
machines_app = typer.Typer(
    invoke_without_command=True,
    rich_markup_mode=None,
    help="List the machines; `emu machines show NAME` prints every number with its source.",
)


@variants_app.callback()
def list_variants(context: typer.Context, as_json: options.Json = False) -> None:
    """Without a subcommand: the list."""
    _list_unless_more(context, as_json, _variants)


@variants_app.command("list", cls=together.Command)
def list_variants_too(as_json: options.Json = False) -> None:
    """List the variants that come with emu."""
    _show_catalogue(_variants(), as_json)


@variants_app.command("show", cls=together.Command)
def show_variant(
    name: Annotated[str, typer.Argument(metavar="NAME|FOLDER", help="A variant, or the folder of your own, such as ./mine.")],
    as_json: options.Json = False,
) -> None:
    """Say what a variant is, which files are its own, and the points where --stall can hold a core."""
    from emu.assembly.variants import differing_files, get_variant, lock_kind

    variant = get_variant(name)
    facts = VariantFacts(
        variant.name,
        variant.summary,
        variant.description,
        variant.extends,
        lock_kind(variant),
        str(variant.folder),
        differing_files(variant),
        points(name),
    )
    if as_json:
        terminal.show(json.dumps(facts.to_dict(), indent=2))
    else:
        _show_lines(variant_lines(facts, width=terminal.page_width()))


@variants_app.command("new", cls=together.Command)
def new_variant(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The folder to make: a name, or a path that ends in one.")],
    base: Annotated[
        str, typer.Option("--from", metavar="NAME|FOLDER", help="The variant to begin with.")
    ] = options.DEFAULT_VARIANT,
) -> None:
    """Make a folder with the routines in which a variant differs, for you to change and run.

    \b
    Example:
      emu variants new mine --from wakeq       then change ./mine/do_msgsnd.S
      emu compare wakeq ./mine
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    from emu.assembly.new_variant import make_variant
    from emu.assembly.variants import get_variant

    folder = Path(name)
    files = make_variant(folder, get_variant(base))
    typed = name if "/" in name else f"./{name}"
    routines = [file for file in files if "/" not in file]
    inline = f"; {len(files) - len(routines)} inline ones in {typed}/inline" if len(files) > len(routines) else ""
    terminal.show(f"{typed}: variant.toml and {len(routines)} routines of {base} to change: {', '.join(routines)}{inline}")
    terminal.show(f"  emu run --variant {shlex.quote(typed)}\n  emu compare {shlex.quote(base)} {shlex.quote(typed)}")


@machines_app.callback()
def list_machines(context: typer.Context, as_json: options.Json = False) -> None:
    """Without a subcommand: the list."""
    _list_unless_more(context, as_json, _machines)


@machines_app.command("list", cls=together.Command)
def list_machines_too(as_json: options.Json = False) -> None:
    """List the machines that come with emu."""
    _show_catalogue(_machines(), as_json)


@machines_app.command("show", cls=together.Command)
@together.declare(
    together.Apart("--toml", ("--json", "--instructions"), "they are two forms of one answer"),
    together.Apart("--instructions", ("--json",), "they are two forms of one answer"),
)
def show_machine(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A machine, or the path of a machine file.")],
    toml: Annotated[bool, typer.Option("--toml", help="The machine file itself: a start for your own.")] = False,
    instructions: Annotated[bool, typer.Option("--instructions", help="What instructions cost, row by row.")] = False,
    as_json: options.Json = False,
) -> None:
    """Print a machine: topology, caches, latencies, each number with its source.

    \b
    Your own machine:
      emu machines show a10-7800 --toml > mine.toml      then change it
      emu run --machine ./mine.toml
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    machine = find_machine(name)
    if toml:
        from emu.description.machine_file import machine_path

        terminal.show(read_bounded(machine_path(name), TEXT_BYTES_MAX, "machine file"))
    elif instructions:
        _show_lines(instruction_lines(machine.instructions, width=terminal.page_width()))
    elif as_json:
        terminal.show(json.dumps({"schema": SCHEMA, **machine.model_dump()}, indent=2))
    else:
        _show_lines(machine_lines(machine.model_dump(), width=terminal.page_width()))


def points(variant: str) -> list[Point]:
    """Where a variant can be stalled; raises `UserError` for an unknown variant. Assembles nothing."""
    from emu.assembly.inline import load_inlines
    from emu.assembly.source import prepare
    from emu.assembly.variants import get_variant, kernel_inlines, kernel_sources

    found = []
    inlines = load_inlines(kernel_inlines(get_variant(variant)))
    for routine, path in kernel_sources(get_variant(variant)).items():
        for annotation in prepare(path, inlines).annotations:
            if annotation.kind == "point":
                found.append(Point(annotation.name, routine, path.name, annotation.line))
    return found


def find_machine(name: str) -> "MachineFile":
    """A machine by name or path; raises `UserError` that says what is wrong with it."""
    from emu.description import load_machine

    return load_machine(name)


def _variants() -> Catalogue:
    from emu.assembly.variants import broken_variants, variants

    sound = [Entry(name, each.summary) for name, each in variants().items()]
    return Catalogue("variants", [*sound, *(Entry(name, broken=why) for name, why in broken_variants().items())])


def _machines() -> Catalogue:
    from emu.description import machine_names

    return Catalogue("machines", [_machine(name) for name in machine_names()])


def _machine(name: str) -> Entry:
    try:
        return Entry(name, find_machine(name).summary)
    except UserError as error:
        return Entry(name, broken=str(error))


def _list_unless_more(context: typer.Context, as_json: bool, catalogue: Callable[[], Catalogue]) -> None:
    """What a group does: its list without a subcommand, nothing with one."""
    if context.invoked_subcommand is None:
        _show_catalogue(catalogue(), as_json)
    elif as_json:
        raise UserError(f"--json belongs behind the subcommand: {context.command_path} {context.invoked_subcommand} --json")


def _show_catalogue(found: Catalogue, as_json: bool) -> None:
    if as_json:
        terminal.show(json.dumps(found.to_dict(), indent=2))
    else:
        _show_lines(list_lines(found, width=terminal.page_width()))


def _show_lines(lines: Iterable[str]) -> None:
    for line in lines:
        terminal.show_line(line)
