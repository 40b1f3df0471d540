"""Machine files: a machine is data, every number with its source and how far it is to be trusted."""

from emu.description.figure import Figure
from emu.description.machine_file import MachineFile, load_machine, machine_digest, machine_names

__all__ = ["Figure", "MachineFile", "load_machine", "machine_digest", "machine_names"]
