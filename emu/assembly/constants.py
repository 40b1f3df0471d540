"""The one table of constants: `firmware/constants.toml` gives errors, flags and poison the names of the kernel's sources."""

import re
from functools import cache
from pathlib import Path

from emu.errors import UserError
from emu.files import read_toml
from emu.sources import FIRMWARE, guest_folder
from emu.tables import Key, check

CONSTANTS_FILE = "constants.toml"
GROUP_KEYS = {"source": Key(str), "values": Key(dict)}
_NAME = re.compile(r"[A-Z_][A-Z0-9_]*")


def load_constants(path: Path) -> dict[str, int]:
    """Read a table of constants; a broken rule, or a name that stands twice, is a `UserError`."""
    found: dict[str, int] = {}
    for group, table in read_toml(path, "constants").items():
        where = f"{path}: {group}"
        check(where, table, GROUP_KEYS)
        for name, value in table["values"].items():
            if not _NAME.fullmatch(name):
                raise UserError(f"{where}: {name} must be in capitals, as constants of C are")
            if type(value) is not int or not -(2**63) <= value < 2**64:
                raise UserError(f"{where}: {name} must be a whole number of up to 64 bits, not {value!r}")
            if name in found:
                raise UserError(f"{where}: {name} has a value already")
            found[name] = value
    return found


@cache
def kernel_constants() -> dict[str, int]:
    """The constants that every routine of the guest may name."""
    return load_constants(guest_folder(FIRMWARE) / CONSTANTS_FILE)
