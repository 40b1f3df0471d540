"""Variants that an earlier run has assembled and decoded, kept beside compiled code: making one takes half of a short run.

What is kept is named by the digest of emu's own code and by everything else that it is a function of, so it is never out of date.
"""

import hashlib
import os
import pickle
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from emu import compiled
from emu.engine.text import Text
from emu.sources import code_digest


def kept(name: str, make: Callable[[], Text]) -> Text:
    """The text of a program, from an earlier run if it is there; `name` says all that makes it, beside the code of emu."""
    folder = compiled.folder()
    if folder is None:
        return make()
    path = folder / f"program-{hashlib.sha256(f'{code_digest()} {name}'.encode()).hexdigest()[:16]}.pickle"
    with suppress(OSError, pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError, TypeError, ValueError):
        found = pickle.loads(path.read_bytes())
        if isinstance(found, Text):
            return found
    made = make()
    with suppress(OSError):  # a disk that has no room costs the next run time, and this one nothing
        _put(path, pickle.dumps(made, pickle.HIGHEST_PROTOCOL))
    return made


def _put(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all."""
    handle, aside = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(aside).replace(path)
    except OSError:
        Path(aside).unlink(missing_ok=True)
        raise
