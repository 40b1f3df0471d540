"""What each hold of a lock was for: the system call that it was in, and what came of it, by the rules of `emu path`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from emu.export.calls import CallWalk, Core, Happening, Task
from emu.subjects.ipc_msg.path import lengths
from emu.subjects.ipc_msg.path.reference import correspondence
from emu.subjects.kernel import call_lengths
from emu.subjects.kernel.call_table import every_name
from emu.subjects.kernel.roles import is_lock_code
from emu.subjects.path.code import Chain
from emu.subjects.path.sections import SLEEP, Outcome, Sections
from emu.subjects.path.walk import IDLE, LOCK_WORD_BYTES, OTHER_CALL, SYSTEM_CALLS, Rules
from emu.trace.file import Records, TraceFile
from emu.trace.header import TraceHeader
from emu.trace.record import Access, Kind

# Routines that take a lock for who calls them, beside those of roles.toml, where these are known by their section.
LOCK_ROUTINES = ("_raw_spin_", "__raw_spin_", "_raw_read_", "_raw_write_", "rt_spin_lock")
INTERRUPT = "interrupt"
_STORES = (int(Access.STORE), int(Access.READ_MODIFY_WRITE))


class Did(NamedTuple):
    """What a hold was for: the system call (or `interrupt`, `idle`), and what came of it."""

    call: str
    outcome: Outcome


@dataclass(slots=True, eq=False)
class Held:
    """A hold that is followed."""

    lock: int  # its number in the trace
    call: str
    episode: Chain
    outcome: Outcome = Outcome.GOES_ON
    woken_by: str = ""

    @property
    def did(self) -> Did:
        """What it was for, as far as that is known."""
        return Did(self.call, self.outcome)


def rules_of(header: TraceHeader) -> Rules | None:
    """What to look for in a trace of the message path, or of a real kernel with symbols; None: nobody knows of this one."""
    known = {symbol.name for symbol in header.symbols}
    if SYSTEM_CALLS in header.marks:
        return call_lengths.rules(every_name()) if len(known) > 1 else None
    return lengths.rules(correspondence()) if known.intersection(lengths.CALL_ROUTINES) else None


class SectionWalk(CallWalk):
    """Follows what is done under the locks; whoever is derived from it says what is an event of theirs."""

    def __init__(self, trace: TraceFile, kinds: Iterable[Kind], rules: Rules | None = None) -> None:
        """Nothing is read yet. The rules are those for the trace's guest, if no others are given."""
        super().__init__(trace, (*kinds, Kind.MARK))
        self._rules = rules or rules_of(trace.header) or Rules(holds_of=lambda lock: False)
        self._followed = {number: lock.address for number, lock in enumerate(trace.header.locks) if self._rules.holds_of(lock.name)}
        self._bytes = np.array(
            sorted({word + byte for word in self._followed.values() for byte in range(LOCK_WORD_BYTES)}), np.uint64
        )
        self._sections = Sections[Held](trace.header.cores)
        self._calling: dict[int, str] = {}  # by task: what its next stay in the kernel is
        self._stays: dict[int, tuple[Chain, str]] = {}  # by task: the last one whose call is known

    def alone(self, own: Records) -> NDArray[np.bool_]:
        """Stores to the words of locks."""
        chosen: NDArray[np.bool_] = (own["kind"] == int(Kind.INSTRUCTION)) & np.isin(own["access"], _STORES)
        chosen[chosen] = np.isin(own["address"][chosen], self._bytes)
        return chosen

    def freed(self, section: Held, cycle: int) -> None:
        """The core of a hold lets go of its lock: by a store, or at the latest when others see that it is free."""

    def place(self, core: Core, pc: int) -> int:
        """Where a lock is taken: out of the routines of locks, to the call of the outermost of them."""
        place = pc
        if core.task is None:
            return place
        innermost = core.task.chains()[-1]
        for routine, called_at in zip(reversed(innermost.routines), reversed(innermost.called_at), strict=True):
            if not called_at or not (routine.startswith(LOCK_ROUTINES) or is_lock_code(routine)):
                break
            place = called_at
        return place

    def reach(self, core: Core, pc: int, cycle: int, address: int | None) -> None:
        """A routine of a call, one that wakes or sleeps, or the store that frees a lock."""
        task = core.task
        if task is None or not (task.in_kernel or task.interrupts):
            return
        function = self._function(pc)
        if not task.interrupts:
            self._stay(task, function, pc)
        if function in self._rules.wakes:
            self._sections.wake(self._under(core, task), function)
        if address is not None:
            for held in self._under(core, task):
                if 0 <= address - self._followed[held.lock] < LOCK_WORD_BYTES:
                    self._free(core, task, held, cycle)

    def _stay(self, task: Task, function: str, pc: int) -> None:
        if task.number in self._calling:
            self._stays[task.number] = task.kernel, self._calling.pop(task.number)
        if function in self._rules.calls:
            self._stays[task.number] = task.kernel, self._rules.calls[function]
        elif function == SLEEP and pc in self._code.entries:
            self._sections.sleep(task.number, task.kernel)

    def section(self, core: Core, happening: Happening) -> Held | None:
        """The hold that begins with an event, if it is one that is followed."""
        task = core.task
        if task is None:
            return None
        if happening.kind == Kind.MARK:
            self._mark(core, task, happening)
        elif happening.kind == Kind.LOCK_ACQUIRED and happening.detail in self._followed:
            held = Held(happening.detail, self._call(task), task.chains()[-1])
            self._sections.take(core.index, held)
            return held
        elif happening.kind == Kind.LOCK_RELEASED:
            for held in self._sections.held(core.index):
                if held.lock == happening.detail:  # its store was none of an instruction's own
                    self._free(core, task, held, happening.cycle)
        return None

    def _free(self, core: Core, task: Task, held: Held, cycle: int) -> None:
        self._sections.free(core.index, task.number, task.kernel, held)
        self.freed(held, cycle)

    def _mark(self, core: Core, task: Task, happening: Happening) -> None:
        name = self._header.mark_name(happening.detail)
        if name == SYSTEM_CALLS:
            self._calling[task.number] = self._rules.numbers.get(happening.value, OTHER_CALL)
        elif name in self._rules.wakes:
            self._sections.wake(self._under(core, task), name)

    def _call(self, task: Task) -> str:
        if task.interrupts:
            return INTERRUPT
        if task.number < 0:
            return IDLE
        stay, call = self._stays.get(task.number, (None, OTHER_CALL))
        return call if stay is task.kernel else OTHER_CALL

    def _under(self, core: Core, task: Task) -> list[Held]:
        """What an instruction is under: the locks of its core, without what an interrupt has interrupted."""
        return self._sections.held(core.index, (task.kernel, *task.interrupts[:-1]) if task.interrupts else ())
