"""A machine from where it stands to a mark, a bound or its end: what stops it, and what that means."""

from collections.abc import Callable

from emu.boot.console import Console
from emu.boot.core import Core
from emu.boot.ending import End, Ended
from emu.boot.hot import records
from emu.boot.machine import Halted, Machine
from emu.boot.marks import M5_EXIT, M5_FAIL, M5OP_BYTES, Kind, Mark
from emu.engine import env

FOREVER = 2**61


class Session:
    """Runs a machine. The same machine may be run on after a mark."""

    def __init__(self, machine: Machine, console: Console, address_of: Callable[[str], int]) -> None:
        """Neither has begun, or both come from a snapshot. `address_of` knows the kernel's symbols."""
        self.machine, self.console = machine, console
        self._address_of = address_of
        self._marked: set[int] = set()
        self.user_at: int | None = None  # instructions retired before the first one in ring 3
        self.on_user: Callable[[], None] = lambda: None  # told then, before that instruction
        self._until: Mark | None = None

    def run(self, until: Mark | None, max_instructions: int | None, pause: Callable[[], bool]) -> Ended:
        """Run; `pause` is asked now and then whether to stop."""
        if until is not None and until.kind == Kind.USER and self.user_at is not None:
            return Ended(End.MARK)
        self.wait_for(until)
        return self.go_on(max_instructions, pause)

    def wait_for(self, until: Mark | None) -> None:
        """A mark ends the run from here on; executions of a symbol count from now."""
        self._until = until
        if until is not None and until.kind == Kind.SYMBOL:
            self._watch_symbol(until)
        text = until.text.encode() if until is not None and until.kind == Kind.TEXT else None
        self.console.text, self.console.text_seen = text, False

    def go_on(self, max_instructions: int | None, pause: Callable[[], bool]) -> Ended:
        """Run to the mark that is waited for already, wherever the machine was stopped before it."""
        machine, console, until = self.machine, self.console, self._until
        limit = max_instructions or FOREVER
        if until is not None and until.kind == Kind.INSTRUCTIONS:
            limit = min(limit, until.number)
        while True:
            left = limit - machine.instructions()
            if left <= 0:
                reached = until is not None and until.kind == Kind.INSTRUCTIONS and machine.instructions() >= until.number
                return Ended(End.MARK if reached else End.LIMIT)
            try:
                stop = machine.run(int(machine.record["now"]) + left)
            except Halted:
                return self._settle(Ended(End.STUCK))
            if ended := self._after(stop, until):
                return self._settle(ended)
            if pause():
                console.flush()
                return Ended(End.STOPPED)

    def forget_marks(self) -> None:
        """The cores have new engines, which have no hooks of marks."""
        self._marked.clear()

    def _watch_symbol(self, mark: Mark) -> None:
        """From here on executions of a symbol count."""
        address = self._address_of(mark.text)
        if address not in self._marked:
            self._marked.add(address)
            for core in self.machine.cores:
                core.cpu.hook_mark(address)
        self.machine.record["mark_left"] = mark.number

    def _after(self, stop: int, until: Mark | None) -> Ended | None:
        """What a stop means; none if the run goes on."""
        machine, console = self.machine, self.console
        if stop & records.STOP_USER:
            machine.record["user_seen"] = 1
            self.user_at = machine.instructions()
            self.on_user()
            if until is not None and until.kind == Kind.USER:
                return Ended(End.MARK)
        if stop & records.STOP_CALL and (ended := self._m5op(machine.cores[machine.record["turn"]], until)):
            return ended
        if stop & records.STOP_MARK:
            return Ended(End.MARK)
        return seen_end(machine, console)

    def _settle(self, ended: Ended) -> Ended:
        self.console.flush()
        return settled(ended, self.console)

    def _m5op(self, core: Core, until: Mark | None) -> Ended | None:
        """An m5op of the guest: the end, a mark, or nothing; it retires like any instruction."""
        cpu = core.cpu
        function = int.from_bytes(self.machine.code(core, cpu.get64(env.EIP), M5OP_BYTES)[2:], "little")
        status = cpu.get64(env.RSI) & 0xFF
        self.machine.skip(core, M5OP_BYTES)
        if until is not None and until.kind == Kind.M5OP and until.number == function:
            return Ended(End.MARK)
        if function == M5_EXIT:
            return Ended(End.EXITED, 0)
        return Ended(End.EXITED, status) if function == M5_FAIL else None


def seen_end(machine: Machine, console: Console) -> Ended | None:
    """How the machine or its console says that the run is over; none if neither does."""
    if machine.ended is not None:
        return Ended(End(machine.ended))
    if console.text_seen:
        return Ended(End.MARK)
    if console.panic_over:
        return Ended(End.PANIC, console.exit_status())
    if console.oops_over:
        return Ended(End.OOPS)
    return Ended(End.HALTED) if console.halted else None


def settled(ended: Ended, console: Console) -> Ended:
    """A reset that a panic has led to is that panic."""
    if ended.how in (End.RESET, End.STUCK, End.TRIPLE_FAULT) and console.panic:
        return Ended(End.PANIC, console.exit_status())
    return ended
