"""Kinds of instructions, store buffers, what a console says, and shortening: each alone, without a kernel."""

from collections.abc import Sequence

import numpy as np
import pytest

from emu.boot.ending import End, Ended
from emu.boot.explore.explorer import Schedule, Strategy
from emu.boot.explore.hot import buffer, events, records
from emu.boot.explore.hot.kind import FENCE, LOCKED, LOOKED_AT, PAUSE, PLAIN, kind_by
from emu.boot.explore.minimise import Minimiser, without
from emu.boot.explore.verdict import verdict
from emu.boot.hot.records import CORE, RUNNING
from emu.errors import UserError
from emu.explore.replay_string import joined
from emu.explore.strategy.records import NOBODY, PCT, RANDOM, REPLAY, STRATEGY, SURW
from emu.native import address_of, array_at
from emu.subjects.kernel.explore.spec import from_header, parse_strategy


@pytest.mark.parametrize(
    "code, kind",
    [
        ("f0 0f b1 0a", LOCKED),  # lock cmpxchg [rdx], ecx
        ("f0 83 44 24 fc 00", LOCKED),  # lock add dword ptr [rsp - 4], 0
        ("3e f0 48 0f b1 0a", LOCKED),
        ("87 07", LOCKED),  # xchg [rdi], eax
        ("48 87 07", LOCKED),
        ("66 86 07", LOCKED),
        ("48 87 c7", PLAIN),  # between registers
        ("48 89 07", PLAIN),
        ("0f ae f0", FENCE),  # mfence
        ("0f ae e8", FENCE),  # lfence
        ("0f ae f8", FENCE),  # sfence
        ("0f ae 07", PLAIN),  # fxsave [rdi]
        ("0f ae 3f", PLAIN),  # clflush [rdi]
        ("0f a2", FENCE),  # cpuid
        ("0f 22 d8", FENCE),  # mov cr3, rax
        ("0f 30", FENCE),  # wrmsr
        ("0f 01 3f", FENCE),  # invlpg [rdi]
        ("0f 01 f8", PLAIN),  # swapgs
        ("48 cf", FENCE),  # iretq
        ("f3 90", PAUSE),
        ("90", PLAIN),
        ("66 90", PLAIN),
        ("f3 48 a5", PLAIN),  # rep movsq
        ("0f b6 07", PLAIN),
        ("e8 00 00 00 00", PLAIN),
    ],
)
def test_kinds_of_instructions(code: str, kind: int) -> None:
    assert kind_by(np.frombuffer(bytes.fromhex(code).ljust(LOOKED_AT, b"\xcc"), np.uint8)) == kind


class Buffers:
    """Two cores over a few words of memory."""

    def __init__(self) -> None:
        self.ram = np.zeros(64, np.uint8)
        self.records = {"explore": np.zeros(1, records.EXPLORE), "agents": np.zeros(2, records.AGENT)}
        self.pending = np.zeros(2 * records.ROOM, records.PENDING)
        explore = self.records["explore"]
        explore["core_count"], explore["ram"], explore["running"] = 2, address_of(self.ram), -1
        explore["agents"], explore["pending"] = address_of(self.records["agents"]), address_of(self.pending)
        self.records["agents"]["index"] = (0, 1)
        self.explore = array_at(address_of(explore), 1, records.EXPLORE)[0]
        self.agents = array_at(address_of(self.records["agents"]), 2, records.AGENT)

    def store(self, core: int, address: int, value: int, width: int = 8) -> None:
        buffer.show(self.explore, self.agents[core])
        buffer.push(self.explore, self.agents[core], address, width, value)
        self.ram[address : address + width] = np.frombuffer(value.to_bytes(width, "little"), np.uint8)

    def load(self, core: int, address: int, width: int = 8) -> int:
        buffer.show(self.explore, self.agents[core])
        return int.from_bytes(self.ram[address : address + width].tobytes(), "little")

    def drain(self, core: int) -> None:
        buffer.drain(self.explore, self.agents[core])


