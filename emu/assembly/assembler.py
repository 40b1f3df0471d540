"""From the files of a variant to an `Image`: kernel text, user text, globals, and what is known of them by name."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from emu.assembly.constants import CONSTANTS_FILE, kernel_constants
from emu.assembly.exception_table import with_exception_table
from emu.assembly.globals import PHYSICAL_BASE, TEXT_MAP, Global, load_globals, render
from emu.assembly.inline import load_inlines
from emu.assembly.source import prepare
from emu.assembly.structs import constants, load_structs
from emu.assembly.text import AssembledText, assemble_text, gnu_text, undefined
from emu.assembly.variants import (
    get_variant,
    kernel_inlines,
    kernel_sources,
    lock_kind,
    overlays,
    user_sources,
)
from emu.errors import UserError
from emu.image import LOCK_KINDS, PREEMPT_DEFAULT, Image, Segment, Struct
from emu.sources import FIRMWARE, guest_folder

__all__ = ["TEXT_VIRTUAL", "USER_VIRTUAL", "assemble", "assemble_text", "assemble_variant", "gnu_text", "undefined"]

TEXT_PHYSICAL = 0x100000
TEXT_VIRTUAL = TEXT_MAP + TEXT_PHYSICAL
USER_VIRTUAL = 0x400000
PAGE = 0x1000


def assemble_variant(name: str, preempt: str = PREEMPT_DEFAULT) -> Image:
    """Assemble firmware and snippets of a variant, in a kernel with a kind of preemption (`variants.PREEMPTION`)."""
    variant = get_variant(name)
    folders = [guest_folder(FIRMWARE), *overlays(preempt)]
    structs = load_structs(path for folder in folders for path in sorted((folder / "structs").glob("*.toml")))
    placed = load_globals((path for folder in folders for path in sorted((folder / "globals").glob("*.toml"))), structs)
    return assemble(
        kernel_sources(variant, preempt).values(),
        user_sources().values(),
        inlines=kernel_inlines(variant, preempt),
        preempt=preempt,
        structs=structs,
        placed=placed,
        variant=name,
        lock_kind=lock_kind(variant),
    )


def assemble(
    kernel: Iterable[Path],
    user: Iterable[Path] = (),
    *,
    inlines: Mapping[str, Path] | None = None,
    structs: Mapping[str, Struct],
    placed: Mapping[str, Global],
    variant: str = "",
    lock_kind: str = LOCK_KINDS[0],
    preempt: str = PREEMPT_DEFAULT,
    stubs: Sequence[str] = (),
) -> Image:
    """Assemble routines, one a file, into an `Image`.

    `inlines` are for the kernel's routines; `stubs` are labels to be taken as given (for tests of one part).
    """
    values = _named_values(structs, placed)
    values |= dict.fromkeys(stubs, TEXT_VIRTUAL)
    inline = load_inlines(inlines or {})
    text = assemble_text([prepare(path, inline) for path in kernel], TEXT_VIRTUAL, values)
    user_text = assemble_text([prepare(path) for path in user], USER_VIRTUAL, values)
    user_physical = -(-(TEXT_PHYSICAL + len(text.code)) // PAGE) * PAGE
    _check_names(text, user_text)
    if (end := user_physical + len(user_text.code)) > PHYSICAL_BASE:
        raise UserError(f"the text ends at {end:#x}: it must end below the globals at {PHYSICAL_BASE:#x}")
    everything = sorted(text.routines + user_text.routines, key=lambda each: each.address)
    symbols = {**text.labels, **user_text.labels, **{each.name: each.virtual for each in placed.values()}}
    data = with_exception_table(render(placed, symbols, partial=bool(stubs)), text.fixups, structs, placed, symbols)
    return Image(
        variant=variant,
        text=Segment("text", TEXT_PHYSICAL, TEXT_VIRTUAL, text.code),
        user_text=Segment("user", user_physical, USER_VIRTUAL, user_text.code),
        data=Segment("globals", PHYSICAL_BASE, TEXT_MAP + PHYSICAL_BASE, data),
        routines=tuple(everything),
        symbols=symbols,
        globals={each.name: each.size for each in placed.values()},
        structs=dict(structs),
        marks=text.marks + user_text.marks,
        lines={**text.lines, **user_text.lines},
        lock_kind=lock_kind,
        preempt=preempt,
        fixups=text.fixups,
        _starts=tuple(each.address for each in everything),
    )


def _named_values(structs: Mapping[str, Struct], placed: Mapping[str, Global]) -> dict[str, int]:
    """What a source can name: constants of the kernel, offsets of structures, addresses of globals."""
    values = dict(kernel_constants())
    for name, offset in constants(structs):
        if name in values:
            raise UserError(f"{name} is a struct offset and a constant of {CONSTANTS_FILE}: rename one")
        values[name] = offset
    for each in placed.values():
        if each.name in values:
            raise UserError(f"{each.where}: {each.name} is already the name of a struct offset or a constant")
        values[each.name] = each.virtual
    return values


def _check_names(kernel: AssembledText, user: AssembledText) -> None:
    if both := sorted(kernel.labels.keys() & user.labels.keys()):
        raise UserError(f"{both[0]} is a label in the kernel's text and in the user's: rename one")
