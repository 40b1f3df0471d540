"""A moment of a running machine, in memory: all that it is but its RAM, to go back to as often as one wants.

Unlike a snapshot it belongs to the engines that the cores have, which keep their translations. RAM is its user's affair, who
knows best what of it has changed; `forget_code` is to be told of the frames that are put back.
"""

import ctypes
from collections.abc import Iterable

from emu.boot.device_state import get_state, put_state
from emu.boot.loader.memory_map import HOLE_END
from emu.boot.machine import Machine
from emu.boot.session import Session

KEPT = ("flush", "stale_count")  # fields of a core's record that are of its engine, not of the machine's state


class Moment:
    """What a session's machine is now."""

    def __init__(self, session: Session) -> None:
        """Keep it."""
        machine = session.machine
        self._session, self.instructions = session, machine.instructions()
        self._cores = [(ctypes.string_at(core.cpu.env, core.cpu.context_bytes), core.tlb.copy()) for core in machine.cores]
        self._msrs = [dict(core.msrs.values) for core in machine.cores]
        self._records, self._machine = machine.records.copy(), machine.record.copy()
        self._board, self._console, self._user_at = get_state(machine.board), session.console.state(), session.user_at

    def put_back(self) -> None:
        """Make the machine what it was then; its RAM is so already."""
        machine = self._session.machine
        for core, (cpu, tlb), msrs in zip(machine.cores, self._cores, self._msrs, strict=True):
            core.put_cpu(cpu)
            core.tlb[:] = tlb
            core.msrs.values = dict(msrs)
        kept = {name: machine.records[name].copy() for name in KEPT}
        machine.records[:] = self._records
        for name, values in kept.items():
            machine.records[name] = values
        machine.records["code_page"] = -1
        for name in self._machine.dtype.names:
            machine.record[name] = self._machine[name]
        machine.writers[:] = 0
        machine.ended, machine.failure = None, None
        put_state(machine.board, self._board)
        self._session.console.put_state(self._console)
        self._session.user_at = self._user_at


def forget_code(machine: Machine, frames: Iterable[int]) -> None:
    """Frames of RAM, by their offset in it, are others than before: no core keeps translations of code that was there."""
    hole = HOLE_END - machine.ram.low_bytes
    for frame in frames:
        if machine.code_pages[frame]:
            at = frame << 12
            for core in machine.cores:
                core.forget_frame(at if at < machine.ram.low_bytes else at + hole)
