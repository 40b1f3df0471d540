"""When locks are let go, on records made by hand; names of locks; and columns that can be taken apart again."""

import base64
import zlib

import numpy as np
import pytest

from emu.html.around_holds import NOT_YET, Takings
from emu.html.columns import Packer
from emu.html.timeline import Timeline
from emu.trace.file import TraceFile, TraceWriter
from emu.trace.header import LockName, Symbol, TaskName, TraceHeader
from emu.trace.record import TRACE_DTYPE, Access, Kind

CALLER, LOCK, WORD = 0xFFFFFFFF81001000, 0xFFFFFFFF81002000, 0x9000
HEADER = TraceHeader(
    variant="v",
    machine="m",
    cores=2,
    arguments="run",
    symbols=(Symbol("do_work", CALLER, 0x100), Symbol("_raw_spin_lock", LOCK, 0x100)),
    locks=(LockName("a lock", WORD), LockName("a lock", WORD + 64), LockName("other", WORD + 128, "of one")),
    tasks=(TaskName("t", 1), TaskName("u", 2)),
)


def records(*rows):
    """Kind, cycle, pc, and what else there is."""
    made = np.zeros(len(rows), TRACE_DTYPE)
    for place, (kind, cycle, pc, more) in enumerate(rows):
        made[place]["kind"], made[place]["cycle"], made[place]["pc"] = int(kind), cycle, pc
        for name, value in more.items():
            made[place][name] = value
    return made


def test_a_lock_is_let_go_by_the_store_to_its_word(tmp_path):
    """Or, if no instruction of its core stores there, when others see that it is free; by another core's store it is not."""
    made = records(
        (Kind.INSTRUCTION, 10, LOCK, {"access": int(Access.READ_MODIFY_WRITE), "address": WORD}),
        (Kind.LOCK_ACQUIRED, 10, LOCK, {"detail": 0}),
        (Kind.INSTRUCTION, 20, CALLER, {"access": int(Access.LOAD), "address": WORD}),
        (Kind.LOCK_ACQUIRED, 20, CALLER, {"detail": 1}),
        (Kind.INSTRUCTION, 30, CALLER, {"access": int(Access.STORE), "address": WORD, "core": 1, "task": 1}),
        (Kind.INSTRUCTION, 40, CALLER, {"access": int(Access.STORE), "address": WORD}),
        (Kind.LOCK_RELEASED, 44, CALLER, {"detail": 0, "value": 34}),
        (Kind.LOCK_RELEASED, 50, CALLER, {"detail": 1, "value": 30}),
        (Kind.LOCK_ACQUIRED, 60, CALLER, {"detail": 0}),
    )
    with TraceWriter(tmp_path / "t.trace", HEADER) as writer:
        writer.append(made)
        writer.close()
    takings = Takings(TraceFile(tmp_path / "t.trace"))
    takings.follow(lambda done, total: None)
    assert [taking.let_go for taking in takings.of_cores[0]] == [40, 50, NOT_YET]
    assert not takings.of_cores[1]


def test_locks_of_one_name_are_told_apart(tmp_path):
    with TraceWriter(tmp_path / "t.trace", HEADER) as writer:
        writer.close()
    timeline = Timeline(TraceFile(tmp_path / "t.trace"))
    timeline.read(lambda done, total: None)
    assert [lock["words"] for lock in timeline.page_data()["locks"]] == ["a lock (1)", "a lock (2)", "other of of one"]


@pytest.mark.parametrize("values", [[], [0], [255, 256, 70_000], [5, 3, 3, 9], [2**31, 1, 2**31 + 5]])
@pytest.mark.parametrize("grows", [False, True])
def test_a_column_can_be_taken_apart_again(values, grows):
    packer = Packer()
    packer.add("before", [1, 2])
    packer.add("it", values, grows=grows)
    content, described = zlib.decompress(base64.b64decode(packer.packed())), packer.described["it"]
    width = described["bytes"]
    planes = [content[2 + plane * len(values) : 2 + (plane + 1) * len(values)] for plane in range(width)]
    found = [sum(planes[plane][row] << 8 * plane for plane in range(width)) for row in range(len(values))]
    steps = [-(each + 1) // 2 if each % 2 else each // 2 for each in found]
    assert (np.cumsum(steps).tolist() if grows else found) == values
