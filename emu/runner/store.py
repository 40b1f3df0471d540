"""Results that are kept in a folder of the user's: one file each, named by what was asked and by the emu that answered.

A file is written beside its place and put there by a rename, which is whole or nothing on any file system, a network's too: so any
number of processes and hosts may write at a time, without a lock, and one that is killed leaves at most a part file. The first line
of an entry is the digest of the rest, so that what a full disk, a power cut or an editor has left of one is found and not believed.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emu.errors import UserError
from emu.files import put_whole
from emu.sources import code_digest

SCHEMA = "emu-store/1"
MARKER = "emu-store"  # the file that says what the folder is
SUFFIX = ".entry"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: of which kind, and all that the answer depends on beside emu itself, as plain JSON."""

    kind: str
    asks: Any

    @property
    def digest(self) -> str:
        """What names it."""
        return hashlib.sha256(_text({"kind": self.kind, "question": self.asks}, in_order=True)).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Entry:
    """A question with its answer, by the emu with the digest `code`."""

    path: Path
    code: str
    question: Question
    answer: Any


@dataclass(frozen=True, slots=True)
class Damaged:
    """An entry that is not as it was written, and why that is known."""

    path: Path
    why: str

    def __str__(self) -> str:
        return f"{self.path}: {self.why}"


class Store:
    """A folder of entries; new, empty, or one that is a store already."""

    def __init__(self, folder: Path) -> None:
        """Refuse, as a `UserError`, what is no store and what cannot become one."""
        self.folder = folder
        self.damaged: list[Damaged] = []  # entries that were wanted, and are not whole
        self.lost: list[str] = []  # why results could not be kept, one a result
        marker = folder / MARKER
        try:
            folder.mkdir(parents=True, exist_ok=True)
            others = any(not each.name.startswith((MARKER, ".")) for each in folder.iterdir())
            if not marker.exists():  # looked for behind the others: whoever makes a store at the same time puts it there first
                if others:
                    raise UserError(f"store {folder}: the folder has other files in it: name a store, or a new or empty folder")
                put_whole(marker, f"{SCHEMA}\n".encode())
            schema = marker.read_text().strip()
        except OSError as error:
            raise UserError(f"store {folder}: {error.strerror or error}") from None
        except UnicodeDecodeError:
            schema = "no text"
        if schema != SCHEMA:
            raise UserError(f"store {folder}: {marker} must say {SCHEMA!r}, not {schema[:40]!r}: another version of emu made it")

    @classmethod
    def existing(cls, folder: Path) -> "Store":
        """One that is there already."""
        if not (folder / MARKER).is_file():
            raise UserError(f"store {folder}: there is no store; --store DIR of a command that runs many makes one")
        return cls(folder)

    def path_of(self, question: Question) -> Path:
        """Where the answer of this emu is, or would be."""
        return _place(self.folder, code_digest(), question)

    def get(self, question: Question) -> Entry | None:
        """What is kept; an entry that is not whole counts as none and is noted in `damaged`."""
        found = _read(self.path_of(question))
        if isinstance(found, Damaged):
            self.damaged.append(found)
            return None
        return found

    def put(self, question: Question, answer: Any) -> None:
        """Keep an answer; that it cannot be kept is noted in `lost` and ends nothing."""
        body = _text({"code": code_digest(), "kind": question.kind, "question": question.asks, "answer": answer})
        path = self.path_of(question)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            put_whole(path, f"{SCHEMA} {_digest(body)}\n".encode() + body + b"\n")
        except OSError as error:
            self.lost.append(error.strerror or str(error))

    def entries(self) -> Iterator[Entry | Damaged]:
        """Everything that is kept, of any emu, in order of code and digest."""
        for path in sorted(self.folder.glob(f"*/*/*{SUFFIX}")):
            found = _read(path)
            if found is not None:
                yield found


def _read(path: Path) -> Entry | Damaged | None:
    """The entry at a place; None: there is none."""
    try:
        head, _, body = path.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        return Damaged(path, error.strerror or str(error))
    body = body.removesuffix(b"\n")
    if head.decode(errors="replace") != f"{SCHEMA} {_digest(body)}":
        return Damaged(path, "its content is not what its first line says")
    try:
        plain = json.loads(body)
        entry = Entry(path, plain["code"], Question(plain["kind"], plain["question"]), plain["answer"])
        at_its_place = path == _place(path.parents[2], str(entry.code), entry.question)
    except KeyError as error:
        return Damaged(path, f"there is no {error} in it")
    except (TypeError, ValueError, RecursionError):
        return Damaged(path, "it is no entry of a store")
    return entry if at_its_place else Damaged(path, "it answers another question")


def _place(folder: Path, code: str, question: Question) -> Path:
    """Where an answer is, or would be."""
    digest = question.digest
    return folder / code / digest[:2] / f"{digest[2:]}{SUFFIX}"


def _text(plain: Any, *, in_order: bool = False) -> bytes:
    """Plain JSON; its keys in order, or as they are: a report shows them so."""
    return json.dumps(plain, sort_keys=in_order, separators=(",", ":"), allow_nan=False).encode()


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
