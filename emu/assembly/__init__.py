"""Keystone, the struct table, static objects, variants: from guest sources to an `Image` with symbols."""

from emu.assembly.assembler import assemble, assemble_variant
from emu.assembly.globals import Global, load_globals
from emu.assembly.structs import load_structs
from emu.assembly.variants import Variant, differing_files, get_variant, variant_digest, variants
from emu.sources import guest_folder

__all__ = [
    "Global", "Variant", "assemble", "assemble_variant",
    "differing_files", "get_variant", "guest_folder", "load_globals", "load_structs", "variant_digest", "variants",
]  # fmt: skip
