"""A machine without an operating system, for exploration: long mode, no paging, every core at a piece of code of its own."""

from emu.description import MachineFile
from emu.engine import records as rec
from emu.engine.machine import Machine, Options, Start
from emu.engine.text import Text, build_text
from emu.image import Image
from emu.memory.bus import Bus

RAM_BYTES = 4 << 20
STACKS = 0x300000
STACK_BYTES = 0x4000


def for_search(text: Text) -> Text:
    """Change a program to what a search needs: no instruction marks an event."""
    text.instructions["traits"] &= ~(rec.EVENT | rec.POINT | rec.PROBED)
    return text


def flat_machine(image: Image, cores: int, description: MachineFile, *, interpret: bool = True) -> Machine:
    """A machine of `cores` cores with the image in its RAM; text and data at their physical addresses, an instruction a cycle."""
    bus = Bus(description, cores, RAM_BYTES)
    text = image.text
    bus.ram[text.physical : text.physical + len(text.data)] = bytearray(text.data)
    start = Start(cr3=0, primary_pc=text.virtual, secondary_pc=text.virtual)
    machine = Machine(bus, for_search(build_text(image, None)), start, Options(interpret=interpret))
    machine.cores["status"] = rec.RUNNING
    return machine
