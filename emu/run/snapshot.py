"""A wired machine's state at one instant, to be gone back to: so that many scripts can share one boot.

What is copied is all that a run changes: the used part of RAM and of the arrays of its lines, caches, buffers, counters,
and the registers of the cores. Unicorn keeps its translations, which change nothing that a guest sees.
"""

import numpy as np

from emu.run.wiring import Wired
from emu.units import LINE_BYTES


class Snapshot:
    """The state of a machine when this was made. `restore` may be called any number of times."""

    def __init__(self, wired: Wired) -> None:
        """Copy the state; the machine must not be inside a slice."""
        machine, bus = wired.machine, wired.bus
        used, lines = -(-wired.guest.kernel.ram.used // LINE_BYTES), len(bus.ram) // LINE_BYTES
        live = [bus.ram[: used * LINE_BYTES], bus.record, *machine.state()]
        for name, array in bus.arrays.items():
            by_line = name.startswith("line_")  # so many elements for each line of RAM
            live.append(array[: len(array) // lines * used] if by_line else array)
        self._live: list[tuple[np.ndarray, np.ndarray]] = [(array, array.copy()) for array in live]
        self._registers = [(core, core.save()) for core in machine.unicorns]

    def restore(self) -> None:
        """Put everything back."""
        for array, copy in self._live:
            np.copyto(array, copy)
        for core, context in self._registers:
            core.restore(context)
