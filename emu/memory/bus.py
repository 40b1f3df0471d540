"""The memory system of a machine file: RAM, and the arrays behind one `BUS` record."""

import mmap
from typing import Any

import numpy as np

from emu.block import Array, Block
from emu.description import Figure, MachineFile
from emu.errors import InternalError
from emu.memory.moesi import LEVELS, SOURCES, Event, Line, Source
from emu.memory.records import (
    BUFFER,
    BUS,
    FOR_LOAD,
    FOR_LOCKED,
    FOR_STORE,
    I64,
    LARGE_PAGE_SHIFT,
    MOVE,
    PLACE,
    RELEASE,
    RELEASES,
    REQUESTS,
    RING,
    STORE,
)
from emu.native import NEVER, address_of
from emu.set_associative import new_table
from emu.units import LINE_BYTES


class Bus(Block):
    """Caches, TLBs, store buffers and latencies of a machine with `cores` cores over zeroed RAM.

    `record` is a one-element array of `BUS`. Arrays whose name begins with `line_` have so many elements for each line of RAM.
    """

    def __init__(self, description: MachineFile, cores: int, ram_bytes: int, ram: Array | None = None) -> None:
        """Make it, over bytes that are there already if need be.

        RAM is page-aligned, and its pages are large ones (2 MiB) until `small_pages` says otherwise.
        """
        super().__init__(BUS)
        self.description = description
        self.ram = np.frombuffer(mmap.mmap(-1, ram_bytes), np.uint8) if ram is None else ram
        self.put(ram=address_of(self.ram), ram_bytes=ram_bytes, lines=ram_bytes // LINE_BYTES, frames=ram_bytes // 4096)
        self.put(cores=cores, next_drain=NEVER)
        self._lay_out(cores)
        self._make_caches()
        self._make_store_buffers(cores)
        self._set_costs()

    def _lay_out(self, cores: int) -> None:
        """Which caches a core has, and how far the caches of modules are away from each other."""
        machine, topology = self.description, self.description.topology
        together = topology.processors_per_module
        l1s, modules = -(-cores // topology.threads_per_core), -(-cores // together)
        group = 1 if machine.l3 is None else machine.l3.modules
        l3s = 0 if machine.l3 is None else -(-modules // group)
        self.put(cores_per_module=together, l1s=l1s, l1s_per_module=topology.cores_per_module, modules=modules)
        self.put(l3s=l3s, modules_per_l3=group, holders=modules + l3s)
        places = self.share("places", np.zeros(cores, PLACE), saved=False)
        places["l1"], places["module"] = np.arange(cores) // topology.threads_per_core, np.arange(cores) // together
        homes = [*range(modules), *(l3 * group for l3 in range(l3s))]  # of each holder, a module beside it
        levels = self.share("levels", np.zeros(modules * (modules + l3s), np.uint8), saved=False).reshape(modules, -1)
        sizes = [near.modules for near in machine.near]
        for module in range(modules):
            for holder, home in enumerate(homes):
                levels[module, holder] = sum(module // size != home // size for size in sizes)
        self.put(l3_levels=sizes.index(group) + 1 if l3s and group in sizes else 0)

    def _make_caches(self) -> None:
        machine, record = self.description, self.record[0]
        for name, dtype, a_line in (
            ("line.state", np.uint8, int(record["holders"])),
            ("line.probed", I64, int(record["holders"])),
            ("line.ready", I64, int(record["modules"])),
            ("line.busy", I64, 1),
            ("line.asked", I64, 1),
            ("line.owner", np.int16, 1),
        ):
            self._line_array(name, dtype, a_line)
        self._table("l1", int(record["l1s"]), machine.l1d.sets, machine.l1d.ways)
        self._table("l2", int(record["modules"]), machine.l2.sets, machine.l2.ways)
        if machine.l3 is not None:
            self._table("l3", int(record["l3s"]), machine.l3.sets, machine.l3.ways)
        self.put(write_back=machine.l1d.write_policy == "back", miss_buffers=machine.miss_buffers.value)
        self.share("requests", np.zeros(int(record["l1s"]), REQUESTS))
        self.share("frame_shift", np.full(len(self.ram) // 4096, LARGE_PAGE_SHIFT, np.uint8), saved=False)
        self._table("tlb", int(record["l1s"]), 1, machine.tlb.entries.value)
        self._table("tlb_l2", int(record["modules"]), machine.tlb.l2_sets.value, machine.tlb.l2_ways.value)

    def _make_store_buffers(self, cores: int) -> None:
        buffer = self.description.store_buffer
        self.put(buffer_depth=buffer.depth.value, buffer_requests=buffer.ownership_requests.value)
        self._line_array("line.pending", np.uint16)
        self._line_array("line.viewer", np.int16)
        self.share("stores", np.zeros(cores * RING, STORE))
        self.share("buffers", np.zeros(cores, BUFFER))
        self.share("released.at", np.zeros(RELEASES, RELEASE))

    def _set_costs(self) -> None:
        """What an access waits for its line. A load's latency is to the use of the data: its line is there an L1 hit earlier."""
        machine, latency = self.description, self.description.latencies
        far = (latency.remote_line, latency.remote_write, latency.upgrade)
        distances = [*((near.line, near.write, near.upgrade) for near in machine.near), far]
        hit = latency.l1_hit.value
        costs = self.share("latency.costs", np.zeros((FOR_LOCKED + 1) * SOURCES, I64), saved=False).reshape(FOR_LOCKED + 1, SOURCES)

        def line(figure: Figure) -> int:
            return max(figure.value - hit, 0)

        costs[:, Source.SIBLING] = line(latency.sibling_line)
        costs[:, Source.L2] = line(latency.l2_hit)
        costs[:, Source.L3] = 0 if machine.l3 is None else line(machine.l3.hit)
        costs[:, Source.MEMORY] = line(latency.memory)
        for level, (read, write, upgrade) in enumerate(distances):
            costs[FOR_LOAD, Source.MODULE + level] = line(read)
            costs[FOR_STORE:, Source.MODULE + level] = write.value
            costs[:, Source.UPGRADE + level] = upgrade.value
        costs[FOR_LOCKED, Source.SIBLING] = latency.sibling_locked.value
        for name, figure in (
            ("l1_hit", latency.l1_hit),
            ("store_forward", latency.store_forward),
            ("store_forward_fail", latency.store_forward_fail),
            ("tlb_l2_hit", machine.tlb.l2_hit),
            ("page_walk", machine.tlb.page_walk),
        ):
            self.record["latency"][name] = figure.value

    def log_moves(self) -> None:
        """From here on `moves` says what lines do; whoever reads it does so before all stores could drain twice."""
        room = 2 * int(self.record["cores"][0]) * RING
        self.share("moves.at", np.zeros(room, MOVE), saved=False)
        self.record["moves"]["room"] = room

    def counts(self) -> dict[str, int]:
        """What lines have moved, by name; `transfers_across_modules` are all those between modules, near ones included."""
        counted = self.record[0]["transactions"]
        return {
            "transfers_within_module": int(counted[Source.SIBLING]),
            "transfers_across_modules": int(counted[Source.MODULE : Source.MODULE + LEVELS].sum()),
            "transfers_near": int(counted[Source.MODULE : Source.MODULE + len(self.description.near)].sum()),
            "l3_hits": int(counted[Source.L3]),
            "upgrades": int(counted[Source.UPGRADE : Source.UPGRADE + LEVELS].sum()),
            "memory_reads": int(counted[Source.MEMORY]),
            "write_backs": int(self.record[0]["write_backs"]),
        }

    def check(self) -> None:
        """Raise an `InternalError` if the protocol was asked for a row that it has not got."""
        if (missing := int(self.record[0]["missing_row"])) > 0:
            state, event = divmod(missing - 1, len(Event))
            raise InternalError(f"the coherence protocol has no row for {Line(state).name}, {Event(event).name}")

    def small_pages(self, physical: int, size: int) -> None:
        """The bytes from a physical address on are mapped by pages of 4 KiB."""
        self.arrays["frame_shift"][physical >> 12 : (physical + size + 4095) >> 12] = 0

    def state_of_lines(self, lines: int) -> list[Array]:
        """Everything that a run changes which touches only so many lines from the beginning of RAM."""
        whole = len(self.ram) // LINE_BYTES
        parts = (
            array[: len(array) // whole * lines] if name.startswith("line.") else array for name, array in self.saved().items()
        )
        return [self.ram[: lines * LINE_BYTES], self.record, *parts]

    def _line_array(self, name: str, dtype: Any, a_line: int = 1) -> None:
        self.share(name, np.zeros(len(self.ram) // LINE_BYTES * a_line, dtype))

    def _table(self, name: str, owners: int, sets: int, ways: int) -> None:
        tags, table = new_table(owners, sets, ways)
        self.keep(name, tags)
        self.put(**{name: table})
