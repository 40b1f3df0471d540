"""A folder of test files: each appears complete or not at all, and nothing that was there is lost."""

import os
from collections.abc import Mapping
from pathlib import Path

from emu.errors import UserError
from emu.files import Output, is_there


def check_folder(folder: Path) -> None:
    """Refuse, before any test is made, a folder that none can be written to."""
    there = next(each for each in (folder, *folder.absolute().parents) if is_there(each))
    if not there.is_dir():
        raise UserError(f"cannot write tests to {folder}: {there} is not a directory")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UserError(f"cannot write tests to {folder}: {there} is write-protected")


def write_tests(folder: Path, texts: Mapping[str, str], overwrite: bool) -> int:
    """Write NAME.litmus for each text and return how many were not there already.

    A file with other content is a `UserError` before anything is written, unless `overwrite`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        new = {path: text for path, text in _paths(folder, texts).items() if not _has(path, text, overwrite)}
        for path, text in new.items():
            Output(path, "test", overwrite=True).write(text)
    except OSError as error:
        raise UserError(f"cannot write tests to {folder}: {error.strerror}: {error.filename}") from error
    return len(new)


def _paths(folder: Path, texts: Mapping[str, str]) -> dict[Path, str]:
    return {folder / f"{name}.litmus": text for name, text in texts.items()}


def _has(path: Path, text: str, overwrite: bool) -> bool:
    if not path.exists():
        return False
    if path.read_bytes() == text.encode():
        return True
    if not overwrite:
        raise UserError(f"{path} is there with other content: choose another --output, or --overwrite it")
    return False
