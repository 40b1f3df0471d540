"""Perfetto's own format: a stream of protobuf packets, one an event, which ui.perfetto.dev and its trace processor open."""

from typing import Any, BinaryIO

from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import TracePacket, TrackDescriptor, TrackEvent
from perfetto.trace_builder.proto_builder import StreamingTraceProtoBuilder

from emu.export.clock import Clock
from emu.export.sink import NO_ARROW, NOTHING, Arguments

SEQUENCE = 1  # all packets are of one writer
_GROUPS = 1 << 32  # uuids of groups lie above those of tracks


class PerfettoSink:
    """Writes packets; names are written once and then referred to by a number."""

    def __init__(self, file: BinaryIO, clock: Clock, hertz: int) -> None:
        """Begin a trace."""
        self._builder = StreamingTraceProtoBuilder(file)
        self._clock, self._hertz = clock, hertz
        self._names: dict[str, int] = {}
        self._keys: dict[str, int] = {}
        self._ranks: dict[int, int] = {}  # tracks so far, by group
        first = self._new()
        first.sequence_flags = TracePacket.SEQ_INCREMENTAL_STATE_CLEARED
        first.first_packet_on_sequence = True
        self._builder.write_packet(first)

    def group(self, group: int, name: str) -> None:
        """A track that has no events of its own."""
        self._describe(_GROUPS + group, 0, name, group)

    def track(self, track: int, group: int, name: str, unit: str = "") -> None:
        """A track below its group, in the order in which they come."""
        self._ranks[group] = self._ranks.get(group, 0) + 1
        self._describe(track, _GROUPS + group, name, self._ranks[group], unit)

    def begin(self, at: int, track: int, name: str, *, arrives: int = NO_ARROW, about: Arguments = NOTHING) -> None:
        """A slice begins."""
        packet = self._event(at, track, TrackEvent.TYPE_SLICE_BEGIN, name, about)
        if arrives:
            packet.track_event.terminating_flow_ids.append(arrives)
        self._builder.write_packet(packet)

    def end(self, at: int, track: int, *, leaves: int = NO_ARROW) -> None:
        """The innermost slice of a track ends."""
        packet = self._event(at, track, TrackEvent.TYPE_SLICE_END)
        if leaves:
            packet.track_event.flow_ids.append(leaves)
        self._builder.write_packet(packet)

    def instant(self, at: int, track: int, name: str, *, leaves: int = NO_ARROW, about: Arguments = NOTHING) -> None:
        """Something happens on a track."""
        packet = self._event(at, track, TrackEvent.TYPE_INSTANT, name, about)
        if leaves:
            packet.track_event.flow_ids.append(leaves)
        self._builder.write_packet(packet)

    def counter(self, at: int, track: int, value: int) -> None:
        """From here on a counter has this value."""
        packet = self._event(at, track, TrackEvent.TYPE_COUNTER)
        packet.track_event.counter_value = value
        self._builder.write_packet(packet)

    def _new(self) -> Any:
        packet = self._builder.create_packet()
        packet.trusted_packet_sequence_id = SEQUENCE
        return packet

    def _describe(self, uuid: int, parent: int, name: str, rank: int, unit: str = "") -> None:
        packet = self._new()
        described = packet.track_descriptor
        described.uuid, described.name, described.sibling_order_rank = uuid, name, rank
        described.child_ordering = TrackDescriptor.EXPLICIT
        if parent:
            described.parent_uuid = parent
        if unit:
            described.counter.unit_name = unit
        self._builder.write_packet(packet)

    def _event(self, at: int, track: int, kind: int, name: str = "", about: Arguments = NOTHING) -> Any:
        packet = self._new()
        packet.timestamp = self._clock.nanoseconds(at, self._hertz)
        packet.sequence_flags = TracePacket.SEQ_NEEDS_INCREMENTAL_STATE
        event = packet.track_event
        event.type, event.track_uuid = kind, track
        if name:
            event.name_iid = self._number(self._names, name, packet.interned_data.event_names if name not in self._names else None)
        for key, value in about.items():
            known = key in self._keys
            annotation = event.debug_annotations.add()
            added = None if known else packet.interned_data.debug_annotation_names
            annotation.name_iid = self._number(self._keys, key, added)
            if isinstance(value, int):
                annotation.int_value = value
            else:
                annotation.string_value = value
        return packet

    @staticmethod
    def _number(known: dict[str, int], text: str, added: Any) -> int:
        """The number of a text, which is written with it when it is new."""
        if text not in known:
            known[text] = len(known) + 1
            entry = added.add()
            entry.iid, entry.name = known[text], text
        return known[text]
