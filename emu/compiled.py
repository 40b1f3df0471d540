"""Where compiled code is kept between runs, and who is told that it has to be made first. Imports no compiler.

The folder is named after the digest of all hot sources, because Numba does not notice that a function called from another file
has changed, and after their place. Machine code of what Python and Unicorn call is one file a package (`emu.native.machine_code`).
"""

import hashlib
import os
import re
import shutil
import stat
import tempfile
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

HOT_PACKAGES = ("memory", "timing", "engine", "engine/interpreter", "explore", "explore/strategy", "explore/checkers", "stress")
COMPILING = ("native/*.py",)
HOT_SOURCES = (*COMPILING, "isa/operation.py", "trace/record.py", "set_associative.py", *(f"{name}/*.py" for name in HOT_PACKAGES))
BOOT_SOURCES = (
    *COMPILING,
    "engine/env.py",
    "boot/hot/*.py",
)  # a folder of its own: a change there compiles nothing of the engine anew
FULL_SOURCES = (*HOT_SOURCES, "boot/hot/*.py", "boot/full/hot/*.py")
EXPLORE_SOURCES = (*HOT_SOURCES, "boot/hot/*.py", "boot/explore/hot/*.py")
SOURCES = {"emu.boot.full.": FULL_SOURCES, "emu.boot.explore.": EXPLORE_SOURCES, "emu.boot.": BOOT_SOURCES, "": HOT_SOURCES}
KEPT = re.compile("[0-9a-f]{16}(-[0-9a-f]{4})?")  # the name of such a folder
UNUSED_DAYS = 30
ENGINE, SEARCH = "emu.engine", "emu.explore"  # packages whose code a run needs, and a search


class Listener:
    """Who is told of compiling: nobody, unless the command line puts somebody here."""

    def progress(self, done: int, total: int) -> None:
        """So many functions are compiled, of how many; 0 of 0: another process compiles."""

    def trouble(self, message: str) -> None:
        """Compiled code cannot be kept."""


_told: list[Listener] = [Listener()]  # one


def listen(listener: Listener) -> None:
    """Tell somebody from now on."""
    _told[0] = listener


def tell(done: int, total: int) -> None:
    """So many functions are compiled, of how many; 0 of 0: another process compiles."""
    _told[0].progress(done, total)


@cache
def folder(sources: tuple[str, ...] = HOT_SOURCES) -> Path | None:
    """Where the compiled code of these sources is kept; None if it can be kept nowhere."""
    name = Path("emu") / _name(sources)
    wanted = home() / name
    reasons: list[str] = []
    for each in (wanted, Path(tempfile.gettempdir()) / f"emu-{os.geteuid()}" / name):
        new = not each.exists()
        reason = _unusable(each)
        if reason is None:
            _note_use(each, new)
            if reasons:
                _told[0].trouble(f"compiled code cannot be kept in {wanted}: {reasons[0]}; it is kept in {each}")
            return each
        reasons.append(reason)
    _told[0].trouble(f"compiled code cannot be kept in {wanted}: {reasons[0]}; each run compiles anew (see XDG_CACHE_HOME)")
    return None


@cache
def cannot_be_kept(reason: str) -> None:
    """Say, once, that what was compiled just now will have to be compiled again."""
    _told[0].trouble(f"compiled code cannot be kept in {folder()}: {reason}: the next run compiles it again")


def is_ready(package: str = ENGINE) -> bool:
    """Whether what Python and Unicorn call of a package has been compiled and kept by an earlier run."""
    kept = folder()
    return kept is not None and any(kept.glob(f"{package}-*.o"))


def sources_of(module: str) -> tuple[str, ...]:
    """All that the compiled code of a module is made from."""
    return next(sources for name, sources in SOURCES.items() if module.startswith(name))


def _name(sources: tuple[str, ...]) -> str:
    """A folder for these sources at this place: Numba knows no code that was made from another one."""
    place = hashlib.sha256(str(Path(__file__).parent).encode())
    return f"{digest(sources)}-{place.hexdigest()[:4]}"


def digest(sources: tuple[str, ...]) -> str:
    """What names the code of some sources."""
    package = Path(__file__).parent
    made = hashlib.sha256(f"{version('numba')} {version('llvmlite')}".encode())
    for source in (file for pattern in sources for file in sorted(package.glob(pattern))):
        made.update(source.read_bytes())
    return made.hexdigest()[:16]


def home() -> Path:
    """The folder of caches."""
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:  # nobody's home
        return Path("/nonexistent")


def _note_use(place: Path, new: bool) -> None:
    """A folder's time is that of its last use. As a new one is made, those go that nobody has used for long."""
    with suppress(OSError):
        os.utime(place)
        long_ago = place.stat().st_mtime - UNUSED_DAYS * 86_400
        for each in place.parent.iterdir() if new else ():
            if KEPT.fullmatch(each.name) and each.stat().st_mtime < long_ago:
                shutil.rmtree(each, ignore_errors=True)


def _unusable(place: Path) -> str | None:
    """Why code cannot be kept at a place: it cannot be written, or somebody else could write code there for us to run."""
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            pass
        found = place.stat()
    except OSError as error:
        return error.strerror or str(error)
    if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return "others can write there"
    return None
