"""The memory system's state as flat records: one `BUS` for the machine, arrays of everything that is counted in lines or cores.

A `BUS` holds the host addresses of its arrays, so that compiled hooks reach all of it from one pointer. Per-line arrays are
indexed by physical line number; per-module state of a line by `line * modules + module`.
"""

import numpy as np

from emu.native import NEVER, address_of

I64 = np.int64
RING = 256  # slots of a store buffer's ring; its modelled depth is smaller (bus.buffer_depth)

BUS = np.dtype(
    [
        ("ram", I64),  # host address of physical address 0
        ("ram_bytes", I64),
        ("lines", I64),
        ("cores", I64),
        ("modules", I64),
        ("cores_per_module", I64),
        # coherence and caches
        ("line_state", I64),  # u8[lines * modules], moesi.Line
        ("line_way", I64),  # u8[lines * modules], way of the line in that module's L2
        ("line_busy", I64),  # i64[lines], the line is in flight until then
        ("line_writer", I64),  # i16[lines], core that wrote it last
        ("l1_sets", I64),
        ("l1_ways", I64),
        ("l1_tag", I64),  # i32[cores * sets * ways], most recent first, -1 empty
        ("l2_sets", I64),
        ("l2_ways", I64),
        ("l2_tag", I64),  # i32[modules * sets * ways], -1 empty
        ("l2_stamp", I64),  # i64[modules * sets * ways], last use
        ("l2_clock", I64),
        # store buffers
        ("line_pending", I64),  # u16[lines], stores not yet drained
        ("line_viewer", I64),  # i16[lines], core whose own view RAM holds while stores are pending
        ("stores", I64),  # STORE[cores * RING]
        ("buffers", I64),  # BUFFER[cores]
        ("buffer_depth", I64),
        ("buffer_requests", I64),  # ownership requests in flight at once
        ("next_drain", I64),  # earliest drain of any core
        ("untimed", I64),  # no store drains by itself: somebody tries every moment for it
        ("journal", I64),  # host address of CHANGE[journal_capacity]: what has happened, to be taken back; 0: not kept
        ("journal_count", I64),
        ("journal_capacity", I64),
        # latencies, core cycles; loads and stores count what they add to an L1 hit
        ("l2_hit", I64),
        ("sibling_line", I64),
        ("remote_line", I64),
        ("upgrade", I64),
        ("memory", I64),
        ("forward", I64),
        ("forward_fail", I64),
        # what the last access met (trace_record.Cause), its kind and the counters
        ("cause", I64),
        ("ownership_cause", I64),  # of the last store: why its line was not owned, and how long that takes
        ("ownership_cycles", I64),
        ("transfers_within_module", I64),
        ("transfers_across_modules", I64),
        ("upgrades", I64),
        ("memory_reads", I64),
        ("write_backs", I64),
        ("released", I64),  # engine callback data: ring of drained unlocking stores, RELEASE[RELEASES]
        ("released_count", I64),
    ]
)

STORE = np.dtype([("address", I64), ("old", I64), ("new", I64), ("drain_at", I64), ("width", I64), ("lock", I64)])
BUFFER = np.dtype([("head", I64), ("count", I64), ("last_drain", I64)])
RELEASE = np.dtype([("lock", I64), ("core", I64), ("cycle", I64)])
RELEASES = 1024
CHANGE = np.dtype([("address", I64), ("old", I64), ("new", I64), ("kind", I64), ("core", I64), ("width", I64), ("lock", I64)])


class Bus:
    """Owns the arrays behind one `BUS` record; `record` is a one-element array of it."""

    def __init__(self, ram_bytes: int, cores: int, cores_per_module: int, l1: tuple[int, int], l2: tuple[int, int]) -> None:
        """Make the memory system: `l1` and `l2` are (sets, ways); RAM is zeroed and page-aligned."""
        import mmap

        self.mapping = mmap.mmap(-1, ram_bytes)
        self.ram = np.frombuffer(self.mapping, np.uint8)
        self.record = np.zeros(1, BUS)
        lines, modules = ram_bytes // 64, -(-cores // cores_per_module)
        self._put(ram_bytes=ram_bytes, lines=lines, cores=cores, modules=modules, cores_per_module=cores_per_module)
        self._put(ram=address_of(self.ram), l1_sets=l1[0], l1_ways=l1[1], l2_sets=l2[0], l2_ways=l2[1], next_drain=NEVER)
        self.arrays: dict[str, np.ndarray] = {}
        self._array("line_state", lines * modules, np.uint8)
        self._array("line_way", lines * modules, np.uint8)
        self._array("line_busy", lines, I64)
        self._array("line_writer", lines, np.int16)
        self._array("l1_tag", cores * l1[0] * l1[1], np.int32)[:] = -1
        self._array("l2_tag", modules * l2[0] * l2[1], np.int32)[:] = -1
        self._array("l2_stamp", modules * l2[0] * l2[1], I64)
        self._array("line_pending", lines, np.uint16)
        self._array("line_viewer", lines, np.int16)
        self._array("stores", cores * RING, STORE)
        self._array("buffers", cores, BUFFER)
        self._array("released", RELEASES, RELEASE)

    def _array(self, name: str, length: int, dtype: object) -> np.ndarray:
        self.arrays[name] = np.zeros(length, dtype)  # type: ignore[call-overload]
        self.record[name] = address_of(self.arrays[name])
        return self.arrays[name]

    def _put(self, **values: int) -> None:
        for name, value in values.items():
            self.record[name] = value

    def configure(self, **values: int) -> None:
        """Set latencies and depths by the names of the `BUS` fields."""
        self._put(**values)
