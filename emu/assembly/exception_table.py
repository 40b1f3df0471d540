"""The kernel's exception table, as its linker would make it: one entry for each `//@ fixup` annotation, sorted by address."""

from collections.abc import Mapping

from emu.assembly.globals import PHYSICAL_BASE, Global
from emu.errors import UserError
from emu.image import Struct

TABLE, COUNT, ENTRY, HANDLER = "__ex_table", "__ex_table_entries", "exception_table_entry", "ex_handler_default"


def with_exception_table(
    data: bytes, fixups: Mapping[int, int], structs: Mapping[str, Struct], placed: Mapping[str, Global], symbols: Mapping[str, int]
) -> bytes:
    """The globals' first contents with the table filled in, if there are globals for it; `UserError` if it is too small.

    Each entry holds the distances from its own fields to the instruction, to its fixup and to the handler, as Linux 4.8 has it.
    """
    if TABLE not in placed or COUNT not in placed:
        return data
    table, fields = placed[TABLE], structs[ENTRY].fields
    size = structs[ENTRY].size * len(fixups)
    if size > table.size:
        raise UserError(f"{table.where}: size must be at least {size:#x} for {len(fixups)} fixups, not {table.size:#x}")
    image = bytearray(data)
    for index, (instruction, fixup) in enumerate(sorted(fixups.items())):
        for name, target in (("insn", instruction), ("fixup", fixup), ("handler", symbols.get(HANDLER, 0))):
            offset = index * structs[ENTRY].size + fields[name].offset
            distance = target - (table.virtual + offset) if target else 0
            at = table.physical - PHYSICAL_BASE + offset
            image[at : at + 4] = distance.to_bytes(4, "little", signed=True)
    at = placed[COUNT].physical - PHYSICAL_BASE
    image[at : at + 8] = len(fixups).to_bytes(8, "little")
    return bytes(image)