def test_a_store_is_its_cores_own_until_it_drains() -> None:
    buffers = Buffers()
    buffers.store(0, 0, 1)
    assert (buffers.load(1, 0), buffers.load(0, 0)) == (0, 1)
    buffers.store(1, 8, 2)
    assert (buffers.load(0, 8), buffers.load(1, 0)) == (0, 0)  # store buffering: both read zero
    buffers.drain(0)  # while the other one runs
    assert (buffers.load(1, 0), buffers.load(1, 8), buffers.load(0, 8)) == (1, 2, 0)


def test_the_later_drain_wins_and_each_core_sees_its_own() -> None:
    buffers = Buffers()
    buffers.store(0, 0, 1)
    buffers.store(1, 0, 2)
    assert (buffers.load(0, 0), buffers.load(1, 0)) == (1, 2)
    buffers.drain(1)
    assert (buffers.load(0, 0), buffers.load(1, 0)) == (1, 2)
    buffers.drain(0)
    assert (buffers.load(0, 0), buffers.load(1, 0)) == (1, 1)


def test_stores_that_overlap_are_taken_back_whole() -> None:
    buffers = Buffers()
    buffers.store(0, 0, 0x1122334455667788)
    buffers.store(0, 2, 0xABCD, 2)
    assert buffers.load(1, 0) == 0
    buffers.drain(0)
    assert (buffers.load(1, 0), buffers.load(0, 0)) == (0x1122334455667788, 0x11223344ABCD7788)
    buffers.drain(0)
    assert buffers.load(1, 0) == 0x11223344ABCD7788


def test_a_full_buffer_drains_its_oldest() -> None:
    buffers = Buffers()
    for value in range(records.ROOM + 1):
        buffers.store(0, 0, value + 1)
    assert buffers.load(1, 0) == 1


def test_random_stores_and_drains_agree_with_a_machine_of_lists() -> None:
    chance, buffers = np.random.default_rng(1), Buffers()
    seen = bytearray(64)  # by all
    pending: list[list[tuple[int, int, int]]] = [[], []]

    def view(core: int) -> bytes:
        mine = bytearray(seen)
        for address, width, value in pending[core]:
            mine[address : address + width] = value.to_bytes(width, "little")
        return bytes(mine)

    for _ in range(600):
        core, width = int(chance.integers(2)), 1 << int(chance.integers(4))
        address, value = int(chance.integers(64 - width)), int(chance.integers(1 << 8 * min(width, 4)))
        if chance.integers(3) and len(pending[core]) < records.ROOM:
            buffers.store(core, address, value, width)
            pending[core].append((address, width, value))
        elif pending[core]:
            buffers.drain(core)
            address, width, value = pending[core].pop(0)
            seen[address : address + width] = value.to_bytes(width, "little")
        buffers.load(core, 0)
        assert buffers.ram.tobytes() == view(core)


class Turns:
    """Two running cores, of which a replay lets the first go on for as long as it can."""

    def __init__(self) -> None:
        self.cpus, self.agents = np.zeros(2, CORE), np.zeros(2, records.AGENT)
        self.strategy, self.log = np.zeros(1, STRATEGY), np.zeros(records.LOG_ROOM, np.uint8)
        self.records, self.pending = np.zeros(1, records.EXPLORE), np.zeros(2 * records.ROOM, records.PENDING)
        self.cpus["status"] = RUNNING
        self.agents["cpu"] = [address_of(self.cpus) + index * CORE.itemsize for index in range(2)]
        self.agents["index"] = (0, 1)
        self.strategy["kind"], self.strategy["agents"] = REPLAY, 4
        arrays = {"agents": self.agents, "strategy": self.strategy, "log": self.log, "pending": self.pending}
        for name, array in arrays.items():
            self.records[name] = address_of(array)
        self.records["core_count"] = 2
        self.explore = array_at(address_of(self.records), 1, records.EXPLORE)[0]

    def pause(self, core: int) -> None:
        events.pause(self.explore, array_at(address_of(self.agents), 2, records.AGENT)[core])

    def chosen(self) -> int:
        return int(events.choose_core(self.explore))


