"""What a walk needs to know of the code in a trace, and the routines that a task is in."""

from collections.abc import Mapping, Sequence

from emu.trace.header import TraceHeader

SWITCHES = ("__switch_to", "__switch_to_asm")  # where the stack is changed: in the second since 4.9

_ENTERED, _CALLED, _RETURNED, _ON = range(4)

Inlined = Mapping[str, Sequence[str]]  # routine: by which callers; by all when there is none named


class Code:
    """The instructions of a trace, by address."""

    def __init__(self, header: TraceHeader, names: Mapping[str, str]) -> None:
        """A routine in `names` goes by the name there, one whose name a compiler has added to by its own."""
        symbols = {address: header.symbol_at(address)[0] for address in header.instructions}
        routines = {address: symbol.partition(".")[0] for address, symbol in symbols.items()}
        self.function = {address: names.get(routine, routine) for address, routine in routines.items()}
        self.entries = {address for address in symbols if header.symbol_at(address)[1] == 0}
        texts = header.instructions.items()
        self.calls, self.returns, self.interrupt_returns = header.calls, header.returns, header.interrupt_returns
        self.locked = {at for at, text in texts if text.startswith("lock ") or (text.startswith("xchg") and "[" in text)}
        self.switches = {at for at, text in texts if text.startswith("mov rsp, qword ptr [") and self.function[at] in SWITCHES}


class Chain:
    """The routines that a task is in, by calls and returns, and to which of them an inlined one's instructions go."""

    __slots__ = ("_called_at", "_charged", "_function", "_inlined", "_last", "_next")

    def __init__(self, inlined: Inlined) -> None:
        """In none yet."""
        self._inlined = inlined
        self._charged: list[str] = []
        self._called_at: list[int] = []  # of each, the address of the call that led to it; 0: none did
        self._function = ""
        self._last = 0  # address of the last instruction
        self._next = _ENTERED

    def charge(self, function: str, pc: int, code: Code) -> str:
        """The routine that the next instruction of the task is charged to."""
        self.enter(function)
        self.leave(pc, code)
        return self._charged[-1]

    def enter(self, function: str) -> None:
        """The task is in a routine, by what its last instruction was."""
        if self._next == _RETURNED:
            if self._charged:
                self._charged.pop()
                self._called_at.pop()
            if not self._charged:
                self._charged.append(function)  # what is below was there before the walk began
                self._called_at.append(0)
        elif self._next == _CALLED or not self._charged:
            self._called_at.append(self._last if self._charged else 0)
            self._charged.append(self._target(function, self._charged[-1] if self._charged else ""))
        elif function != self._function:  # a jump to another routine takes the place of the one that jumps
            self._charged[-1] = self._target(function, self._charged[-1])
        self._function = function
        self._next = _ON

    def leave(self, pc: int, code: Code) -> None:
        """An instruction of that routine is done."""
        self._last = pc
        self._next = _CALLED if pc in code.calls else _RETURNED if pc in code.returns else _ON

    @property
    def routines(self) -> tuple[str, ...]:
        """Those that it is in now, the outermost first."""
        return tuple(self._charged)

    @property
    def called_at(self) -> tuple[int, ...]:
        """The address of the call that led to each of them; 0: none did."""
        return tuple(self._called_at)

    def _target(self, function: str, caller: str) -> str:
        callers = self._inlined.get(function)
        return caller if callers is not None and caller and (not callers or caller in callers) else function
