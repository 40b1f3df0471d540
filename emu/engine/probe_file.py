"""A subject's probes, read from its `probes.toml`: what ends a run, which loads are a spin, which events bound a span.

A probe that names an event, a load, a routine or a class of locks that is not there is refused with file and line.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from emu.engine.probes import GUARDS
from emu.errors import UserError
from emu.files import read_toml
from emu.image import Image
from emu.tables import Key, check

KEYS = {
    "run": {"done": Key(str), "begun": Key(str, optional=True), "item": Key(str, optional=True)},
    "spin": {"load": Key(str), "routine": Key(str), "awaited_not": Key(int)},
    "span": {
        "begin": Key(str),
        "armed": Key(str, optional=True),
        "end": Key(str),
        "by": Key(str),
        "settles": Key(bool, optional=True),
    },
    "under": {"event": Key(str), "lock": Key(str)},
    "errno": {"event": Key(str)},
}
BY = ("task", "core")


@dataclass(frozen=True, slots=True)
class Spin:
    """Loads annotated `//@ load LOAD` in a routine; the core goes on spinning while they return `awaited_not`."""

    name: str
    load: str
    routine: str
    awaited_not: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """From an event to another, `by` task or core; `armed`: an event that must follow the begin for it to count."""

    name: str
    begin: str
    end: str
    by: str = "core"
    armed: str | None = None
    settles: bool = False


@dataclass(frozen=True, slots=True)
class Under:
    """Events that retire while their core holds a lock of a class."""

    name: str
    event: str
    lock: str


@dataclass(frozen=True, slots=True)
class Errno:
    """Events whose register has a negative error number, counted by that."""

    name: str
    event: str


@dataclass(frozen=True, slots=True)
class Probes:
    """What a subject has counted. `done` ends a run when it has come often enough, `begun` is when the measured part begins."""

    done: str | None = None
    begun: str | None = None
    item: str | None = None  # one unit of work is done: progress and rates go by it
    spins: tuple[Spin, ...] = ()
    spans: tuple[Span, ...] = ()
    unders: tuple[Under, ...] = ()
    errnos: tuple[Errno, ...] = ()
    path: Path | None = None

    @property
    def guards(self) -> list[str]:
        """The classes of locks that events are counted under."""
        return list(dict.fromkeys(each.lock for each in self.unders))

    @property
    def probed_events(self) -> set[str]:
        """The events that spans and counts under locks hang on."""
        return {name for table, _, name in self._events() if table.startswith(("span.", "under."))}

    def check(self, image: Image, locks: Collection[str]) -> None:
        """Refuse names that the image, or the guest with its classes of locks, does not have: a `UserError` with file and line."""
        events = {mark.name for mark in image.marks if mark.kind == "event"}
        loads = {mark.name for mark in image.marks if mark.kind == "load"}
        for table, key, name in self._events():
            if name not in events:
                raise self._wrong(table, key, name, "no event", events)
        for spin in self.spins:
            if spin.routine not in image.symbols:
                raise self._wrong(f"spin.{spin.name}", "routine", spin.routine, "no routine", [])
            if not image.loads(spin.routine, spin.load):
                known = {load for load in loads if image.loads(spin.routine, load)}
                raise self._wrong(f"spin.{spin.name}", "load", spin.load, f"no annotated load of {spin.routine}", known)
        for under in self.unders:
            if under.lock not in locks:
                raise self._wrong(f"under.{under.name}", "lock", under.lock, "no class of locks", set(locks))

    def _events(self) -> Iterator[tuple[str, str, str]]:
        for key in ("done", "begun", "item"):
            if (name := getattr(self, key)) is not None:
                yield "run", key, name
        for span in self.spans:
            for key in ("begin", "armed", "end"):
                if (name := getattr(span, key)) is not None:
                    yield f"span.{span.name}", key, name
        for under in self.unders:
            yield f"under.{under.name}", "event", under.event
        for errno in self.errnos:
            yield f"errno.{errno.name}", "event", errno.event

    def _wrong(self, table: str, key: str, name: str, what: str, known: Collection[str]) -> UserError:
        has = f"; there is {', '.join(sorted(known))}" if known else ""
        return UserError(f"{_place(self.path, table, key)}: {key} = {name!r}: {what} of that name{has}")


NO_PROBES = Probes()


def read_probes(path: Path) -> Probes:
    """Read a subject's probes, or raise a `UserError` with file, line and key."""
    tables = read_toml(path, "probes")
    for kind, table in tables.items():
        if kind not in KEYS:
            raise UserError(f"{_place(path, kind)}: unknown table {kind!r}; known are {', '.join(KEYS)}")
        named = {kind: table} if kind == "run" else {f"{kind}.{name}": each for name, each in table.items()}
        for name, each in named.items():
            check(_place(path, name), each, KEYS[kind])
    probes = Probes(
        **tables.get("run", {}),
        spins=tuple(Spin(name, **each) for name, each in tables.get("spin", {}).items()),
        spans=tuple(Span(name, **each) for name, each in tables.get("span", {}).items()),
        unders=tuple(Under(name, **each) for name, each in tables.get("under", {}).items()),
        errnos=tuple(Errno(name, **each) for name, each in tables.get("errno", {}).items()),
        path=path,
    )
    for span in probes.spans:
        if span.by not in BY:
            raise UserError(f"{_place(path, f'span.{span.name}', 'by')}: by must be one of {', '.join(BY)}, not {span.by!r}")
    if len([span for span in probes.spans if span.settles]) > 1:
        raise UserError(f"{path}: only one span may settle: a core settles one at a time")
    if len(probes.guards) > GUARDS:
        raise UserError(f"{path}: events are counted under {len(probes.guards)} classes of locks; it must be at most {GUARDS}")
    return probes


def _place(path: Path | None, table: str, key: str | None = None) -> str:
    """File and line of a table, or of a key in it."""
    if path is None:
        return table
    inside = False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if re.match(r"\s*\[", line):
            inside = line.split("#")[0].strip().strip("[]").replace('"', "") == table
            if inside and key is None:
                return f"{path}:{number}"
        elif inside and key is not None and re.match(rf"\s*{re.escape(key)}\s*=", line):
            return f"{path}:{number}"
    return str(path)
