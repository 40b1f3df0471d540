"""A region in full detail: from where the machine stands to a mark, a bound or its end."""

from collections.abc import Callable

from emu.boot.console import Console
from emu.boot.core import Core
from emu.boot.ending import End, Ended
from emu.boot.full.gear import FullGear
from emu.boot.full.hot import records
from emu.boot.machine import Halted, Machine
from emu.boot.marks import M5_EXIT, M5_FAIL, M5OP_BYTES, Kind, Mark
from emu.boot.session import seen_end, settled
from emu.engine import env
from emu.engine import records as rec


class Region:
    """Runs a machine that a gear has taken over."""

    def __init__(self, machine: Machine, gear: FullGear, console: Console, until: Mark | None, max_cycles: int) -> None:
        """At its beginning, to run to a mark, or so far."""
        self.machine, self.gear, self.console, self._until = machine, gear, console, until
        console.text, console.text_seen = (until.text.encode() if until and until.kind == Kind.TEXT else None), False
        gear.machine.record["max_cycles"] = max_cycles
        self._exited: Ended | None = None
        self.ended: Ended | None = None

    def run(self, pause: Callable[[], bool]) -> Ended:
        """Run to its end; `pause` is asked now and then whether to stop. All accounts are brought up to one instant."""
        while self.ended is None:
            self.go_on(pause)
        self.console.flush()
        self.gear.machine.finish()
        self.gear.flush_trace(last=True)
        return settled(self.ended, self.console)

    def go_on(self, pause: Callable[[], bool]) -> None:
        """Run a slice, or until a debugger's stop; `ended` says if that was the end."""
        engine = self.gear.machine
        try:
            outcome = self.gear.run()
        except Halted:
            self.ended = Ended(End.STUCK)
            return
        if outcome == records.CALL:
            self._m5op(self.machine.cores[int(engine.record["outcome_core"][0])], self._until)
        elif outcome == rec.RUN_DONE:
            self.ended = self._why()
        elif pause():
            self.ended = Ended(End.STOPPED)
        elif outcome == rec.LIMIT:
            self.ended = Ended(End.LIMIT)

    def _m5op(self, core: Core, until: Mark | None) -> None:
        """An m5op of the guest: the end, a mark, or nothing; it retires like any instruction."""
        each = self.gear.machine.cores[core.index]
        code = self.machine.code(core, int(each["pc"]) & (2**64 - 1), M5OP_BYTES)
        function = int.from_bytes(code[2:], "little")
        if until is not None and until.kind == Kind.M5OP and until.number == function:
            self._end(Ended(End.MARK), int(each["clock"]))
        elif function == M5_EXIT:
            self._end(Ended(End.EXITED, 0), int(each["clock"]))
        elif function == M5_FAIL:
            self._end(Ended(End.EXITED, core.cpu.get64(env.RSI) & 0xFF), int(each["clock"]))
        self.gear.skip(core, M5OP_BYTES)

    def _end(self, ended: Ended, at: int) -> None:
        """Every core runs on to one instant that none has passed."""
        self._exited = self._exited or ended
        record = self.gear.machine.record
        record["end_at"] = min(int(record["end_at"][0]), at + int(record["run_ahead_max"][0]) + 1)

    def _why(self) -> Ended:
        return self._exited or seen_end(self.machine, self.console) or Ended(End.MARK)
