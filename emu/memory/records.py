"""The memory system's state as flat records: one `BUS` for the machine, arrays of everything that is counted in lines or cores.

A `BUS` holds the host addresses of its arrays, so that compiled hooks reach all of it from one pointer. Per-line arrays are
indexed by physical line number; per-module state of a line by `line * modules + module`.
"""

import numpy as np

from emu.native import NEVER, address_of

I64 = np.int64
LARGE_PAGE_SHIFT = 9  # 512 frames: 2 MiB
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
        ("line_busy", I64),  # i64[lines], the line is in flight between modules until then
        ("line_asked", I64),  # i64[lines], when it was asked for
        ("line_probed", I64),  # i64[lines * modules], when another module last probed that module's copy
        ("line_ready", I64),  # i64[lines * modules], when the line has arrived in that module
        ("line_writer", I64),  # i16[lines], core that wrote it last
        ("l1_sets", I64),
        ("l1_ways", I64),
        ("l1_tag", I64),  # i32[cores * sets * ways], most recent first, -1 empty
        ("l2_sets", I64),
        ("l2_ways", I64),
        ("l2_tag", I64),  # i32[modules * sets * ways], -1 empty
        ("l2_stamp", I64),  # i64[modules * sets * ways], last use
        ("l2_clock", I64),
        ("requests", I64),  # REQUESTS[cores], the misses under way of each L1
        ("miss_buffers", I64),  # misses of one L1 under way at once
        # data TLBs
        ("frames", I64),  # of 4 KiB
        ("frame_shift", I64),  # u8[frames], log2 of the frames in the page around it
        ("tlb_recent", I64),  # i64[cores], first frame of the page used last
        ("tlb_slot", I64),  # u16[cores * frames], by first frame of a page: its entry + 1, 0: none
        ("tlb_page", I64),  # i32[cores * entries], first frame, -1 empty
        ("tlb_stamp", I64),  # i64[cores * entries], last use
        ("tlb_clock", I64),
        ("tlb_entries", I64),
        ("tlb_l2_sets", I64),
        ("tlb_l2_ways", I64),
        ("tlb_l2_tag", I64),  # i32[modules * sets * ways], most recent first, -1 empty
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
        ("sibling_locked", I64),
        ("remote_line", I64),
        ("remote_write", I64),
        ("upgrade", I64),
        ("memory", I64),
        ("forward", I64),
        ("forward_fail", I64),
        ("tlb_l2_hit", I64),  # what a miss of a core's TLB adds
        ("page_walk", I64),  # and of the module's besides
        # what the last access met, and the counters
        ("cause", I64),  # trace_record.Cause: why it takes longer than an L1 hit, 0: it does not
        ("ownership_cause", I64),  # of the last store: why its line was not owned, and how long that takes
        ("ownership_cycles", I64),
        ("transfers_within_module", I64),
        ("transfers_across_modules", I64),
        ("upgrades", I64),
        ("memory_reads", I64),
        ("write_backs", I64),
        ("requests_lost", I64),  # stores that had to ask for their line a second time
        ("released", I64),  # ring of unlocking stores that have become visible, RELEASE[RELEASES]
        ("released_count", I64),
    ]
)

STORE = np.dtype(
    [
        ("address", I64),
        ("old", I64),
        ("new", I64),
        ("width", I64),
        ("lock", I64),  # that it releases, -1: none
        ("data_at", I64),  # its value is known
        ("asked_at", I64),  # its line was asked for
        ("owned_at", I64),  # its line is there
        ("drain_at", I64),
    ]
)
BUFFER = np.dtype([("head", I64), ("count", I64), ("last_drain", I64)])
MISSES = 64  # slots of a ring of misses; the modelled number is smaller (bus.miss_buffers)
REQUESTS = np.dtype([("count", I64), ("until", I64, (MISSES,))])  # misses so far; when each has its line
RELEASE = np.dtype([("lock", I64), ("core", I64), ("cycle", I64)])
RELEASES = 1024
CHANGE = np.dtype([("address", I64), ("old", I64), ("new", I64), ("kind", I64), ("core", I64), ("width", I64), ("lock", I64)])


class Bus:
    """Owns the arrays behind one `BUS` record; `record` is a one-element array of it."""

    def __init__(
        self,
        ram_bytes: int,
        cores: int,
        cores_per_module: int,
        l1: tuple[int, int],
        l2: tuple[int, int],
        tlb: tuple[int, int, int] = (64, 128, 8),
    ) -> None:
        """Make the memory system: `l1` and `l2` are (sets, ways), `tlb` entries, sets and ways of the second level.

        RAM is zeroed and page-aligned; its pages are large ones (2 MiB) until `small_pages` says otherwise.
        """
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
        for name in ("line_busy", "line_asked"):
            self._array(name, lines, I64)
        for name in ("line_probed", "line_ready"):
            self._array(name, lines * modules, I64)
        self._array("requests", cores, REQUESTS)
        self._put(miss_buffers=MISSES // 2)
        self._tlb(cores, modules, ram_bytes // 4096, tlb)
        self._array("line_writer", lines, np.int16)
        self._array("l1_tag", cores * l1[0] * l1[1], np.int32)[:] = -1
        self._array("l2_tag", modules * l2[0] * l2[1], np.int32)[:] = -1
        self._array("l2_stamp", modules * l2[0] * l2[1], I64)
        self._array("line_pending", lines, np.uint16)
        self._array("line_viewer", lines, np.int16)
        self._array("stores", cores * RING, STORE)
        self._array("buffers", cores, BUFFER)
        self._array("released", RELEASES, RELEASE)

    def _tlb(self, cores: int, modules: int, frames: int, tlb: tuple[int, int, int]) -> None:
        entries, sets, ways = tlb
        self._put(frames=frames, tlb_entries=entries, tlb_l2_sets=sets, tlb_l2_ways=ways)
        self._array("frame_shift", frames, np.uint8)[:] = LARGE_PAGE_SHIFT
        self._array("tlb_recent", cores, I64)[:] = -1
        self._array("tlb_slot", cores * frames, np.uint16)
        self._array("tlb_page", cores * entries, np.int32)[:] = -1
        self._array("tlb_stamp", cores * entries, I64)
        self._array("tlb_l2_tag", modules * sets * ways, np.int32)[:] = -1

    def small_pages(self, physical: int, size: int) -> None:
        """The bytes from a physical address on are mapped by pages of 4 KiB."""
        self.arrays["frame_shift"][physical >> 12 : (physical + size + 4095) >> 12] = 0

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
