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
        used = -(-wired.guest.kernel.ram.used // LINE_BYTES)
        live = [*wired.bus.state_of_lines(used), *wired.machine.state()]
        self._live: list[tuple[np.ndarray, np.ndarray]] = [(array, array.copy()) for array in live]
        self._registers = [(core, core.save()) for core in wired.machine.unicorns]

    def restore(self) -> None:
        """Put everything back."""
        for array, copy in self._live:
            np.copyto(array, copy)
        for core, context in self._registers:
            core.restore(context)
