"""`emu variants` and `emu machines`: what there is to run, and on what."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from emu.cli import options, terminal, together
from emu.files import TEXT_BYTES_MAX, read_bounded
from emu.report.catalogue_report import Point, VariantFacts, list_lines, machine_lines, variant_lines

if TYPE_CHECKING:
    from emu.description import MachineFile

variants_app = typer.Typer(
    invoke_without_command=True,
    rich_markup_mode=None,
    help="List the variants of the kernel path; `emu variants show NAME` tells what one changes and where to stall it.",
)
machines_app = typer.Typer(
    invoke_without_command=True,
    rich_markup_mode=None,
    help="List the machines; `emu machines show NAME` prints every number with its source.",
)


@variants_app.callback()
def list_variants(context: typer.Context) -> None:
    """Without a subcommand: the list."""
    if context.invoked_subcommand is None:
        _list_variants()


@variants_app.command("list", cls=together.Command)
def list_variants_too() -> None:
    """List the variants."""
    _list_variants()


@variants_app.command("show", cls=together.Command)
def show_variant(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A variant.")],
) -> None:
    """Say what a variant is, which files are its own, and the points where --stall can hold a core."""
    from emu.assembly.variants import differing_files, get_variant

    variant = get_variant(name)
    facts = VariantFacts(
        variant.name, variant.summary, variant.description, variant.extends, differing_files(variant), points(name)
    )
    _show_lines(variant_lines(facts))


@machines_app.callback()
def list_machines(context: typer.Context) -> None:
    """Without a subcommand: the list."""
    if context.invoked_subcommand is None:
        _list_machines()


@machines_app.command("list", cls=together.Command)
def list_machines_too() -> None:
    """List the machines that come with emu."""
    _list_machines()


@machines_app.command("show", cls=together.Command)
@together.declare(together.Apart("--toml", ("--json",), "they are two forms of one answer"))
def show_machine(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A machine, or the path of a machine file.")],
    toml: Annotated[bool, typer.Option("--toml", help="The machine file itself: a start for your own.")] = False,
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
    elif as_json:
        terminal.show(json.dumps(_plain(machine), indent=2))
    else:
        _show_lines(machine_lines(_plain(machine)))


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


def _list_variants() -> None:
    from emu.assembly.variants import variants

    _show_lines(list_lines({name: variant.summary for name, variant in variants().items()}))


def _list_machines() -> None:
    from emu.description import machine_names

    _show_lines(list_lines({name: find_machine(name).summary for name in machine_names()}))


def _plain(machine: "MachineFile") -> dict[str, Any]:
    return machine.model_dump()


def _show_lines(lines: Iterable[str]) -> None:
    for line in lines:
        terminal.show_line(line)
