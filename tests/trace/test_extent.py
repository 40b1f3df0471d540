"""What happens while a routine runs: calls, returns, jumps, interrupts, and locks let go by stores that drain late."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from emu.trace.extent import Extents
from emu.trace.header import LockName, Symbol, TaskName, TraceHeader
from emu.trace.record import TRACE_DTYPE, Access, Kind

KERNEL, PROGRAM = 0xFFFFFFFF80100000, 0x400000
PLACES = {"entry": KERNEL, "outer": KERNEL + 0x100, "inner": KERNEL + 0x200, "tail": KERNEL + 0x300, "handler": KERNEL + 0x400}
LOCK, OTHER = 0x600000, 0x600040
HEADER = TraceHeader(
    variant="v",
    machine="m",
    cores=2,
    arguments="run",
    symbols=(*(Symbol(name, at, 0x100) for name, at in PLACES.items()), Symbol("program", PROGRAM, 0x100)),
    instructions={
        at + offset: text
        for at in (*PLACES.values(), PROGRAM)
        for offset, text in enumerate(("nop", "call 0xffffffff80100200", "ret", "iretq", "mov byte ptr [rdi], 0"))
    },
    locks=(LockName("q", LOCK, "one"), LockName("q", OTHER, "other")),
    tasks=(TaskName("a", 1), TaskName("b", 2)),
)
NOP, CALL, RET, IRET, STORE = range(5)


@dataclass
class Story:
    """Records, and for each mark what is expected of it."""

    rows: list[tuple[int, ...]] = field(default_factory=list)
    expected: list[bool] = field(default_factory=list)

    def run(self, where: str, *what: int, task: int = 0, core: int = 0, lock: int = LOCK) -> "Story":
        """Instructions of a routine."""
        for each in what:
            pc = (PROGRAM if where == "program" else PLACES[where]) + each
            access, address = (Access.STORE, lock) if each == STORE else (Access.NONE, 0)
            self.rows.append((0, pc, address, 0, 1, 0, task, core, Kind.INSTRUCTION, 0, 0, access, 8))
        return self

    def event(self, kind: Kind, *, inside: bool, task: int = 0, core: int = 0, lock: int = LOCK) -> "Story":
        """An event whose address of code says nothing."""
        detail = 0 if lock == LOCK else 1
        self.rows.append((0, PLACES["entry"], lock, 0, 0, detail, task, core, kind, 0, 0, 0, 0))
        self.expected.append(inside)
        return self

    def mark(self, *, inside: bool, **where: int) -> "Story":
        return self.event(Kind.MARK, inside=inside, **where)

    def interrupt(self, task: int = 0) -> "Story":
        return self.event(Kind.INTERRUPT, inside=False, task=task)

    def released(self, *, inside: bool, **where: int) -> "Story":
        return self.event(Kind.LOCK_RELEASED, inside=inside, **where)


STORIES = {
    "from the entry to the return": (
        Story().run("program", NOP).mark(inside=False).run("entry", CALL).mark(inside=False).run("outer", NOP).mark(inside=True)
        .run("outer", CALL).run("inner", NOP).mark(inside=True).run("inner", RET).mark(inside=True).run("outer", RET)
        .mark(inside=False).run("entry", NOP).mark(inside=False)
    ),
    "into itself": (
        Story().run("entry", CALL).run("outer", CALL).run("outer", CALL).run("outer", RET).mark(inside=True).run("outer", RET)
        .mark(inside=True).run("outer", RET).mark(inside=False)
    ),
    "a jump in place of a call": (
        Story().run("entry", CALL).run("inner", NOP).mark(inside=False).run("outer", NOP).run("tail", NOP).mark(inside=True)
        .run("tail", RET).mark(inside=False)
    ),
    "an interrupt stands apart, whatever it calls": (
        Story().run("entry", CALL).run("outer", NOP).interrupt().run("handler", NOP).mark(inside=False).run("handler", CALL)
        .run("inner", RET).run("handler", IRET).mark(inside=True).run("outer", RET).mark(inside=False)
    ),
    "a routine that an interrupt calls": (
        Story().run("entry", CALL).run("inner", NOP).interrupt().run("handler", CALL).run("outer", NOP).mark(inside=True)
        .run("outer", RET).mark(inside=False).run("handler", IRET).mark(inside=False)
    ),
    "two tasks on one core, and one on two cores": (
        Story().run("entry", CALL).run("outer", NOP).run("entry", NOP, task=1).mark(inside=False, task=1).mark(inside=True)
        .run("entry", RET, RET, task=1).mark(inside=True, core=1).run("outer", RET, core=1).mark(inside=False, core=1)
    ),
    "the idle task of each core": (
        Story().run("entry", CALL, task=-1).run("outer", NOP, task=-1).mark(inside=True, task=-1)
        .mark(inside=False, task=-1, core=1)
    ),
    "back in the program the count begins anew": (
        Story().run("entry", CALL).run("outer", CALL).run("program", NOP).mark(inside=False).run("entry", CALL, NOP)
        .mark(inside=False)
    ),
    "a lock let go within, visible after": (
        Story().run("entry", CALL).run("outer", STORE, RET).run("program", NOP).mark(inside=False).released(inside=True)
        .run("entry", STORE).released(inside=False)
    ),
    "a lock let go after, visible within": (
        Story().run("entry", STORE, CALL).run("outer", NOP).mark(inside=True).released(inside=False)
    ),
    "two locks": (
        Story().run("entry", CALL).run("outer", STORE, RET).run("entry", STORE, lock=OTHER).released(inside=True)
        .released(inside=False, lock=OTHER)
    ),
    "another core's store to the word of the lock": (
        Story().run("entry", CALL).run("outer", STORE).run("inner", STORE, task=1, core=1).run("outer", RET)
        .released(inside=True)
    ),
}  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize("story", STORIES)
def test_which_events_are_within_a_routine(story, size):
    rows = np.array(STORIES[story].rows, TRACE_DTYPE)
    extents = Extents(HEADER, [(PLACES["outer"], PLACES["outer"] + 0x100)])
    chunks = [rows[start : start + size] for start in range(0, len(rows), size)]
    found = np.concatenate([extents.holds(chunk, chunk["kind"] != int(Kind.INSTRUCTION)) for chunk in chunks])
    assert found[rows["kind"] != int(Kind.INSTRUCTION)].tolist() == STORIES[story].expected


def test_a_routine_of_the_program_goes_on_in_the_kernel():
    story = Story().run("program", NOP).run("entry", CALL).run("inner", NOP).mark(inside=True)
    rows = np.array(story.rows, TRACE_DTYPE)
    extents = Extents(HEADER, [(PROGRAM, PROGRAM + 0x100)])
    assert extents.holds(rows, rows["kind"] == int(Kind.MARK)).sum() == 1


def test_only_what_is_asked_is_answered():
    rows = np.array(Story().run("entry", CALL).run("outer", NOP).mark(inside=True).rows, TRACE_DTYPE)
    extents = Extents(HEADER, [(PLACES["outer"], PLACES["outer"] + 0x100)])
    assert not extents.holds(rows, np.zeros(len(rows), np.bool_)).any()
