"""The memory system of a machine file: RAM, and the arrays behind one `BUS` record."""

import mmap

import numpy as np

from emu.description import MachineFile
from emu.memory.records import BUFFER, BUS, I64, LARGE_PAGE_SHIFT, RELEASE, RELEASES, REQUESTS, RING, STORE
from emu.native import NEVER, address_of
from emu.set_associative import new_table


class Bus:
    """Caches, TLBs, store buffers and latencies of a machine with `cores` cores over zeroed RAM.

    `record` is a one-element array of `BUS`; `arrays` holds what it points to, by the names of its fields.
    """

    def __init__(self, description: MachineFile, cores: int, ram_bytes: int) -> None:
        """Make it; RAM is page-aligned, and its pages are large ones (2 MiB) until `small_pages` says otherwise."""
        self.description = description
        self.ram = np.frombuffer(mmap.mmap(-1, ram_bytes), np.uint8)
        self.record = np.zeros(1, BUS)
        self.arrays: dict[str, np.ndarray] = {}
        together = description.topology.cores_per_module
        modules = -(-cores // together)
        self._put(ram=address_of(self.ram), ram_bytes=ram_bytes, lines=ram_bytes // 64, frames=ram_bytes // 4096)
        self._put(cores=cores, modules=modules, cores_per_module=together, next_drain=NEVER)
        self._make_caches(cores, modules)
        self._make_store_buffers(cores)
        self._set_latencies()

    def _make_caches(self, cores: int, modules: int) -> None:
        machine = self.description
        for name in ("line_state", "line_probed", "line_ready"):
            self._line_array(name, np.uint8 if name == "line_state" else I64, modules)
        self._line_array("line_busy", I64)
        self._line_array("line_asked", I64)
        self._line_array("line_writer", np.int16)
        self._table("l1", cores, machine.l1d.sets, machine.l1d.ways)
        self._table("l2", modules, machine.l2.sets, machine.l2.ways)
        self._array("requests", cores, REQUESTS)
        self._put(miss_buffers=machine.miss_buffers.value)
        self._array("frame_shift", len(self.ram) // 4096, np.uint8)[:] = LARGE_PAGE_SHIFT
        self._table("tlb", cores, 1, machine.tlb.entries.value)
        self._table("tlb_l2", modules, machine.tlb.l2_sets.value, machine.tlb.l2_ways.value)

    def _make_store_buffers(self, cores: int) -> None:
        buffer = self.description.store_buffer
        self._put(buffer_depth=buffer.depth.value, buffer_requests=buffer.ownership_requests.value)
        self._line_array("line_pending", np.uint16)
        self._line_array("line_viewer", np.int16)
        self._array("stores", cores * RING, STORE)
        self._array("buffers", cores, BUFFER)
        self._array("released", RELEASES, RELEASE)

    def _set_latencies(self) -> None:
        latency, tlb = self.description.latencies, self.description.tlb
        hit = latency.l1_hit.value
        self._put(
            **{
                name: max(figure.value - hit, 0)
                for name, figure in (
                    ("l2_hit", latency.l2_hit),
                    ("sibling_line", latency.sibling_line),
                    ("remote_line", latency.remote_line),
                    ("memory", latency.memory),
                    ("forward", latency.store_forward),
                )
            },
            sibling_locked=latency.sibling_locked.value,
            remote_write=latency.remote_write.value,
            upgrade=latency.upgrade.value,
            forward_fail=latency.store_forward_fail.value,
            tlb_l2_hit=tlb.l2_hit.value,
            page_walk=tlb.page_walk.value,
        )

    def small_pages(self, physical: int, size: int) -> None:
        """The bytes from a physical address on are mapped by pages of 4 KiB."""
        self.arrays["frame_shift"][physical >> 12 : (physical + size + 4095) >> 12] = 0

    def _line_array(self, name: str, dtype: object, a_line: int = 1) -> None:
        self._array(name, len(self.ram) // 64 * a_line, dtype)

    def _array(self, name: str, length: int, dtype: object) -> np.ndarray:
        self.arrays[name] = np.zeros(length, dtype)  # type: ignore[call-overload]
        self.record[name] = address_of(self.arrays[name])
        return self.arrays[name]

    def _table(self, name: str, owners: int, sets: int, ways: int) -> None:
        self.arrays[name], self.record[name] = new_table(owners, sets, ways)

    def _put(self, **values: int) -> None:
        for name, value in values.items():
            self.record[name] = value

    def configure(self, **values: int) -> None:
        """Set fields of the `BUS` record by their names."""
        self._put(**values)
