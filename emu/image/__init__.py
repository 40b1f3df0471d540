"""What a guest is made of, whoever made it: bytes, symbols, types, annotations, lock words. An assembler fills an `Image`."""

from emu.image.image import LOCK_KINDS, PREEMPT_DEFAULT, Image, Mark, Routine, Segment
from emu.image.types import Field, Struct

__all__ = ["LOCK_KINDS", "PREEMPT_DEFAULT", "Field", "Image", "Mark", "Routine", "Segment", "Struct"]
