"""A result and two small traces, made up: what the reports are tested on."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from emu.run.experiment_spec import Stall
from emu.run.result import Coherence, LockUse, MessageSpin, RunResult, StallCount, StateCycles, Wakeups
from emu.trace.file import TraceWriter
from emu.trace.header import LockName, Region, Symbol, TaskName, TraceHeader
from emu.trace.record import TRACE_DTYPE, Access, Cause, Kind, State, Transfer

CYCLES = 11_743_000


def _core(user: int, lock_wait: int, spin: int = 0, stall: int = 0) -> StateCycles:
    used = StateCycles(user, 3_500_000, 2_900_000, 410_000, lock_wait, spin, stall)
    return replace(used, idle=CYCLES - used.total)


WAKEQ = RunResult(
    variant="wakeq",
    machine="a10-7800",
    workload="pmsg-shared",
    placement="cross-module",
    queues="shared",
    types="own",
    cores=4,
    modules=2,
    threads=4,
    seed=1,
    messages_wanted=2000,
    messages=2000,
    cycles=CYCLES,
    boot_cycles=90_000,
    seconds=CYCLES / 3.5e9,
    messages_per_second=600_703.4,
    instructions=5_812_344,
    host_seconds=1.7,
    trace_digest="00112233445566778899aabbccddeeff",
    cycles_by_core_and_state=(_core(310_000, 12_000), _core(305_000, 9_000), _core(299_000, 700), _core(1_200, 15_500)),
    locks={
        "q_perm.lock": LockUse(4003, 412, 122_400, 2_210, 1_290_000, 1_812, 3_312),
        "pi_lock": LockUse(4000, 0, 0, 0, 2_800_000, 4_100, 0),
        "rq.lock": LockUse(12_040, 31, 2_100, 420, 6_100_000, 3_900, 44),
    },
    wakeups=Wakeups(2004, 0, 2004, 1990, 9, 5),
    interprocessor_interrupts=1702,
    context_switches=3988,
    coherence=Coherence(31_000, 92_100, 12_044, 4_021),
    outcomes={"delivered": 2000, "enqueued": 3, "handed_over": 1997},
)
STALLED = replace(
    WAKEQ,
    variant="baseline",
    messages_per_second=351_234.5,
    cycles_by_core_and_state=tuple(_core(300_000, 400_000, 120_000, 250_000) for _ in range(4)),
    message_spin=MessageSpin(199, 41_220, 480_000),
    wakeups=Wakeups(2004, 2000, 4, 1990, 13, 1),
    locks={"q_perm.lock": LockUse(4003, 1812, 1_922_400, 22_210, 9_290_000, 24_812, 33_312)},
    stall_schedule=(Stall("handoff_window", 20_000, 10),),
    stalls={"handoff_window": StallCount(50, 1_000_000)},
)
PARTIAL = replace(
    WAKEQ, partial=True, messages=721, cores=8, modules=4, cycles_by_core_and_state=WAKEQ.cycles_by_core_and_state * 2
)

KERNEL = 0xFFFFFFFF80100000
TASK0, TASK1 = 0xFFFF880000500000, 0xFFFF880000501000
ROUTINES = {
    "sys_msgsnd": 0x40,
    "do_msgsnd": 0x100,
    "wake_q_add": 0x30,
    "try_to_wake_up": 0x80,
    "default_idle_call": 0x10,
    "do_msgrcv": 0x100,
}
USER = 0x400000


def header(variant: str = "baseline") -> TraceHeader:
    """Six kernel routines, two tasks, a lock, a queue."""
    symbols, at = [], KERNEL
    for name, size in ROUTINES.items():
        symbols.append(Symbol(name, at, size))
        at += size
    place = {symbol.name: symbol.address for symbol in symbols}
    return TraceHeader(
        variant=variant,
        machine="a10-7800",
        cores=2,
        arguments=f"run --variant {variant} --cores 2 --messages 2",
        symbols=(*symbols, Symbol("pmsg_shared", USER, 0x40)),
        instructions={
            USER: "syscall",
            place["sys_msgsnd"]: "push rbx",
            place["do_msgsnd"]: "lock cmpxchg dword ptr [rdi], esi",
            place["do_msgsnd"] + 0x10: "mov qword ptr [rbx + 0x30], rax",
            place["do_msgsnd"] + 0x14: "mov byte ptr [rdi], 0",
            place["wake_q_add"]: "lock cmpxchg qword ptr [rdi + 0x700], rsi",
            place["try_to_wake_up"]: "mov rax, qword ptr [rdi]",
            place["default_idle_call"]: "hlt",
            place["do_msgrcv"] + 0x80: "mov rax, qword ptr [rsp + 0x30]",
        },
        marks=("wakeup", "handoff_window", "delivered"),
        spins=("message_spin",),
        locks=(LockName("q_perm.lock", 0x600000, "queue"),),
        tasks=(TaskName("pmsg/0", TASK0), TaskName("pmsg/1", TASK1)),
        regions=(
            Region("queue", 0x600000, 0xC0, "msg_queue"),
            Region("pmsg/0", 0x500000, 0xA40, "task_struct"),
            Region("pmsg/1", 0x501000, 0xA40, "task_struct"),
            Region("pmsg/1 stack", 0x700000, 0x4000),
        ),
        structs={
            "msg_queue": {"q_perm": 0, "q_perm.lock": 0, "q_stime": 0x38},
            "task_struct": {"state": 0, "wake_q": 0x700},
        },
        clock_hz=3_500_000_000,
    )


class Script:
    """Records one after the other, each core's time going on by what its instructions cost."""

    def __init__(self, head: TraceHeader) -> None:
        self.places = {symbol.name: symbol.address for symbol in head.symbols}
        self.rows: list[tuple[int, ...]] = []
        self.clock = {0: 1000, 1: 1000}

    def step(self, core: int, task: int, where: str, cost: int = 1, *, state: State = State.KERNEL, **access: int) -> None:
        """An instruction at ROUTINE or ROUTINE+offset."""
        name, _, offset = where.partition("+")
        self.clock[core] += cost
        pc = self.places[name] + int(offset or "0", 16)
        fields = {"address": 0, "value": 0, "cause": Cause.NONE, "kind_of": Access.NONE, "size": 8} | access
        self.rows.append(
            (self.clock[core], pc, fields["address"], fields["value"], cost, 0, task, core, Kind.INSTRUCTION, state,
             fields["cause"], fields["kind_of"], fields["size"])
        )  # fmt: skip

    def event(self, core: int, task: int, kind: Kind, detail: int = 0, value: int = 0, address: int = 0) -> None:
        """An event at the core's time."""
        self.rows.append((self.clock[core], 0, address, value, 0, detail, task, core, kind, 0, 0, 0, 0))

    def records(self) -> np.ndarray:
        return np.array(self.rows, TRACE_DTYPE)


