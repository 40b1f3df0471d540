"""What branches of the guest have done, over many runs and processes: a JSON file that runs are merged into.

A record keeps the digest of each source that it speaks of: what was recorded of another version of a file counts for nothing.
"""

import fcntl
import hashlib
import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from emu.errors import UserError
from emu.files import LIST_BYTES_MAX, Output, read_bounded
from emu.observe.branches import Place, guest_path

FORMAT = 1


@cache
def digest_of(file: str) -> str:
    """Digest of a guest source as it is now; empty if there is none any more."""
    try:
        return hashlib.sha256(guest_path(file).read_bytes()).hexdigest()
    except OSError:
        return ""


@dataclass(slots=True)
class BranchRecord:
    """Directions gone, by branch."""

    gone: dict[Place, set[str]] = field(default_factory=dict)
    outdated: set[str] = field(default_factory=set)  # files that have changed since they were recorded

    def add(self, gone: dict[Place, set[str]]) -> None:
        """Take in what another run has done."""
        for place, directions in gone.items():
            self.gone.setdefault(place, set()).update(directions)

    def to_dict(self) -> dict[str, Any]:
        """What the file holds."""
        files: dict[str, Any] = {}
        for place, directions in sorted(self.gone.items()):
            entry = files.setdefault(place.file, {"sha256": digest_of(place.file), "branches": {}})
            entry["branches"][str(place).removeprefix(f"{place.file}:")] = sorted(directions)
        return {"format": FORMAT, "files": files}

    @classmethod
    def read(cls, path: Path) -> "BranchRecord":
        """Read a record, or raise `UserError`; sources that have changed since are left out and named in `outdated`."""
        try:
            plain = json.loads(read_bounded(path, LIST_BYTES_MAX, "record of branches"))
        except (ValueError, RecursionError):
            raise UserError(f"{path}: should be a record of branches, but it is not JSON") from None
        record = cls()
        try:
            if plain["format"] != FORMAT:
                raise UserError(f"{path}: format must be {FORMAT}, not {plain['format']!r}: run the tests again")
            for file, entry in plain["files"].items():
                if entry["sha256"] != digest_of(file):
                    record.outdated.add(file)
                    continue
                record.add({Place.parse(f"{file}:{at}"): set(directions) for at, directions in entry["branches"].items()})
        except (KeyError, TypeError, AttributeError, ValueError):
            raise UserError(f"{path}: is not a record of branches; `pytest --guest-coverage FILE` writes one") from None
        return record

    def merge_into(self, path: Path) -> None:
        """Add everything to the file; several processes may do so at once."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_name(f".{path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            whole = BranchRecord.read(path) if path.exists() else BranchRecord()
            whole.add(self.gone)
            Output(path, "record of branches", overwrite=True).write(json.dumps(whole.to_dict(), indent=1) + "\n")
