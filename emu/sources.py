"""Emu's own sources: where they lie, and what names the code that makes a result."""

import hashlib
import os
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from emu.errors import InternalError

FIRMWARE, SNIPPETS = "firmware", "kernel_snippets"
ABOVE_RESULTS = ("cli", "html", "report", "sweep", "testing")  # packages that show a result: nothing that makes one imports them
LIBRARIES = ("capstone", "keystone-engine", "numba", "numpy", "unicorn")  # that a result is made with


@cache
def guest_folder(name: str) -> Path:
    """Where `firmware` or `kernel_snippets` lies: beside the package in a checkout, inside it when installed."""
    package = Path(str(files("emu")))
    for candidate in (package / "_guest" / name, package.parent / name):
        if candidate.is_dir():
            return candidate
    raise InternalError(f"the folder {name}/ is neither in the checkout nor in the installed package {package}")


@cache
def code_digest() -> str:
    """What names this emu: two with the same digest give the same result to the same question."""
    made = hashlib.sha256()
    for name in LIBRARIES:
        made.update(f"{name} {version(name)}\n".encode())
    package = Path(str(files("emu")))
    for folder in (package, guest_folder(FIRMWARE), guest_folder(SNIPPETS)):
        for name in _sources(str(folder)):
            with open(f"{folder}/{name}", "rb") as file:  # noqa: PTH123 (of hundreds, a path object each would cost as much again)
                content = file.read()
            made.update(f"{folder.name}/{name} {len(content)}\n".encode() + content)
    return made.hexdigest()[:16]


def _sources(folder: str, within: str = "") -> Iterator[str]:
    """Every file of a folder that can have a say in a result, in order; those of the guest are asked for by themselves."""
    with os.scandir(folder) as entries:
        for each in sorted(entries, key=lambda entry: entry.name):
            if each.is_file():
                yield within + each.name
            elif each.is_dir() and each.name != "__pycache__" and (within or each.name not in (*ABOVE_RESULTS, "_guest")):
                yield from _sources(each.path, f"{within}{each.name}/")