def script(head: TraceHeader, *, wait: int = 40) -> Script:
    """One hand-off from pmsg/0 on core 0 to pmsg/1, asleep on core 1; `wait` is what its lock costs."""
    after_unlock = head.variant == "wakeq"
    s = Script(head)
    s.step(1, -1, "default_idle_call", 30, state=State.IDLE)
    s.event(1, -1, Kind.HALT)
    s.step(0, 0, "pmsg_shared", 2, state=State.USER)
    s.step(0, 0, "sys_msgsnd")
    s.step(0, 0, "do_msgsnd", wait, address=0x600000, value=1, kind_of=Access.READ_MODIFY_WRITE, cause=Cause.REMOTE_LINE)
    s.event(0, 0, Kind.LINE_TRANSFER, Transfer.ACROSS_MODULES, wait - 2, 0x600000)
    s.event(0, 0, Kind.LOCK_ACQUIRED, 0, 0, 0x600000)
    if after_unlock:
        s.step(0, 0, "wake_q_add", 20, address=0x501700, value=1, kind_of=Access.READ_MODIFY_WRITE)
        s.step(0, 0, "do_msgsnd+10", address=0x700030, value=0xFFFF880000602000, kind_of=Access.STORE)
        s.step(0, 0, "do_msgsnd+14", address=0x600000, value=0, kind_of=Access.STORE)
        s.event(0, 0, Kind.LOCK_RELEASED, 0, 61, 0x600000)
    s.step(
        0,
        0,
        "try_to_wake_up",
        90,
        state=State.SCHEDULER,
        address=0x501000,
        value=1,
        kind_of=Access.LOAD,
        cause=Cause.REMOTE_LINE,
    )
    s.event(0, 0, Kind.MARK, 0, TASK1)
    s.event(0, 0, Kind.IPI_SENT, 1, 0xFD)
    if not after_unlock:
        s.event(0, 0, Kind.STALL, 1, 20_000)
        s.step(0, 0, "do_msgsnd+10", address=0x700030, value=0xFFFF880000602000, kind_of=Access.STORE)
        s.step(0, 0, "do_msgsnd+14", address=0x600000, value=0, kind_of=Access.STORE)
        s.event(0, 0, Kind.LOCK_RELEASED, 0, 20_161, 0x600000)
    s.step(0, 0, "pmsg_shared", 60, state=State.USER)
    s.step(0, 0, "sys_msgsnd", 60)
    s.clock[1] = s.clock[0] - 20
    s.event(1, -1, Kind.WAKE, 0, 200)
    s.event(1, -1, Kind.INTERRUPT, 0xFD)
    s.event(1, 1, Kind.SPIN_BEGIN)
    s.event(1, 1, Kind.SPIN_END, 0, 7)
    s.step(
        1,
        1,
        "do_msgrcv+80",
        5,
        state=State.SPIN,
        address=0x700030,
        value=0xFFFF880000602000,
        kind_of=Access.LOAD,
    )
    s.event(1, 1, Kind.STORE_DRAINED, 0, 0, 0x600000)
    s.step(1, 1, "pmsg_shared", 60, state=State.USER)
    s.event(1, 1, Kind.MARK, 2, 3)
    s.step(1, 1, "sys_msgsnd", 60)
    return s


def write_trace(path: Path, variant: str = "baseline", *, wait: int = 40, cycles: Sequence[Sequence[int]] = ()) -> Path:
    """The script as a trace file; `cycles`: what its end says of each core."""
    head = header(variant)
    with TraceWriter(path, head) as writer:
        writer.append(script(head, wait=wait).records())
        writer.close(trace_digest="d1", cycles=cycles)
    return path
