"""What the guest's kernel sees of the processor: its clock, and which cores it takes for relatives of each other.

Linux 4.8 and 4.9 decide by CPUID (arch/x86/kernel/cpu/amd.c). Of a part without an L3, family 15h, the cores of a module are
threads of one core, and the last-level cache is the package's, although each module has an L2 of its own. Of a part with L3s,
family 17h, the hardware threads of a core are its threads, and cores share a last-level cache if they share an L3.
"""

from dataclasses import dataclass

from emu.description import MachineFile


@dataclass(frozen=True, slots=True)
class Processor:
    """Cores are relatives by their numbers: the first so many, the next so many."""

    clock_hz: int  # of the time-stamp counter
    siblings: int  # cores that are threads of one
    cache_sharers: int  # cores that share a last-level cache; 0: all of them


def processor_of(machine: MachineFile) -> Processor:
    """As a machine file has it."""
    topology = machine.topology
    if machine.l3 is None:
        return Processor(machine.clock_hz.value, topology.processors_per_module, 0)
    return Processor(machine.clock_hz.value, topology.threads_per_core, machine.l3.modules * topology.processors_per_module)
