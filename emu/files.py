"""Files of the user: read up to a bound, and written so that what was there before is lost only once the new one is whole."""

import os
import tomllib
from pathlib import Path
from typing import Any

from emu.errors import UserError

TEXT_BYTES_MAX = 1 << 20  # a machine, a script, a litmus test, a routine: real ones have some ten thousand bytes
LIST_BYTES_MAX = 64 << 20  # what may name every test of a large suite, or every operation of a long case


def is_there(path: Path) -> bool:
    """Whether something is at `path`: what cannot be looked for, such as too long a name, is nowhere."""
    try:
        path.stat()
    except OSError:
        return False
    return True


def read_bounded(path: Path, limit_bytes: int, what: str, *, errors: str = "strict") -> str:
    """The text of a file or a pipe, with plain line ends and no byte order mark; `what` is what messages call it.

    What cannot be read, is not UTF-8 (unless `errors` is "replace") or has no end within the limit is a `UserError`.
    """
    try:
        with path.open("rb") as file:
            content = file.read(limit_bytes + 1)
    except OSError as error:
        raise UserError(f"{what} {path}: cannot be read: {error.strerror or error}") from None
    if len(content) > limit_bytes:
        raise UserError(f"{what} {path}: cannot be read: it has more than {limit_bytes >> 20} MiB, or no end")
    try:
        text = content.decode("utf-8-sig", errors)
    except UnicodeDecodeError as error:
        raise UserError(f"{what} {path}: cannot be read: it is not text (byte {error.start} is not UTF-8)") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_toml(path: Path, what: str) -> dict[str, Any]:
    """The table in a TOML file; what is wrong with it is a `UserError` with its line."""
    text = read_bounded(path, TEXT_BYTES_MAX, what)
    try:
        return tomllib.loads(text)
    except ValueError as error:  # TOMLDecodeError is one, and so is a number of five thousand digits
        raise UserError(f"{what} {path}: not TOML: {error}") from None
    except RecursionError:
        raise UserError(f"{what} {path}: not TOML that can be read: brackets inside brackets without end") from None


def write_whole(path: Path, text: str | bytes) -> None:
    """Write beside `path` (links resolved) and take its place; raises `OSError`, and leaves no partial file."""
    target = path.resolve()
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(text.encode() if isinstance(text, str) else text)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
