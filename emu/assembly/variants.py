"""Variants: which routines make up a kernel. A variant's folder holds only what differs from the one it extends.

Some come with emu and are known by name; a folder of one's own is known by its path and may extend one of them.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from emu.errors import UserError
from emu.files import is_there, read_toml
from emu.image import LOCK_KINDS, PREEMPT_DEFAULT
from emu.sources import FIRMWARE, SNIPPETS, guest_folder
from emu.tables import Key, check

INLINE = "inline"
VARIANT_FILE = "variant.toml"
PREEMPTION = {PREEMPT_DEFAULT: None, "rt": "preempt_rt"}  # kind of kernel preemption, and the folder laid over any variant for it
UNLIKELY = "unlikely"  # folders of routines that hardly ever run, as the compiler has .text.unlikely
VARIANT_KEYS = {
    "name": Key(str),
    "summary": Key(str),
    "description": Key(str, optional=True),
    "extends": Key(str, optional=True),
    "lock": Key(str, optional=True),
}


@dataclass(frozen=True, slots=True)
class Variant:
    """What `variant.toml` says."""

    name: str
    summary: str
    description: str
    extends: str | None
    lock: str | None  # what its spin locks are, if not what they are in the variant it extends
    folder: Path


def variants() -> dict[str, Variant]:
    """The variants that come with emu, by name, without those that `broken_variants` names."""
    return {name: found for name, found in _shipped().items() if isinstance(found, Variant)}


def broken_variants() -> dict[str, str]:
    """What is wrong with a variant that comes with emu and cannot be used, by name."""
    return {name: str(found) for name, found in _shipped().items() if isinstance(found, UserError)}


def get_variant(name_or_path: str) -> Variant:
    """One that comes with emu, or a folder of one's own (`./mine`); a `UserError` says what is wrong, or what there is."""
    variant = _find(name_or_path)
    _chain(variant)
    return variant


def _shipped() -> dict[str, Variant | UserError]:
    found: dict[str, Variant | UserError] = {}
    for name in shipped_names():
        try:
            found[name] = get_variant(name)
        except UserError as error:
            found[name] = error
    return found


def shipped_names() -> list[str]:
    """Names of the variants that come with emu, sound or not."""
    return sorted(path.parent.name for path in guest_folder(SNIPPETS).glob(f"*/{VARIANT_FILE}"))


def _find(name_or_path: str) -> Variant:
    if "/" in name_or_path:
        return _read(Path(name_or_path))
    if name_or_path not in shipped_names():
        raise UserError(f"variant must be {_known()}, not {name_or_path!r}")
    return _read(guest_folder(SNIPPETS) / name_or_path)


def _known() -> str:
    return f"one of {', '.join(shipped_names())} or the path of a folder, such as ./mine"


def _read(folder: Path) -> Variant:
    """What the `variant.toml` of a folder says, if it says it rightly."""
    path = folder / VARIANT_FILE
    if not is_there(folder):
        raise UserError(f"variant {folder}: there is no such folder; `emu variants new` makes one")
    if not is_there(path):
        raise UserError(f"variant {folder}: there is no {VARIANT_FILE} in it; `emu variants new` makes a folder that has one")
    table = read_toml(path, "variant")
    check(str(path), table, VARIANT_KEYS)
    name = folder.resolve().name
    if table["name"] != name:
        raise UserError(f"{path}: name must be {name!r}, as its folder, not {table['name']!r}")
    if table.get("lock") not in (None, *LOCK_KINDS):
        raise UserError(f"{path}: lock must be one of {', '.join(LOCK_KINDS)}, not {table['lock']!r}")
    return Variant(name, table["summary"], table.get("description", ""), table.get("extends"), table.get("lock"), folder)


def lock_kind(variant: Variant) -> str:
    """What the spin locks of a variant are: one of `LOCK_KINDS`."""
    return next((each.lock for each in _chain(variant) if each.lock is not None), LOCK_KINDS[0])


