"""Variants that an earlier run has assembled and decoded, kept beside compiled code: making one takes half of a short run.

What is kept is named by the digest of emu's own code and by everything else that it is a function of, so it is never out of date.
"""

import hashlib
import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cached_property

from emu import compiled
from emu.engine.text import Text
from emu.files import put_whole
from emu.isa import Instruction
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
        put_whole(path, pickle.dumps(replace(made, decoded=Decoded(made.decoded)), pickle.HIGHEST_PROTOCOL))
    return made


class Decoded(Mapping[int, Instruction]):
    """Instructions by address, unpickled when one is asked for: most runs have enough of what the engine knows of them."""

    def __init__(self, decoded: Mapping[int, Instruction]) -> None:
        """To be kept."""
        self._content = pickle.dumps(decoded, pickle.HIGHEST_PROTOCOL)

    @cached_property
    def _found(self) -> Mapping[int, Instruction]:
        return pickle.loads(self._content)  # type: ignore[no-any-return]

    def __getitem__(self, address: int) -> Instruction:
        return self._found[address]

    def __iter__(self) -> Iterator[int]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
