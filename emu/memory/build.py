"""From a machine file to its memory system."""

from emu.description import MachineFile
from emu.memory.records import Bus


def build_bus(description: MachineFile, cores: int, ram_bytes: int) -> Bus:
    """Caches, latencies and store buffers of a machine with `cores` cores over zeroed RAM."""
    l1, l2, latency = description.l1d, description.l2, description.latencies
    sizes = (description.tlb.entries.value, description.tlb.l2_sets.value, description.tlb.l2_ways.value)
    bus = Bus(ram_bytes, cores, description.topology.cores_per_module, (l1.sets, l1.ways), (l2.sets, l2.ways), sizes)
    hit = latency.l1_hit.value
    bus.configure(
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
        buffer_depth=description.store_buffer.depth.value,
        miss_buffers=description.miss_buffers.value,
        tlb_l2_hit=description.tlb.l2_hit.value,
        page_walk=description.tlb.page_walk.value,
        buffer_requests=description.store_buffer.ownership_requests.value,
    )
    return bus