def test_a_core_that_only_lets_time_pass_lets_the_others_go_first() -> None:
    turns = Turns()
    assert turns.chosen() == 0
    turns.explore.changes += 1  # others have changed something since it last looked, if it ever did
    for _ in range(3):
        turns.pause(0)
        assert turns.chosen() == 1
    turns.explore.idle = 1
    turns.pause(1)
    assert turns.chosen() == NOBODY
    assert turns.explore.idle == 0  # somebody will go on: the clock need not be moved for it
    events.wake_all(turns.explore)
    assert turns.chosen() == 1


def test_a_core_that_lets_time_pass_goes_on_after_a_long_turn_and_one_that_waits_does_not() -> None:
    turns = Turns()
    turns.pause(0)
    events.let_time_pass(turns.explore)
    assert turns.chosen() == 0
    turns.agents["looked"] = 1, 0
    turns.pause(0)
    events.let_time_pass(turns.explore)
    assert turns.chosen() == 1
    turns.explore.changes += 1
    assert turns.chosen() == 1  # who goes on, goes on
    turns.pause(1)
    assert turns.chosen() == 0


def ended(console: bytes, how: End = End.EXITED, status: int | None = 0) -> Schedule:
    return Schedule(1, Ended(how, status), console, (), 0, 0, 0, 0, "", None)


@pytest.mark.parametrize(
    "line, checker, summary",
    [
        (b"BUG: KASAN: use-after-free in ss_wakeup+0x1/0x2", "kasan", "use-after-free in ss_wakeup+0x1/0x2"),
        (b"[   12.345678] WARNING: CPU: 1 PID: 45 at f.c:1 f+0x1/0x2", "warning", "WARNING: CPU: 1 PID: 45 at f.c:1 f+0x1/0x2"),
        (b"WARNING: possible circular locking dependency detected", "lockdep", "possible circular locking dependency detected"),
        (b"WARNING: inconsistent lock state", "lockdep", "inconsistent lock state"),
        (b"BUG: kernel NULL pointer dereference, address: 01", "oops", "BUG: kernel NULL pointer dereference, address: 01"),
        (b"general protection fault, probably for non-canonical address 0xdead000000000108: 0000 [#1] SMP", "oops", None),
        (b"kernel BUG at ipc/msg.c:1!", "bug", "kernel BUG at ipc/msg.c:1!"),
        (b"BUG: scheduling while atomic: f/1/0x2", "bug", "BUG: scheduling while atomic: f/1/0x2"),
        (b"list_del corruption, 1->next is LIST_POISON1 (2)", "list", None),
        (b"refcount_t: underflow; use-after-free.", "refcount", None),
        (b"watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [f:1]", "soft_lockup", "soft lockup - CPU#1 stuck for 22s! [f:1]"),
        (b"INFO: task f:12 blocked for more than 120 seconds.", "hung_task", None),
        (b"rcu: INFO: rcu_sched self-detected stall on CPU", "rcu_stall", "rcu_sched self-detected stall on CPU"),
        (b"Kernel panic - not syncing: f", "panic", "Kernel panic - not syncing: f"),
        (b"UBSAN: shift-out-of-bounds in f.c:1:2", "ubsan", "shift-out-of-bounds in f.c:1:2"),
    ],
)  # fmt: skip
def test_what_a_kernel_prints_is_judged(line: bytes, checker: str, summary: str | None) -> None:
    found = verdict(ended(b"hello\r\n" + line + b"\r\nRIP: 0010:do_it+0x12/0x34\r\nRIP: 0033:0x1\r\n"))
    assert found is not None
    assert (found.checker, found.where) == (checker, "do_it+0x12")
    assert summary in (None, found.summary)


