"""Processes of Python that tests start: what they can import, whichever folder they are started in."""

import os
from pathlib import Path

import emu

PATHS = (Path(emu.__file__).parents[1], Path(__file__).parents[1])


def environment(**more: str) -> dict[str, str]:
    """Give this process's environment, with `emu` as it is here and `bench` on the path, and `more`."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(str(path) for path in PATHS)} | more
