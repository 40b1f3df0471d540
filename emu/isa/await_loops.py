"""Loops that wait: they read a word again and again, and store nothing, until another core has changed it.

So a program shows which words are synchronisation, whatever they are called (Jannesari and Tichy 2010, "Identifying ad-hoc
synchronization for enhanced race detection"). A list that is walked is none: the address changes from round to round.
"""

from collections.abc import Mapping, Sequence

from emu.isa.instruction import Branch, Instruction, Memory

LEAVES = (Branch.CALL, Branch.INDIRECT_CALL, Branch.RETURN, Branch.INDIRECT_JUMP)


def await_loads(decoded: Mapping[int, Instruction]) -> set[int]:
    """Addresses of the instructions by which such loops read: loads, and locked instructions that try again."""
    found: set[int] = set()
    for jump in decoded.values():
        if jump.branch in (Branch.CONDITIONAL, Branch.JUMP) and jump.target is not None and jump.target <= jump.address:
            found |= _awaited(_body(decoded, jump.target, jump.address))
    return found


def _body(decoded: Mapping[int, Instruction], first: int, last: int) -> list[Instruction]:
    """The instructions of a loop in their order; none if it does more than wait."""
    body, at = [], first
    while at <= last:
        each = decoded.get(at)
        if each is None or each.branch in LEAVES or (each.memory & Memory.STORE and not each.locked):
            return []
        body.append(each)
        at = each.next
    return body


def _awaited(body: Sequence[Instruction]) -> set[int]:
    """The loads whose address is the same in each round."""
    written = {register for each in body for register in each.writes}
    return {each.address for each in body if each.memory & Memory.LOAD and not each.address_registers & written}
