"""What devices do at a time: interrupts on their way to a core, and timers; in cycles of the cores.

A message reaches a core an `ipi_flight` after it was sent, so that no core that has run ahead a little can be too late for it.
"""

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from emu.boot.board import Board
from emu.boot.devices.interrupt_message import Delivery, Message
from emu.boot.devices.local_apic import LocalApic
from emu.native import NEVER

NMI = 2


@dataclass(order=True, slots=True)
class Flight:
    """A message on its way."""

    arrives: int
    number: int
    deliver: Callable[[], None] = field(compare=False)


class Agenda:
    """The events of a board, whose clock has `megahertz` cycles in a thousand ticks and stood at `base` at cycle 0."""

    def __init__(self, board: Board, base: int, megahertz: int, flight_cycles: int) -> None:
        """Nothing is on its way."""
        self._board, self._base, self._megahertz, self._flight = board, base, megahertz, flight_cycles
        self._flights: list[Flight] = []
        self._sent = 0
        self.ipis = Counter[int]()  # by vector

    def ticks(self, cycle: int) -> int:
        """The devices' clock at a cycle."""
        return self._base + cycle * 1000 // self._megahertz

    def cycle(self, ticks: int) -> int:
        """The first cycle at which the devices' clock has come so far."""
        return max(0, -(-(ticks - self._base) * self._megahertz // 1000))

    def send(self, now: int, origin: LocalApic | None, target: LocalApic, message: Message, deliver: Callable[[], None]) -> None:
        """A message leaves; one to the core that sends it arrives at once."""
        if origin is not None:
            self.ipis[NMI if message.delivery == Delivery.NMI else message.vector] += 1
        self._sent += 1
        arrives = now if origin is target else now + self._flight
        heapq.heappush(self._flights, Flight(arrives, self._sent, deliver))

    def next(self) -> int:
        """The cycle of the next event."""
        flight = self._flights[0].arrives if self._flights else NEVER
        deadline = self._board.deadline()
        return min(flight, self.cycle(deadline) if deadline < NEVER else NEVER)

    def happen(self, cycle: int) -> None:
        """Everything that is due."""
        while self._flights and self._flights[0].arrives <= cycle:
            heapq.heappop(self._flights).deliver()
        self._board.tick(self.ticks(cycle))
