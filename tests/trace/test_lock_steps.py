"""Locks stand at the instructions that take them and let them go, and what lies between is told by routine."""

from pathlib import Path

import numpy as np
import pytest

from emu.trace.file import TraceFile, TraceWriter
from emu.trace.header import LockName, Symbol, TaskName, TraceHeader
from emu.trace.lock_steps import LockStep, instructions_under, read_lock_steps
from emu.trace.record import TRACE_DTYPE, Access, Kind
from emu.trace.select import select
from emu.trace.visits import read_path

CODE, QUEUE, RUN_QUEUE = 0xFFFFFFFF80100000, 0x600000, 0x600040
HEADER = TraceHeader(
    variant="v",
    machine="m",
    cores=2,
    arguments="run",
    symbols=tuple(Symbol(f"r{number}", CODE + 16 * number, 16) for number in range(10)),
    locks=(LockName("q_perm.lock", QUEUE, "queue"), LockName("rq.lock", RUN_QUEUE, "rq/0")),
    tasks=(TaskName("a", 1), TaskName("b", 2)),
)


def instruction(routine: int, task: int = 0, core: int = 0, store: int = 0) -> tuple[int, ...]:
    access = Access.STORE if store else Access.NONE
    return (0, CODE + 16 * routine, store, 0, 1, 0, task, core, Kind.INSTRUCTION, 0, 0, access, 4)


def event(kind: Kind, lock: int, value: int, task: int = 0, core: int = 0) -> tuple[int, ...]:
    return (0, CODE, (QUEUE, RUN_QUEUE)[lock], value, 0, lock, task, core, kind, 0, 0, 0, 0)


ROWS = [
    instruction(0),
    instruction(9, task=-1, core=1),
    instruction(1, store=QUEUE),  # takes the queue's lock
    event(Kind.LOCK_ACQUIRED, 0, 30),
    instruction(2),
    instruction(9, task=1, core=1, store=QUEUE),  # another core looks at the word meanwhile
    instruction(3, store=QUEUE),  # lets go
    instruction(4),
    event(Kind.LOCK_RELEASED, 0, 200, task=-1),  # visible only now, with nobody's task any more
    instruction(5, store=RUN_QUEUE),
    event(Kind.LOCK_ACQUIRED, 1, 0),
    instruction(6),
    instruction(7, task=1),  # the switch: what follows is another task's, under the same lock
    instruction(8, task=1, store=RUN_QUEUE),
    event(Kind.LOCK_RELEASED, 1, 77, task=1),
    instruction(0, task=1),
]


@pytest.fixture(params=[1, 3, 1000])
def trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> TraceFile:
    monkeypatch.setattr("emu.trace.file.CHUNK_RECORDS", request.param)
    with TraceWriter(tmp_path / "t", HEADER) as writer:
        writer.append(np.array(ROWS, TRACE_DTYPE))
        writer.close()
    return TraceFile(tmp_path / "t")


def test_steps_stand_at_their_instructions(trace: TraceFile) -> None:
    assert read_lock_steps(trace, select(HEADER)) == [
        LockStep(2, 0, 0, 0, True, 30),
        LockStep(6, 0, 0, 0, False, 200),
        LockStep(9, 0, 0, 1, True, 0),
        LockStep(13, 1, 0, 1, False, 77),
    ]


def test_what_lies_between(trace: TraceFile) -> None:
    path = read_path(trace, select(HEADER))
    under = instructions_under(path, read_lock_steps(trace, select(HEADER)), HEADER)
    routines = {lock: [path.names[symbol] for symbol in path.symbol[mask]] for lock, mask in under.items()}
    assert routines == {"q_perm.lock": ["r2", "r3"], "rq.lock": ["r6", "r7", "r8"]}


def test_a_hold_that_the_selection_cuts(trace: TraceFile) -> None:
    """From its begin on, or up to its end, as far as the selection goes."""
    chosen = select(HEADER, tasks=["a"])
    path = read_path(trace, chosen)
    under = instructions_under(path, read_lock_steps(trace, chosen), HEADER)
    assert [path.names[symbol] for symbol in path.symbol[under["rq.lock"]]] == ["r6"]
    chosen = select(HEADER, tasks=["b"])
    path = read_path(trace, chosen)
    under = instructions_under(path, read_lock_steps(trace, chosen), HEADER)
    assert [path.names[symbol] for symbol in path.symbol[under["rq.lock"]]] == ["r7", "r8"]
