"""The control-flow graph of one routine, and whether there is a way round from an instruction to itself."""

from collections.abc import Collection, Iterable, Mapping

from emu.image import Image, Routine
from emu.isa.instruction import Branch, Instruction

ENDS = frozenset(("ud2", "hlt", "iretq", "sysret", "sysretq"))


def routine_body(image: Image, decoded: Mapping[int, Instruction], name: str) -> dict[int, Instruction]:
    """Instructions of a routine by address; `KeyError` if the image has no such routine."""
    routine: Routine = next(each for each in image.routines if each.name == name)
    end = routine.address + routine.size
    return {address: each for address, each in decoded.items() if routine.address <= address < end}


def successors(body: Mapping[int, Instruction], each: Instruction) -> Iterable[int]:
    """Addresses inside the routine that may follow an instruction; a call comes back behind itself."""
    if each.branch in (Branch.CONDITIONAL, Branch.JUMP) and each.target in body:
        yield each.target or 0
    jumps = (Branch.JUMP, Branch.RETURN)
    if each.branch == Branch.INDIRECT_JUMP:  # a jump table: it may go to anything behind it
        yield from (address for address in body if address > each.address)
    elif each.branch not in jumps and each.mnemonic not in ENDS and each.next in body:
        yield each.next


def cycle_without(
    image: Image, decoded: Mapping[int, Instruction], routine: str, starts: Collection[int], barriers: Collection[str]
) -> list[int]:
    """A way from one of `starts` to one of them again that calls none of `barriers`; empty if there is none.

    `starts` are instruction addresses in the routine, `barriers` names of routines.
    """
    body = routine_body(image, decoded, routine)
    blocked = {image.symbols[name] for name in barriers if name in image.symbols}
    for start in starts:
        came_from: dict[int, int] = {}
        pending = [start]
        while pending:
            here = body[pending.pop()]
            if here.branch in (Branch.CALL, Branch.JUMP) and here.target in blocked:
                continue
            for there in successors(body, here):
                if there in starts:
                    way = [there, here.address]
                    while way[-1] != start:
                        way.append(came_from[way[-1]])
                    return way[::-1]
                if there not in came_from and there != start:
                    came_from[there] = here.address
                    pending.append(there)
    return []
