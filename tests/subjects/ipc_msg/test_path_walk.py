"""A small made-up trace, walked: every count can be done by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from emu.errors import CheckFailed
from emu.subjects.ipc_msg.path.lengths import TAIL_MESSAGES, measure, rules
from emu.subjects.ipc_msg.path.reference import Correspondence
from emu.subjects.path.sections import Outcome
from emu.subjects.path.tally import Means
from emu.subjects.path.walk import Episode, Walk, walk
from emu.trace.coherence_replay import Event
from emu.trace.file import TraceFile, TraceWriter
from emu.trace.header import LockName, Symbol, TaskName, TraceHeader
from emu.trace.record import TRACE_DTYPE, Access, Kind

KERNEL, USER, STEP = 0xFFFFFFFF80100000, 0x400000, 0x10
LOCK, QUEUE, STACK0, STACK1, TASK1, DEVICE = 0x600000, 0x600040, 0x700000, 0x710000, 0x500000, 0xFEE00300
CODE = {  # routine: its instructions, STEP bytes apart
    "entry": ["swapgs", "call qword ptr [rax*8 + 0x100]", "mov rax, qword ptr [rsp + 0x50]", "sysret"],
    "sys_msgsnd": ["jmp 0x20"],
    "do_msgsnd": [
        "lock cmpxchg dword ptr [rbx], ecx",
        "mov rax, qword ptr [rbx + 0x40]",
        "call 0x30",
        "mov qword ptr [rbx + 0x48], rax",
        "mov byte ptr [rbx], 0",
        "mov dword ptr [0xfee00300], eax",
        "ret",
    ],
    "update": ["call 0x40", "inc qword ptr [rdi]", "ret"],
    "clock": ["rdtsc", "ret"],
    "sys_msgrcv": ["lock cmpxchg dword ptr [rbx], ecx", "mov byte ptr [rbx], 0", "call 0x50", "ret"],
    "schedule": ["call 0x60", "ret"],
    "__switch_to": ["push rbx", "mov rsp, qword ptr [rsi + 0x748]", "mov qword ptr gs:[0x108], rsi", "ret"],
    "idle": ["hlt"],
    "reschedule_interrupt": ["push rax", "iretq"],
    "program": ["syscall"],
}
LOAD, STORE, RMW = Access.LOAD, Access.STORE, Access.READ_MODIFY_WRITE


def header() -> TraceHeader:
    symbols, instructions, at = [], {}, KERNEL
    for name, texts in CODE.items():
        address = USER if name == "program" else at
        symbols.append(Symbol(name, address, STEP * len(texts)))
        instructions |= {address + STEP * place: text for place, text in enumerate(texts)}
        at += 0x100
    return TraceHeader(
        variant="baseline",
        machine="a10-7800",
        cores=2,
        arguments="run",
        symbols=tuple(symbols),
        instructions=instructions,
        marks=("handed_over", "enqueued", "system_calls"),
        locks=(LockName("q_perm.lock", LOCK, "queue"), LockName("pi_lock", TASK1)),
        tasks=(TaskName("pmsg/0", 0xFFFF880000400000), TaskName("pmsg/1", 0xFFFF880000500000)),
    )


class Recorder:
    """Records in the order they are made; several accesses of an instruction as the engine writes them."""

    def __init__(self) -> None:
        self.head = header()
        self.rows: list[tuple[int, ...]] = []

    def run(self, core: int, task: int, where: str, *accesses: tuple[Access, int]) -> None:
        name, _, number = where.partition("+")
        pc = next(each.address for each in self.head.symbols if each.name == name) + STEP * int(number or 0)
        *before, (access, address) = accesses or ((Access.NONE, 0),)
        for kind, place in before:
            self.rows.append((0, pc, place, 0, 0, 0, task, core, Kind.ACCESS, 0, 0, kind, 8))
        self.rows.append((0, pc, address, 0, 1, 0, task, core, Kind.INSTRUCTION, 1, 0, access, 8 if access else 0))

    def event(self, core: int, task: int, kind: Kind, detail: int, address: int = 0, value: int = 0) -> None:
        self.rows.append((0, 0, address, value, 0, detail, task, core, kind, 0, 0, 0, 0))

    def send(self, *, interrupted: bool = False) -> None:
        """pmsg/0 on core 0 hands a message over."""
        self.run(0, 0, "program")
        self.run(0, 0, "entry")
        self.run(0, 0, "entry+1", (LOAD, QUEUE + 0x1000), (STORE, STACK0))
        self.run(0, 0, "sys_msgsnd")
        self.run(0, 0, "do_msgsnd", (RMW, LOCK))
        self.event(0, 0, Kind.LOCK_ACQUIRED, 0, LOCK)
        self.run(0, 0, "do_msgsnd+1", (LOAD, QUEUE))
        if interrupted:
            self.event(0, 0, Kind.INTERRUPT, 0xFD)
            self.run(0, 0, "reschedule_interrupt", (STORE, STACK0))
            self.run(0, 0, "reschedule_interrupt+1", (LOAD, STACK0))
        self.run(0, 0, "do_msgsnd+2", (STORE, STACK0))
        self.run(0, 0, "update", (STORE, STACK0))
        self.run(0, 0, "clock")
        self.run(0, 0, "clock+1", (LOAD, STACK0))
        self.run(0, 0, "update+1", (RMW, QUEUE))
        self.run(0, 0, "update+2", (LOAD, STACK0))
        self.event(0, 0, Kind.MARK, 0)
        self.run(0, 0, "do_msgsnd+3", (STORE, QUEUE + 8))
        self.run(0, 0, "do_msgsnd+4", (STORE, LOCK))
        self.run(0, 0, "do_msgsnd+5", (STORE, DEVICE))
        self.run(0, 0, "do_msgsnd+6", (LOAD, STACK0))
        self.run(0, 0, "entry+2", (LOAD, STACK0))
        self.run(0, 0, "entry+3")

    def receive(self) -> None:
        """pmsg/1 on core 1 looks for a message, sleeps, and the idle task runs until it is woken."""
        self.run(1, 1, "program")
        self.run(1, 1, "entry")
        self.run(1, 1, "entry+1", (LOAD, QUEUE + 0x1000), (STORE, STACK1))
        self.run(1, 1, "sys_msgrcv", (RMW, LOCK))
        self.event(1, 1, Kind.LOCK_ACQUIRED, 0, LOCK)
        self.run(1, 1, "sys_msgrcv+1", (STORE, LOCK))
        self.run(1, 1, "sys_msgrcv+2", (STORE, STACK1))
        self.run(1, 1, "schedule", (STORE, STACK1))
        self.run(1, 1, "__switch_to", (STORE, STACK1))
        self.run(1, 1, "__switch_to+1", (LOAD, TASK1))
        self.run(1, 1, "__switch_to+2", (STORE, TASK1 + 0x1000))  # still current, but on the idle task's stack
        self.run(1, -1, "__switch_to+3")
        self.run(1, -1, "idle")
        self.run(1, -1, "__switch_to")
        self.run(1, -1, "__switch_to+1", (LOAD, TASK1))
        self.run(1, -1, "__switch_to+2", (STORE, TASK1 + 0x1000))
        self.run(1, 1, "__switch_to+3", (LOAD, STACK1))
        self.run(1, 1, "schedule+1", (LOAD, STACK1))
        self.run(1, 1, "sys_msgrcv+3", (LOAD, STACK1))
        self.run(1, 1, "entry+3")

    def call(self, number: int, *, exception: bool = False) -> None:
        """pmsg/0 makes a call by number, known by nothing else; a lock within a lock, and perhaps an exception that takes one."""
        self.run(0, 0, "program")
        self.event(0, 0, Kind.MARK, 2, value=number)
        self.run(0, 0, "entry")
        self.run(0, 0, "do_msgsnd", (RMW, LOCK))
        self.event(0, 0, Kind.LOCK_ACQUIRED, 0, LOCK)
        self.run(0, 0, "do_msgsnd+1", (LOAD, QUEUE))
        self.run(0, 0, "do_msgsnd", (RMW, TASK1))
        self.event(0, 0, Kind.LOCK_ACQUIRED, 1, TASK1)
        if exception:
            self.event(0, 0, Kind.INTERRUPT, 14)
            self.run(0, 0, "reschedule_interrupt", (STORE, STACK0))
            self.event(0, 0, Kind.LOCK_ACQUIRED, 1, STACK1)
            self.event(0, 0, Kind.INTERRUPT, 0xFD)
            self.run(0, 0, "reschedule_interrupt+1")
            self.run(0, 0, "do_msgsnd+4", (STORE, STACK1))
            self.run(0, 0, "reschedule_interrupt+1")
        self.run(0, 0, "update")
        self.run(0, 0, "do_msgsnd+4", (STORE, TASK1))
        self.run(0, 0, "do_msgsnd+4", (STORE, LOCK))
        self.run(0, 0, "entry+3")
        self.run(0, 0, "program")

    def walk(self, path: Path, **given) -> Walk:
        with TraceWriter(path / "t", self.head, overwrite=True) as writer:
            writer.append(np.array(self.rows, TRACE_DTYPE))
            writer.close()
        return walk(TraceFile(path / "t"), replace(rules(Correspondence({}, (), {})), **given))


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def by_kind(found: Walk) -> dict[str, list[Episode]]:
    kinds: dict[str, list[Episode]] = {}
    for each in found.episodes:
        kinds.setdefault(each.kind, []).append(each)
    return kinds


def test_a_call_and_its_hold(recorder: Recorder, tmp_path: Path):
    recorder.send()
    found = recorder.walk(tmp_path)
    (call,) = by_kind(found)["msgsnd"]
    total = call.total()
    # The locked cmpxchg is one store, the inc a load and a store, the call through memory one of each.
    assert (total.instructions, total.loads, total.stores, total.locked) == (17, 7, 8, 1)
    assert len(total.lines) == 5  # the lock's, the queue's, the table's, the stack's, the device's
    assert {name: each.instructions for name, each in call.functions.items()} == {
        "entry": 4, "sys_msgsnd": 1, "do_msgsnd": 7, "update": 3, "clock": 2
    }  # fmt: skip
    (hold,) = found.holds
    assert (hold.episode.kind, hold.outcome) == ("msgsnd", Outcome.WAKES)
    assert (hold.total().instructions, hold.total().loads, hold.total().stores, hold.total().locked) == (9, 4, 5, 0)
    assert [each.kind for each in found.episodes] == ["user", "msgsnd"]


def test_inlined_and_renamed_routines(recorder: Recorder, tmp_path: Path):
    recorder.send()
    found = recorder.walk(tmp_path, inlined={"update": ()}, names={"clock": "sched_clock"})
    (call,) = by_kind(found)["msgsnd"]
    assert {name: each.instructions for name, each in call.functions.items()} == {
        "entry": 4, "sys_msgsnd": 1, "do_msgsnd": 10, "sched_clock": 2
    }  # fmt: skip
    elsewhere = recorder.walk(tmp_path, inlined={"update": ("schedule",)})
    assert by_kind(elsewhere)["msgsnd"][0].functions["update"].instructions == 3


def test_an_interrupt_stands_apart(recorder: Recorder, tmp_path: Path):
    recorder.send()
    recorder.send(interrupted=True)
    found = recorder.walk(tmp_path)
    plain, interrupted = by_kind(found)["msgsnd"]
    assert Means.of([interrupted.total()]) == Means.of([plain.total()])
    (interrupt,) = by_kind(found)["irq_resched"]
    assert (interrupt.total().instructions, interrupt.total().loads, interrupt.total().stores) == (2, 1, 1)
    assert [hold.total().instructions for hold in found.holds] == [9, 9]


def test_a_sleeper_is_charged_nothing(recorder: Recorder, tmp_path: Path):
    recorder.receive()
    found = recorder.walk(tmp_path)
    kinds = by_kind(found)
    assert kinds["msgrcv"][0].total().instructions == 2 + 3 + 1 + 2 + 2 + 3  # to the new stack, and on from the old one
    assert kinds["idle"][0].total().instructions == 2 + 1 + 2
    assert [(hold.episode.kind, hold.outcome) for hold in found.holds] == [("msgrcv", Outcome.SLEEPS)]
    assert found.holds[0].total().instructions == 1


def test_lines_that_move(recorder: Recorder, tmp_path: Path):
    recorder.send()
    recorder.receive()
    recorder.send()
    found = recorder.walk(tmp_path)
    moved = [(event, address) for _, event, address in found.transfers]
    # The receiver's locked cmpxchg takes the lock's line, the next sender's takes it back; devices are in no cache.
    assert moved == [(Event.WRITE_MISS, LOCK), (Event.WRITE_MISS, LOCK)]
    second = by_kind(found)["msgsnd"][1]
    assert second.total().transfers == second.functions["do_msgsnd"].transfers == 1
    assert [hold.total().transfers for hold in found.holds] == [0, 0, 0]  # the cmpxchg is before the hold


def test_means_in_steady_state(recorder: Recorder, tmp_path: Path):
    recorder.send()
    for _ in range(3):
        recorder.receive()
        recorder.send()
    for _ in range(TAIL_MESSAGES):
        recorder.receive()
        recorder.send()
    found = measure(recorder.walk(tmp_path), 1, lambda address: "lock" if address == LOCK else "other")
    assert found.messages == 3
    assert found.rows["msgsnd"].instructions == 17
    assert found.rows["idle"].instructions == 5
    assert found.rows["user"].instructions == 2
    assert found.functions["msgsnd"]["do_msgsnd"].transfers == 1
    assert found.sections["msgsnd_handoff_hold"].instructions == 9
    assert found.holds == {"msgsnd_handoff_hold": 3, "msgsnd_enqueue_hold": 0, "msgrcv_sleep_hold": 3}
    assert found.transfers == {"write_miss": 2.0, "read_miss": 0.0, "upgrade": 0.0}
    assert found.objects == {"lock": 2.0}


def test_too_short(recorder: Recorder, tmp_path: Path):
    recorder.send()
    with pytest.raises(CheckFailed, match="1 calls of msgsnd: too few, 11 are not steady state"):
        measure(recorder.walk(tmp_path), 1, str)


def test_the_hold_of_another_lock_is_none(recorder: Recorder, tmp_path: Path):
    recorder.head = replace(recorder.head, locks=tuple(reversed(recorder.head.locks)))
    recorder.send()
    assert recorder.walk(tmp_path).holds == []


KERNEL_RULES = {
    "calls": {}, "numbers": {69: "msgsnd"}, "holds_of": lambda lock: True, "wakes": frozenset({"update"}),
    "interrupts": {14: "page_fault", 0xFD: "reschedule"},
}  # fmt: skip


def test_a_call_by_its_number_and_locks_within_locks(recorder: Recorder, tmp_path: Path):
    recorder.call(69)
    recorder.call(0)
    found = recorder.walk(tmp_path, **KERNEL_RULES)
    assert [each.kind for each in found.episodes] == ["user", "msgsnd", "user", "other call", "user"]
    assert [each.over for each in found.episodes] == [True, True, True, True, False]
    outer, inner = found.holds[:2]
    assert (outer.name, outer.total().instructions, outer.outcome, outer.woken_by) == ("q_perm.lock", 5, Outcome.WAKES, "update")
    assert (inner.name, inner.total().instructions, inner.episode) == ("pi_lock", 2, outer.episode)
    assert {name: each.instructions for name, each in outer.functions.items()} == {"do_msgsnd": 4, "update": 1}


def test_exceptions_within_each_other_have_locks_of_their_own(recorder: Recorder, tmp_path: Path):
    recorder.call(69, exception=True)
    found = recorder.walk(tmp_path, **KERNEL_RULES)
    assert {kind: [each.total().instructions for each in those] for kind, those in by_kind(found).items()} == {
        "user": [1, 1], "msgsnd": [8], "page_fault": [3], "reschedule": [1]
    }  # fmt: skip
    lengths = [(hold.episode.kind, hold.total().instructions, hold.over) for hold in found.holds]
    assert lengths == [("msgsnd", 5, True), ("msgsnd", 2, True), ("page_fault", 1, True)]


@pytest.mark.parametrize("records", [1, 2, 3, 7])
def test_a_trace_may_be_read_in_parts_of_any_size(records: int, recorder: Recorder, tmp_path: Path, monkeypatch):
    for _ in range(2):
        recorder.send(interrupted=True)
        recorder.receive()
    whole = recorder.walk(tmp_path)
    monkeypatch.setattr("emu.trace.file.CHUNK_RECORDS", records)
    assert recorder.walk(tmp_path) == whole
