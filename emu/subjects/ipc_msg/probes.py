"""The probes of the message path, as `probes.toml` has them."""

from functools import cache
from importlib.resources import files
from pathlib import Path

from emu.engine.probe_file import Probes, read_probes


@cache
def load_probes() -> Probes:
    """Read them, once in a process."""
    return read_probes(Path(str(files("emu.subjects.ipc_msg") / "probes.toml")))
