"""What a guest is made of, whoever made it: bytes, symbols, types, annotations, lock words. An assembler fills an `Image`."""

from emu.image.image import EMPTY_IMAGE, LOCK_KINDS, PREEMPT_DEFAULT, Image, Mark, Routine, Segment
from emu.image.types import Field, Struct

__all__ = ["EMPTY_IMAGE", "LOCK_KINDS", "PREEMPT_DEFAULT", "Field", "Image", "Mark", "Routine", "Segment", "Struct"]
