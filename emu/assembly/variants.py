"""Variants: which routines make up a kernel. A variant's folder holds only what differs from the one it extends."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from emu.assembly.tables import Key, check
from emu.errors import InternalError, UserError
from emu.files import read_toml

FIRMWARE, SNIPPETS, INLINE = "firmware", "kernel_snippets", "inline"
PREEMPT_DEFAULT = "none"
PREEMPTION = {PREEMPT_DEFAULT: None, "rt": "preempt_rt"}  # kind of kernel preemption, and the folder laid over any variant for it
LOCK_KINDS = ("queued", "ticket")
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


@cache
def guest_folder(name: str) -> Path:
    """Where `firmware` or `kernel_snippets` lies: beside the package in a checkout, inside it when installed."""
    package = Path(str(files("emu")))
    for candidate in (package / "_guest" / name, package.parent / name):
        if candidate.is_dir():
            return candidate
    raise InternalError(f"the folder {name}/ is neither in the checkout nor in the installed package {package}")


def variants() -> dict[str, Variant]:
    """All variants by name; a wrong `variant.toml` is a `UserError`."""
    found = {}
    for path in sorted(guest_folder(SNIPPETS).glob("*/variant.toml")):
        table = read_toml(path, "variant")
        check(str(path), table, VARIANT_KEYS)
        name = path.parent.name
        if table["name"] != name:
            raise UserError(f"{path}: name must be {name!r}, as its folder, not {table['name']!r}")
        found[name] = Variant(
            name, table["summary"], table.get("description", ""), table.get("extends"), table.get("lock"), path.parent
        )
        if found[name].lock not in (None, *LOCK_KINDS):
            raise UserError(f"{path}: lock must be one of {', '.join(LOCK_KINDS)}, not {table['lock']!r}")
    for each in found.values():
        if each.extends is not None and each.extends not in found:
            known = ", ".join(sorted(found))
            raise UserError(f"{each.folder}/variant.toml: extends must be one of {known}, not {each.extends!r}")
    return found


def get_variant(name: str) -> Variant:
    """One variant, or a `UserError` that lists them."""
    known = variants()
    if name not in known:
        raise UserError(f"variant must be one of {', '.join(sorted(known))}, not {name!r}")
    return known[name]


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
    """File of each kernel routine: firmware, common snippets, the variant's chain, preemption's; later ones in place of earlier."""
    routines: dict[str, Path] = {}
    for path in sorted(guest_folder(FIRMWARE).rglob("*.S")):
        if path.parent.name in ("user", INLINE, *PREEMPTION.values()):
            continue
        if path.stem in routines:
            raise UserError(f"{path}: routine {path.stem} is also in {routines[path.stem]}")
        routines[path.stem] = path
    for folder in (*_folders(variant), *overlays(preempt)):
        routines.update((path.stem, path) for path in sorted(folder.glob("*.S")))
    return dict(sorted(routines.items()))


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
    while chain[-1].extends is not None:
        chain.append(get_variant(chain[-1].extends))
        if chain[-1] in chain[:-1]:
            raise UserError(f"{variant.folder}/variant.toml: extends leads in a circle")
    return chain


def user_sources() -> dict[str, Path]:
    """File of each user routine."""
    return {path.stem: path for path in sorted((guest_folder(FIRMWARE) / "user").glob("*.S"))}


def differing_files(variant: Variant) -> list[str]:
    """Names of the files in a variant's own folder."""
    return sorted(str(path.relative_to(variant.folder)) for path in variant.folder.rglob("*.S"))
