"""A lock as an assembly file: one that the package ships, by name, or the user's own, by path."""

import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from emu.assembly.source import Source, prepare
from emu.errors import UserError
from emu.files import TEXT_BYTES_MAX, read_bounded
from emu.image import LOCK_KINDS

EXCLUSIVE, SHARED = ("acquire", "release"), ("acquire_shared", "release_shared")
_WORD = re.compile(r"^//\s*Lock word:\s*(\S+)\s*$")


@dataclass(frozen=True, slots=True)
class LockFile:
    """A prepared lock. `word`: what its first word is to the engine, one of `LOCK_KINDS`, where the file says so."""

    name: str
    path: Path
    source: Source
    word: str | None

    @property
    def shared(self) -> bool:
        """Whether readers may share it."""
        return SHARED[0] in self.source.labels


def shipped() -> dict[str, Path]:
    """The locks that come with the package, by name."""
    return {path.stem: path for path in sorted(Path(str(files("emu.subjects.bench") / "locks")).glob("*.S"))}


def find_lock(name: str) -> LockFile:
    """A lock by name or path, or a `UserError` with file and line."""
    known = shipped()
    path = known.get(name) or Path(name)
    if name not in known and "/" not in name and path.suffix != ".S":
        raise UserError(f"a lock is one of {', '.join(known)} or the path of a file such as ./my-lock.S, not {name!r}")
    text = read_bounded(path, TEXT_BYTES_MAX, "lock")
    source = prepare(path, labels=EXCLUSIVE)
    if (SHARED[0] in source.labels) != (SHARED[1] in source.labels):
        raise UserError(f"{path}: {' and '.join(SHARED)} belong together; it has only one of them")
    return LockFile(path.stem, path, source, _word(path, text))


def _word(path: Path, text: str) -> str | None:
    for number, line in enumerate(text.splitlines(), 1):
        if match := _WORD.match(line):
            if match.group(1) not in LOCK_KINDS:
                raise UserError(f"{path}:{number}: the lock word must be one of {', '.join(LOCK_KINDS)}, not {match.group(1)!r}")
            return match.group(1)
    return None
