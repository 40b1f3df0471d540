"""The JSON of Chrome's trace viewer: an event a line, for chrome://tracing, Perfetto, speedscope and whatever else reads it."""

import json
from typing import Any, BinaryIO

from emu.export.clock import Clock
from emu.export.sink import NO_ARROW, NOTHING, Arguments

_MICROSECOND = 1000  # nanoseconds: the format's unit
_HEAD = b'{"displayTimeUnit": "ns", "otherData": {"clock": %s}, "traceEvents": [\n'


class ChromeSink:
    """Groups are its processes, tracks its threads. Arrows are bound to the slice that is open where they leave or arrive."""

    def __init__(self, file: BinaryIO, clock: Clock, hertz: int) -> None:
        """Begin the object, which `close` ends."""
        self._file, self._clock, self._hertz = file, clock, hertz
        self._separator = ""
        self._tracks: dict[int, dict[str, int]] = {}
        self._names: dict[int, str] = {}
        self._units: dict[int, str] = {}
        file.write(_HEAD % json.dumps(clock.words()).encode())

    def close(self) -> None:
        """No event follows."""
        self._file.write(b"\n]}\n")

    def group(self, group: int, name: str) -> None:
        """A process."""
        self._write({"ph": "M", "pid": group, "name": "process_name", "args": {"name": name}})
        self._write({"ph": "M", "pid": group, "name": "process_sort_index", "args": {"sort_index": group}})

    def track(self, track: int, group: int, name: str, unit: str = "") -> None:
        """A thread; a counter belongs to its process and has no thread."""
        self._tracks[track], self._names[track] = {"pid": group, "tid": track}, name
        if unit:
            self._tracks[track], self._units[track] = {"pid": group}, unit
            return
        self._write({"ph": "M", **self._tracks[track], "name": "thread_name", "args": {"name": name}})
        self._write({"ph": "M", **self._tracks[track], "name": "thread_sort_index", "args": {"sort_index": track}})

    def begin(self, at: int, track: int, name: str, *, arrives: int = NO_ARROW, about: Arguments = NOTHING) -> None:
        """A slice begins."""
        self._event("B", at, track, name=name, **self._about(about))
        if arrives:
            self._event("f", at, track, name="arrow", cat="arrow", id=arrives, bp="e")

    def end(self, at: int, track: int, *, leaves: int = NO_ARROW) -> None:
        """The innermost slice of a track ends."""
        if leaves:
            self._event("s", at, track, name="arrow", cat="arrow", id=leaves)
        self._event("E", at, track)

    def instant(self, at: int, track: int, name: str, *, leaves: int = NO_ARROW, about: Arguments = NOTHING) -> None:
        """Something happens on a track."""
        self._event("i", at, track, name=name, s="t", **self._about(about))
        if leaves:
            self._event("s", at, track, name="arrow", cat="arrow", id=leaves)

    def counter(self, at: int, track: int, value: int) -> None:
        """From here on a counter has this value."""
        self._event("C", at, track, name=self._names[track], args={self._units[track]: value})

    @staticmethod
    def _about(about: Arguments) -> dict[str, Arguments]:
        return {"args": about} if about else {}

    def _event(self, phase: str, at: int, track: int, **rest: Any) -> None:
        whole, part = divmod(self._clock.nanoseconds(at, self._hertz), _MICROSECOND)
        fields = json.dumps({**self._tracks[track], **rest})
        self._line(f'{{"ph": "{phase}", "ts": {whole}.{part:03}, {fields[1:]}')

    def _write(self, event: dict[str, Any]) -> None:
        self._line(json.dumps(event))

    def _line(self, text: str) -> None:
        self._file.write(f"{self._separator}{text}".encode())
        self._separator = ",\n"
