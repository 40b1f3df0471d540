"""Which lines cores take from each other: who touches which part of them from where, and what that cost. A census, not samples.

A transfer belongs to the access that asked for the line. It is under the locks that its core has by then: from an acquisition to
the release that others can see. What only one core touches of a line that moves is shared falsely.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emu.export.records import checked_chunks
from emu.export.walk import Progress
from emu.trace.file import Records, TraceFile
from emu.trace.record import Access, Kind, Transfer
from emu.units import LINE_BYTES, line_of

_TRANSFER, _ACQUIRED, _RELEASED = int(Kind.LINE_TRANSFER), int(Kind.LOCK_ACQUIRED), int(Kind.LOCK_RELEASED)
_COLUMNS = ("kind", "core", "detail", "address", "size", "pc", "value")
_STORES = (int(Access.STORE), int(Access.READ_MODIFY_WRITE))


class User(NamedTuple):
    """What touches a line: bytes from an offset on, an instruction's address, a core."""

    offset: int
    size: int
    pc: int
    core: int


class Move(NamedTuple):
    """A kind of transfer, for a user, under locks (numbers, in the order in which they were taken)."""

    user: User
    kind: Transfer
    locks: tuple[int, ...]


@dataclass(slots=True)
class LineUse:
    """One line: accesses that load and that store by user, and transfers with the cycles until the line was there."""

    address: int
    loads: Counter[User] = field(default_factory=Counter)
    stores: Counter[User] = field(default_factory=Counter)
    moves: Counter[Move] = field(default_factory=Counter)
    cycles: Counter[Move] = field(default_factory=Counter)

    @property
    def transfers(self) -> int:
        """All of them."""
        return sum(self.moves.values())

    @property
    def lost(self) -> int:
        """Cycles of all transfers."""
        return sum(self.cycles.values())

    def bytes_of_one_core(self) -> dict[int, int]:
        """The core, by byte, of those bytes that only one touches."""
        cores: dict[int, set[int]] = {}
        for user in {*self.loads, *self.stores}:
            for byte in range(user.offset, min(user.offset + user.size, LINE_BYTES)):
                cores.setdefault(byte, set()).add(user.core)
        return {byte: next(iter(found)) for byte, found in cores.items() if len(found) == 1}

    @property
    def false(self) -> int:
        """Transfers for what only one core touches: with a line of its own it would never have had to ask."""
        alone = self.bytes_of_one_core()
        return sum(count for move, count in self.moves.items() if _within(move.user, alone))


def _within(user: User, alone: dict[int, int]) -> bool:
    return user.size > 0 and all(byte in alone for byte in range(user.offset, min(user.offset + user.size, LINE_BYTES)))


class LineCensus:
    """Takes the census of a trace."""

    def __init__(self, trace: TraceFile) -> None:
        """Nothing is read yet."""
        self._trace = trace
        self._lines: dict[int, LineUse] = {}
        self._held: list[list[int]] = [[] for _ in range(trace.header.cores)]

    def read(self, progress: Progress) -> list[LineUse]:
        """Lines that moved between cores, or had other copies taken away, those with most transfers first."""
        whole, done = self._trace.record_count, 0
        for chunk in checked_chunks(self._trace):
            moved = chunk[_moves(chunk)]
            for address in np.unique(_lines(moved)).tolist():
                self._lines.setdefault(address, LineUse(address))
            done += len(chunk)
            progress(done // 2, whole)
        lines, done = np.array(sorted(self._lines), np.uint64), 0
        for chunk in self._trace.chunks():
            self._use(chunk[chunk["access"] != 0], lines)
            self._move(chunk)
            done += len(chunk)
            progress((whole + done) // 2, whole)
        return sorted(self._lines.values(), key=lambda line: (-line.transfers, line.address))

    def _use(self, accesses: Records, lines: NDArray[np.uint64]) -> None:
        """Count accesses to the lines that are looked at; one that reaches into the next line is not followed there."""
        chosen = np.isin(_lines(accesses), lines)
        keys = np.zeros(int(chosen.sum()), [("address", "u8"), ("pc", "u8"), ("core", "u1"), ("size", "u1"), ("access", "u1")])
        for name in keys.dtype.names or ():
            keys[name] = accesses[name][chosen]
        distinct, counts = np.unique(keys, return_counts=True)
        for (address, pc, core, size, access), count in zip(distinct.tolist(), counts.tolist(), strict=True):
            use = self._lines[line_of(address)]
            user = User(address % LINE_BYTES, size, pc, core)
            if access != Access.STORE:
                use.loads[user] += count
            if access in _STORES:
                use.stores[user] += count

    def _move(self, chunk: Records) -> None:
        """Count transfers, under the locks that are taken and released in between."""
        wanted = chunk[_moves(chunk) | np.isin(chunk["kind"], (_ACQUIRED, _RELEASED))]
        for kind, core, detail, address, size, pc, value in zip(*(wanted[name].tolist() for name in _COLUMNS), strict=True):
            held = self._held[core]
            match kind:
                case Kind.LOCK_ACQUIRED:
                    held.append(detail)
                case Kind.LOCK_RELEASED:
                    if detail in held:
                        held.remove(detail)
                case _:
                    use = self._lines[line_of(address)]
                    move = Move(User(address - use.address, size, pc, core), Transfer(detail), tuple(held))
                    use.moves[move] += 1
                    use.cycles[move] += value


def _lines(records: Records) -> NDArray[np.uint64]:
    lines: NDArray[np.uint64] = records["address"] // np.uint64(LINE_BYTES) * np.uint64(LINE_BYTES)
    return lines


def _moves(records: Records) -> NDArray[np.bool_]:
    chosen: NDArray[np.bool_] = (records["kind"] == _TRANSFER) & (records["detail"] != int(Transfer.MEMORY_READ))
    return chosen
