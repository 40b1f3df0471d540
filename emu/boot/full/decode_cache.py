"""What bytes say of an instruction, kept from one run to the next: decoding a stock kernel takes seconds, reading this a tenth."""

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

import numpy as np

from emu import compiled
from emu.engine import records as rec

SOURCES = (
    "engine/records.py", "engine/text.py", "engine/mend.py", "isa/*.py", "timing/*.py", "description/*.py", "boot/full/decoder.py",
    "boot/full/hot/records.py",
)  # fmt: skip
FILES_MAX = 8
CODE_BYTES, NAME_BYTES = 16, 16  # the last byte of a code is its length
ROW = np.dtype([("row", rec.INSTRUCTION), ("ends", np.uint8), ("may_fuse", np.uint8)])
FILE_ROW = np.dtype([("code", np.uint8, (CODE_BYTES,)), ("known", ROW), ("name", f"S{NAME_BYTES}")])


class DecodeCache:
    """Facts by number and by bytes; `save` writes them if there are new ones."""

    def __init__(self, costs: str) -> None:
        """Those of earlier runs with the same costs (their digest) and the same sources."""
        name = hashlib.sha256(f"{costs} {compiled.digest(SOURCES)} {ROW}".encode()).hexdigest()[:24]
        self.path = compiled.home() / "emu" / "decoded" / f"{name}.npy"
        self._numbers: dict[bytes, int] = {}
        self.rows = np.zeros(1 << 12, ROW)
        self.names: list[str] = []
        self._loaded = self._load()

    def find(self, code: bytes) -> int | None:
        """Number of a fact."""
        return self._numbers.get(code)

    def add(self, code: bytes, row: np.void, *, ends: bool, may_fuse: bool, name: str) -> int:
        """Number of a new fact; `name` is the mnemonic of what has an estimated cost."""
        number = len(self.names)
        if number >= len(self.rows):
            self.rows = np.concatenate([self.rows, np.zeros(len(self.rows), ROW)])
        self.rows[number] = (row, ends, may_fuse)
        self.names.append(name)
        self._numbers[code] = number
        return number

    def save(self) -> None:
        """Keep everything; a disk that cannot costs the next run time, and this one nothing."""
        if len(self.names) == self._loaded:
            return
        table = np.zeros(len(self.names), FILE_ROW)
        for code, number in self._numbers.items():
            table[number]["code"][: len(code)] = np.frombuffer(code, np.uint8)
            table[number]["code"][-1] = len(code)
        table["known"] = self.rows[: len(self.names)]
        table["name"] = [name.encode()[:NAME_BYTES] for name in self.names]
        with suppress(OSError):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part: IO[bytes]
            with tempfile.NamedTemporaryFile(dir=self.path.parent, suffix=".part", delete=False) as part:
                try:
                    np.save(part, table, allow_pickle=False)
                    Path(part.name).replace(self.path)
                except BaseException:
                    Path(part.name).unlink()
                    raise
            self._make_room()

    def _load(self) -> int:
        try:
            table = np.load(self.path, allow_pickle=False)
            os.utime(self.path)
        except (OSError, ValueError, EOFError):
            return 0
        if table.dtype != FILE_ROW:
            return 0
        codes, lengths = table["code"].tobytes(), table["code"][:, -1].tolist()
        self._numbers = {codes[CODE_BYTES * n : CODE_BYTES * n + size]: n for n, size in enumerate(lengths)}
        self.rows = np.concatenate([table["known"], np.zeros(1 << 12, ROW)])
        self.names = [name.decode("ascii", "replace") for name in table["name"].tolist()]
        return len(self.names)

    def _make_room(self) -> None:
        files = sorted(self.path.parent.iterdir(), key=lambda path: -path.stat().st_mtime_ns)
        for path in files[FILES_MAX:]:
            path.unlink()
