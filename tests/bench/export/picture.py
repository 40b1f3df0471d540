"""What a program that opens an export sees of it: slices, instants, arrows and counters, by the names of their tracks."""

import json
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace, TrackEvent


@dataclass
class Slice:
    track: str
    names: tuple[str, ...]  # from the outermost to its own
    begin: int
    about: dict[str, int | str]
    end: int = -1
    arrives: int = 0
    leaves: int = 0

    @property
    def cycles(self) -> int:
        return self.end - self.begin


@dataclass
class Instant:
    track: str
    name: str
    at: int
    about: dict[str, int | str]
    leaves: int = 0


@dataclass
class Picture:
    groups: dict[str, str] = field(default_factory=dict)  # of each track
    slices: list[Slice] = field(default_factory=list)
    instants: list[Instant] = field(default_factory=list)
    counters: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    open: dict[str, list[Slice]] = field(default_factory=lambda: defaultdict(list))
    last: dict[str, int] = field(default_factory=dict)

    def begin(self, track: str, name: str, at: int, about: dict[str, int | str], arrives: int = 0) -> None:
        self._in_order(track, at)
        outer = self.open[track][-1].names if self.open[track] else ()
        self.slices.append(Slice(track, (*outer, name), at, about, arrives=arrives))
        self.open[track].append(self.slices[-1])

    def end(self, track: str, at: int, leaves: int = 0) -> None:
        self._in_order(track, at)
        ended = self.open[track].pop()
        ended.end, ended.leaves = at, leaves

    def instant(self, track: str, name: str, at: int, about: dict[str, int | str], leaves: int = 0) -> None:
        self.instants.append(Instant(track, name, at, about, leaves))

    def _in_order(self, track: str, at: int) -> None:
        assert at >= self.last.get(track, 0), f"{track}: {at} comes after {self.last[track]}"
        self.last[track] = at


def read_perfetto(path: Path) -> Picture:
    trace, picture = Trace(), Picture()
    trace.ParseFromString(path.read_bytes())
    names: dict[int, str] = {}
    keys: dict[int, str] = {}
    tracks: dict[int, str] = {}
    parents: dict[int, int] = {}
    for packet in trace.packet:
        names |= {each.iid: each.name for each in packet.interned_data.event_names}
        keys |= {each.iid: each.name for each in packet.interned_data.debug_annotation_names}
        if packet.HasField("track_descriptor"):
            tracks[packet.track_descriptor.uuid] = packet.track_descriptor.name
            parents[packet.track_descriptor.uuid] = packet.track_descriptor.parent_uuid
        if not packet.HasField("track_event"):
            continue
        event, at = packet.track_event, packet.timestamp
        track = tracks[event.track_uuid]
        about = {
            keys[each.name_iid]: each.int_value if each.HasField("int_value") else each.string_value
            for each in event.debug_annotations
        }
        leaves, arrives = next(iter(event.flow_ids), 0), next(iter(event.terminating_flow_ids), 0)
        match event.type:
            case TrackEvent.TYPE_SLICE_BEGIN:
                picture.begin(track, names[event.name_iid], at, about, arrives)
            case TrackEvent.TYPE_SLICE_END:
                picture.end(track, at, leaves)
            case TrackEvent.TYPE_INSTANT:
                picture.instant(track, names[event.name_iid], at, about, leaves)
            case TrackEvent.TYPE_COUNTER:
                picture.counters[track].append((at, event.counter_value))
    picture.groups = {tracks[uuid]: tracks[parent] for uuid, parent in parents.items() if parent}
    return picture


def read_chrome(path: Path) -> Picture:
    picture = Picture()
    processes: dict[int, str] = {}
    threads: dict[int, str] = {}
    for event in json.loads(path.read_text(), parse_float=Decimal)["traceEvents"]:
        phase, about = event["ph"], event.get("args", {})
        if phase == "M" and event["name"] == "process_name":
            processes[event["pid"]] = about["name"]
        elif phase == "M" and event["name"] == "thread_name":
            threads[event["tid"]] = about["name"]
            picture.groups[about["name"]] = processes[event["pid"]]
        if phase == "M":
            continue
        at = int(event["ts"] * 1000)
        track = threads.get(event.get("tid", -1), "")
        match phase:
            case "B":
                picture.begin(track, event["name"], at, about)
            case "f":
                assert picture.open[track][-1].begin == at
                picture.open[track][-1].arrives = event["id"]
            case "s" if picture.instants and (picture.instants[-1].track, picture.instants[-1].at) == (track, at):
                picture.instants[-1].leaves = event["id"]
            case "s":
                picture.open[track][-1].leaves = event["id"]
            case "E":
                picture.end(track, at, picture.open[track][-1].leaves)
            case "i":
                picture.instant(track, event["name"], at, about)
            case "C":
                picture.counters[event["name"]].append((at, next(iter(about.values()))))
            case _:
                raise ValueError(phase)
    return picture
