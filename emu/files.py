"""Files of the user: read up to a bound, and written so that what was there before is lost only once the new one is whole."""

import os
import stat
import tomllib
from itertools import chain, count
from pathlib import Path
from socket import gethostname
from typing import Any, BinaryIO

from emu.errors import UserError

TEXT_BYTES_MAX = 1 << 20  # a machine, a script, a litmus test, a routine: real ones have some ten thousand bytes
LIST_BYTES_MAX = 64 << 20  # what may name every test of a large suite, or every operation of a long case
_SERIAL = count()


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


class Output:
    """A file that a command writes: refused before the work if it cannot be, and then there whole or not at all.

    It is written beside its place and put there by `commit`. A file that is there already keeps its place unless `overwrite`.
    """

    def __init__(self, path: Path, what: str, *, overwrite: bool = False) -> None:
        """Refuse, as a `UserError`, what cannot be written; leaves nothing behind. `what` is what messages call the file."""
        self.path = path
        self._what = what
        self._overwrite = overwrite
        self._target = Path(os.path.realpath(path))
        self._part = self._target
        self._refuse_place()
        self.open().close()
        self.discard()

    def open(self) -> BinaryIO:
        """Begin: the part file, which `commit` or `discard` ends."""
        while True:
            self._part = self._target.with_name(f".emu-{os.getpid()}-{next(_SERIAL)}.part")
            try:
                return self._part.open("xb")
            except FileExistsError:  # left by a process of this number that was killed
                continue
            except OSError as error:
                raise self.cannot(error) from None

    def commit(self) -> None:
        """Put the part file, closed by now, in its place."""
        try:
            if self._overwrite:
                self._part.replace(self._target)
            else:
                self._target.hardlink_to(self._part)
        except FileExistsError:
            raise self.cannot("another file has taken its place meanwhile, and is left there") from None
        except OSError as error:
            if self._overwrite or is_there(self._target):
                raise self.cannot(error) from None
            self._part.replace(self._target)  # a file system without hard links
        finally:
            self.discard()

    def discard(self) -> None:
        """Leave no part file; harmless after `commit`."""
        if self._part != self._target:
            self._part.unlink(missing_ok=True)

    def write(self, content: str | bytes) -> None:
        """Write everything at once."""
        try:
            with self.open() as file:
                file.write(content.encode() if isinstance(content, str) else content)
            self.commit()
        except OSError as error:
            raise self.cannot(error) from None
        finally:
            self.discard()

    def cannot(self, reason: OSError | str) -> UserError:
        """The error that says why not."""
        words = reason if isinstance(reason, str) else reason.strerror or str(reason)
        return UserError(f"cannot write {self._what} {self.path}: {words}")

    def _refuse_place(self) -> None:
        if not self._target.parent.is_dir():
            raise self.cannot(f"there is no directory {self._target.parent}")
        try:
            mode = self._target.stat().st_mode
        except FileNotFoundError:
            return
        except OSError as error:
            raise self.cannot(error) from None
        if stat.S_ISDIR(mode):
            raise self.cannot("it is a directory; name a file")
        if not stat.S_ISREG(mode):
            raise self.cannot("it is not a regular file")
        if not self._overwrite:
            raise self.cannot("it is there already; choose another name, or --overwrite it")
        if not os.access(self._target, os.W_OK):
            raise self.cannot("it is write-protected")


def put_whole(path: Path, content: bytes) -> None:
    """Write a file of emu's own so that it is there whole or not at all, whoever else, on whatever host, writes it."""
    part = path.with_name(f".{path.stem}-{gethostname()}-{os.getpid()}-{next(_SERIAL)}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def free_name(path: Path) -> Path:
    """The path, or the first of NAME-2, NAME-3 and so on that nothing has."""
    numbered = (path.with_stem(f"{path.stem}-{number}") for number in count(2))
    return next(each for each in chain([path], numbered) if not is_there(each))
