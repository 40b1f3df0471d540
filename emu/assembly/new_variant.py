"""A folder to begin a variant of one's own with: the routines in which another differs, to be changed."""

import json
import os
import re
import shutil
from pathlib import Path

from emu.assembly.variants import (
    INLINE,
    VARIANT_FILE,
    Variant,
    all_differing_files,
    is_shipped,
    kernel_sources,
    shipped_names,
)
from emu.errors import UserError
from emu.sources import FIRMWARE, SNIPPETS, guest_folder

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}")


def check_place(folder: Path) -> None:
    """Refuse a folder that cannot be made; touches nothing."""
    name = folder.resolve().name
    if not _NAME.fullmatch(name):
        raise UserError(f"variant {folder}: its name must be up to 64 letters, digits and, behind the first, _ . + -, not {name!r}")
    if name in shipped_names():
        raise UserError(f"variant {folder}: {name} comes with emu; choose another name")
    if os.path.lexists(folder):
        raise UserError(f"variant {folder}: there is something of that name already; choose another")
    if not folder.parent.is_dir():
        raise UserError(f"variant {folder}: there is no directory {folder.parent}")
    if not os.access(folder.parent, os.W_OK | os.X_OK):
        raise UserError(f"variant {folder}: no permission to write in {folder.parent}")


def make_variant(folder: Path, base: Variant) -> list[str]:
    """Make the folder, whole or not at all; returns the names of the routines in it, those of inline ones with their folder."""
    check_place(folder)
    files = files_to_change(base)
    name = folder.resolve().name
    beside = folder.parent / f".{name}.{os.getpid()}.part"
    try:
        beside.mkdir()
        for file, path in files.items():
            (beside / file).parent.mkdir(exist_ok=True)
            shutil.copyfile(path, beside / file)
        (beside / VARIANT_FILE).write_text(_toml(name, base))
        beside.rename(folder)
    except OSError as error:
        raise UserError(f"variant {folder}: cannot be made: {error.strerror or error}") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return sorted(files)


def files_to_change(base: Variant) -> dict[str, Path]:
    """The files in which a variant differs, and the routines shared by all that name an inline one of them."""
    files = all_differing_files(base)
    inlines = {path.stem for name, path in files.items() if name.startswith(f"{INLINE}/")}
    shared = [path for path in kernel_sources(base).values() if path.parent == guest_folder(SNIPPETS) / "common"]
    return files | {path.name: path for path in shared if not inlines.isdisjoint(_first_words(path))}


def _first_words(path: Path) -> set[str]:
    return {line.split(maxsplit=1)[0] for line in path.read_text().splitlines() if line.strip()}


def _toml(name: str, base: Variant) -> str:
    """The new `variant.toml`; a string of JSON is one of TOML."""
    extends = base.name if is_shipped(base) else base.extends
    settings = {"name": name, "extends": extends, "lock": None if is_shipped(base) else base.lock}
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items() if value is not None]
    lines.append(f"summary = {json.dumps(f'{base.name}, changed')}")
    lines += [
        "",
        f"# A routine without a file here is that of {extends or 'common'}: what you leave as it is can be deleted.",
        "# To change another routine, copy its file from below:",
        *(f"#   {folder}" for folder in (guest_folder(SNIPPETS) / "common", guest_folder(FIRMWARE))),
    ]
    return "\n".join(lines) + "\n"
