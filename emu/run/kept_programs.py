"""Variants that an earlier run has assembled and decoded, kept beside compiled code: making one takes half of a short run.

What is kept is named by the digest of emu's own code and by everything else that it is a function of, so it is never out of date.
"""

import hashlib
import pickle
from collections.abc import Callable
from contextlib import suppress

from emu import compiled
from emu.engine.text import Text
from emu.files import put_whole
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
        put_whole(path, pickle.dumps(made, pickle.HIGHEST_PROTOCOL))
    return made