@pytest.mark.parametrize("line", [b"a program: BUG: its own", b"all is well", b"INFO: task done", b"warning: CPU: hot"])
def test_what_others_print_is_not(line: bytes) -> None:
    assert verdict(ended(line + b"\r\n")) is None


@pytest.mark.parametrize(
    "how, status, checker",
    [
        (End.EXITED, 7, "exit_status"),
        (End.PANIC, 3, "exit_status"),  # of a program that is process 1
        (End.PANIC, None, "panic"),
        (End.OOPS, None, "oops"),
        (End.STUCK, None, "deadlock"),
        (End.TRIPLE_FAULT, None, "triple_fault"),
        (End.LIMIT, None, "no_progress"),
    ],
)
def test_ends_are_judged(how: End, status: int | None, checker: str) -> None:
    found = verdict(ended(b"", how, status))
    assert found is not None and found.checker == checker


@pytest.mark.parametrize(("how", "status"), [(End.EXITED, 0), (End.MARK, None), (End.POWER_OFF, None), (End.PANIC, 0)])
def test_good_ends_are_none(how: End, status: int | None) -> None:
    assert verdict(ended(b"", how, status)) is None


def test_leaving_a_turn_out_puts_it_off() -> None:
    tokens = [(0, 5), (1, 2), (0, 3), (2, 1), (1, 4)]
    assert without(tokens, 1, 2) == [(0, 8), (2, 1), (1, 6)]
    assert without(tokens, 3, 4) == [(0, 5), (1, 2), (0, 3), (1, 4)]
    assert without(tokens, 0, 2) == [(0, 8), (2, 1), (1, 6)]
    assert joined([(0, 1), (0, 2), (1, 1)]) == [(0, 3), (1, 1)]


def test_a_schedule_is_made_as_short_as_it_can_be() -> None:
    def fails(tokens: Sequence[tuple[int, int]]) -> bool:
        """Core 1 must do five events between the third and the fourth of core 0."""
        order = [agent for agent, count in tokens for _ in range(count)]
        third = [place for place, agent in enumerate(order) if agent == 0][2:4]
        return len(third) > 0 and order[third[0] : third[1] if len(third) > 1 else None].count(1) >= 5

    chance = np.random.default_rng(3)
    tokens = [(int(each), 1) for each in chance.integers(3, size=200)]
    tokens[40:40] = [(1, 9)] * 20
    made = next(
        sub
        for end in range(len(tokens))
        if fails(sub := [*tokens[:0], (0, 2), (2, 3), (0, 1), (1, 2), (2, 2), (1, 6), *tokens[:end]])
    )
    assert Minimiser(fails, 1).minimise(made) == ((0, 3), (1, 8))


@pytest.mark.parametrize(
    ("typed", "kind", "depth", "schedules"),
    [("random:10", RANDOM, 1, 10), ("pct:3:200", PCT, 3, 200), ("surw:1", SURW, 1, 1)],
)
def test_strategies_as_typed(typed: str, kind: int, depth: int, schedules: int) -> None:
    assert parse_strategy(typed, 5) == (Strategy(kind, 5, depth), schedules)


@pytest.mark.parametrize(
    "typed", ["", "random", "chance:3", "random:0", "random:x", "random:3:4", "pct:10", "pct:0:10", "pct:99:10", "replay:1"]
)
def test_other_strategies_are_refused(typed: str) -> None:
    with pytest.raises(UserError, match="--explore"):
        parse_strategy(typed, 0)


@pytest.mark.parametrize("header", [{}, {"kernel": 1}, {"arguments": [], "files": [1]}])
def test_a_header_that_is_incomplete_is_refused(header: dict[str, object]) -> None:
    with pytest.raises(UserError, match="incomplete header"):
        from_header(header)
