"""One hand-off cut out of a trace: from the sender's entry into msgsnd to the receiver's return to its program."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emu.engine.trace_record import Kind, State
from emu.errors import UserError
from emu.observe.trace_file import Records, TraceFile
from emu.observe.trace_header import TraceHeader

ENTRY_SYMBOLS = ("sys_msgsnd", "do_msgsnd")
WAKEUP_MARK = "wakeup"
_USER, _INSTRUCTION, _MARK = int(State.USER), int(Kind.INSTRUCTION), int(Kind.MARK)


@dataclass(frozen=True, slots=True)
class HandOff:
    """Where a hand-off lies in its trace; `first`, `last` and `sender_last` count records from the trace's beginning."""

    number: int
    sender: int
    receiver: int
    sender_core: int
    first: int
    sender_last: int  # the sender is back in its program; what it does next is another story
    last: int

    def mask(self, chunk: Records, first: int) -> NDArray[np.bool_]:
        """Which records of a chunk, whose first is the trace's record `first`, belong to it."""
        index = np.arange(first, first + len(chunk))
        task, core = chunk["task"], chunk["core"]
        sender = (task == self.sender) & (index <= self.sender_last)
        receiver = task == self.receiver
        idle = (task < 0) & (core == self._receiver_core(chunk, index))
        mask: NDArray[np.bool_] = (index >= self.first) & (index <= self.last) & (sender | receiver | idle)
        return mask

    def _receiver_core(self, chunk: Records, index: NDArray[np.int64]) -> int:
        return self.receiver_core

    receiver_core: int = -1

    def role(self, task: int) -> str:
        """Sender, receiver or idle."""
        return {self.sender: "sender", self.receiver: "receiver"}.get(task, "idle")
