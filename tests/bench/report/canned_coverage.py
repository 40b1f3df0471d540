"""Branches of a guest that is not there, and which ways they went."""

from emu.observe.branches import GuestBranch, Place


def branch(line: int, source: str, routine: str = "send", folder: str = "common", ways: tuple[str, ...] = ("taken", "not taken")):
    return GuestBranch(Place(f"kernel_snippets/{folder}/{routine}.S", line), routine, source, dict.fromkeys(ways, (0, 0)))


BRANCHES = [
    branch(3, "je .Lfull"),
    branch(7, "jne .Lbad"),
    branch(9, "jmp [table + rax*8]", ways=("to one", "to two")),
    branch(4, "js .Lbad", "receive", "wakeq"),
]
GONE = {BRANCHES[0].place: {"taken", "not taken"}, BRANCHES[1].place: {"not taken"}, BRANCHES[2].place: {"to two"}}