def overlays(preempt: str) -> list[Path]:
    """What is laid over a variant for a kind of preemption, or a `UserError` that lists the kinds."""
    if preempt not in PREEMPTION:
        raise UserError(f"preempt must be one of {', '.join(PREEMPTION)}, not {preempt!r}")
    folder = PREEMPTION[preempt]
    return [] if folder is None else [guest_folder(FIRMWARE) / folder]


def kernel_sources(variant: Variant, preempt: str = PREEMPT_DEFAULT) -> dict[str, Path]:
    """File of each kernel routine: firmware, common snippets, the variant's chain, preemption's; later ones in place of earlier.

    In the order in which they lie in memory: by name, and behind them those of the folders `unlikely`, which so move no other.
    """
    routines: dict[str, Path] = {}
    for path in sorted(guest_folder(FIRMWARE).rglob("*.S")):
        if path.parent.name in ("user", INLINE, *PREEMPTION.values()):
            continue
        if path.stem in routines:
            raise UserError(f"{path}: routine {path.stem} is also in {routines[path.stem]}")
        routines[path.stem] = path
    for folder in (*_folders(variant), *overlays(preempt)):
        routines.update((path.stem, path) for path in sorted((*folder.glob("*.S"), *folder.glob(f"{UNLIKELY}/*.S"))))
    return dict(sorted(routines.items(), key=lambda each: (each[1].parent.name == UNLIKELY, each[0])))


def kernel_inlines(variant: Variant, preempt: str = PREEMPT_DEFAULT) -> dict[str, Path]:
    """File of each inline routine of the kernel: the `inline/` of the same folders in the same order."""
    folders = [guest_folder(FIRMWARE), *_folders(variant), *overlays(preempt)]
    return {path.stem: path for folder in folders for path in sorted((folder / INLINE).glob("*.S"))}


def _folders(variant: Variant) -> list[Path]:
    """The snippet folders of a variant, later ones in place of earlier."""
    return [guest_folder(SNIPPETS) / "common", *(each.folder for each in reversed(_chain(variant)))]


def _chain(variant: Variant) -> list[Variant]:
    """A variant and those it is based on, nearest first."""
    chain = [variant]
    while (base := chain[-1].extends) is not None:
        if base not in shipped_names():
            raise UserError(f"{chain[-1].folder}/{VARIANT_FILE}: extends must be one of {', '.join(shipped_names())}, not {base!r}")
        chain.append(_find(base))
        if chain[-1] in chain[:-1]:
            raise UserError(f"{variant.folder}/{VARIANT_FILE}: extends leads in a circle")
    return chain


def user_sources() -> dict[str, Path]:
    """File of each user routine."""
    return {path.stem: path for path in sorted((guest_folder(FIRMWARE) / "user").glob("*.S"))}


def differing_files(variant: Variant) -> list[str]:
    """Names of the files in a variant's own folder."""
    files = [*variant.folder.glob("*.S"), *(variant.folder / INLINE).glob("*.S")]
    return sorted(str(path.relative_to(variant.folder)) for path in files)


def all_differing_files(variant: Variant) -> dict[str, Path]:
    """The files of a variant and of those it is based on, nearest first, by their names below the folder."""
    return {name: each.folder / name for each in reversed(_chain(variant)) for name in differing_files(each)}


@cache
def variant_digest(name_or_path: str) -> str | None:
    """What names the content of a variant of one's own; None: it comes with emu."""
    variant = get_variant(name_or_path)
    if is_shipped(variant):
        return None
    made = hashlib.sha256()
    for path in sorted((variant.folder / VARIANT_FILE, *variant.folder.rglob("*.S"))):
        content = path.read_bytes()
        made.update(f"{path.relative_to(variant.folder).as_posix()} {len(content)}\n".encode() + content)
    return made.hexdigest()


def is_shipped(variant: Variant) -> bool:
    """Whether it comes with emu."""
    return variant.folder.parent == guest_folder(SNIPPETS)
