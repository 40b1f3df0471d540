"""Addresses of the guest in words: routine and offset, file and line, and the calls that a kernel stack goes back to."""

from dataclasses import dataclass
from pathlib import Path

from emu.guest.tasks import STACK_BYTES
from emu.native import MASK64
from emu.run.stuck.facts import Call
from emu.run.wiring import Wired
from emu.sources import FIRMWARE, guest_folder

CALL_BYTES = range(2, 9)


def place(wired: Wired, address: int) -> str:
    """Routine and offset of a virtual address, or the bare number."""
    found = wired.image.symbol_at(address & MASK64)
    return f"{address & MASK64:#x}" if found is None else f"{found[0]}+{found[1]:#x}"


def source(wired: Wired, address: int) -> str:
    """File and line of an instruction, in the guest's folders from there on; empty if there is none."""
    path, line = wired.image.lines.get(address & MASK64, ("", 0))
    return f"{_short(path)}:{line}" if path else ""


def call_at(wired: Wired, address: int) -> Call:
    """An instruction as a place in the code."""
    path, _ = wired.image.lines.get(address & MASK64, ("", 0))
    routine = wired.image.routine_at(address & MASK64)
    return Call(
        routine.name if routine is not None else f"{address & MASK64:#x}",
        place(wired, address),
        source(wired, address),
        guest_folder(FIRMWARE) in Path(path).parents,
    )


def task_name(wired: Wired, index: int) -> str:
    """Name of a task by index."""
    return wired.guest.tasks[index].plan.name if index >= 0 else "idle"


@dataclass(frozen=True, slots=True)
class Frame:
    """One routine's part of a kernel stack, by physical addresses, and where the routine stands."""

    pc: int  # of the call that has not returned, or of the instruction that comes next
    begin: int
    end: int


def stack_frames(wired: Wired, stack: int, depth: int, pc: int) -> list[Frame]:
    """The frames of a kernel stack that is in use from `depth` on, innermost first; `pc` is where the innermost stands.

    A word that looks like a return address, but of a call that does not lead to the frame inside it, is left from earlier:
    frames have gaps. From an interrupt's entry nobody knows where it came from.
    """
    frames, begin = [], stack + depth
    for physical in range(stack + depth, stack + STACK_BYTES, 8):
        call = _call_before(wired, wired.guest.kernel.ram.get(physical))
        if call is not None and _leads_to(wired, call, pc):
            frames.append(Frame(pc, begin, physical))
            pc, begin = call, physical + 8
    return [*frames, Frame(pc, begin, stack + STACK_BYTES)]


def _call_before(wired: Wired, address: int) -> int | None:
    """The call instruction that returns to an address."""
    for size in CALL_BYTES:
        before = wired.text.decoded.get(address - size)
        if before is not None and before.next == address and before.mnemonic == "call" and wired.image.routine_at(address - 1):
            return address - size
    return None


def _leads_to(wired: Wired, call: int, inner: int) -> bool:
    target, routine = wired.text.decoded[call].target, wired.image.routine_at(inner & MASK64)
    if target is None or routine is None or routine.state == "interrupt":
        return True
    entered = wired.image.routine_at(target)
    return entered is not None and (entered == routine or routine.address in _jumps(wired, entered.address, entered.size))


def _jumps(wired: Wired, address: int, size: int) -> set[int]:
    """Where the direct jumps of a routine go: a call at its end is one."""
    inside = (wired.text.decoded.get(at) for at in range(address, address + size))
    return {each.target for each in inside if each is not None and each.mnemonic == "jmp" and each.target is not None}


def _short(path: str) -> str:
    root = guest_folder(FIRMWARE).parent
    return str(Path(path).relative_to(root)) if root in Path(path).parents else path
