"""The queued spin lock on several cores stepped in random order: mutual exclusion, and every state of the lock word."""

import random
from collections import Counter

import pytest
from unicorn import x86_const as x86

from bench.firmware.ipc_machine import Core, IpcMachine

LOCKED, PENDING = 0x1, 0x100
DIRECT = 0xFFFF880000000000


class Contest:
    """Cores at the start of `lock_loop`: each takes the lock and adds one to a counter, over and over."""

    def __init__(self, cores: int, rounds: int) -> None:
        self.machine = IpcMachine(cores=cores)
        self.lock = self.machine.ram.allocate(64)
        self.counter = self.machine.ram.allocate(64)
        self.words: Counter[int] = Counter()
        for core in self.machine.cores:
            core.start("lock_loop", DIRECT + self.lock, DIRECT + self.counter, rounds)

    @property
    def word(self) -> int:
        return self.machine.ram.get(self.lock, 4)

    def step(self, core: Core) -> None:
        core.step()
        self.words[self.word] += 1

    def until(self, core: Core, word: int, limit: int = 200) -> None:
        """Step one core until the lock word has a value."""
        while self.word != word:
            assert limit, f"the lock word is {self.word:#x}, not {word:#x}"
            limit -= 1
            self.step(core)

    def nodes_idle(self) -> bool:
        return all(core.area.inner("mcs_nodes", "mcs_spinlock")["count"] == 0 for core in self.machine.cores)


def tail(core: int) -> int:
    return (core + 1) << 18


@pytest.mark.parametrize(("cores", "rounds"), [(1, 20), (2, 40), (3, 30), (5, 16), (8, 8)])
@pytest.mark.parametrize("seed", [1, 2])
def test_mutual_exclusion_and_no_waiter_is_left_behind(cores: int, rounds: int, seed: int) -> None:
    contest = Contest(cores, rounds)
    source = random.Random(seed)
    running = list(contest.machine.cores)
    while running:
        core = source.choice(running)
        for _ in range(source.choice((1, 1, 2, 3, 20))):
            contest.step(core)
            if core.finished:
                running.remove(core)
                break
    assert contest.machine.ram.get(contest.counter) == cores * rounds
    assert contest.word == 0
    assert contest.nodes_idle()
    if cores >= 3:
        tails = {word >> 16 for word in contest.words} - {0}
        assert tails == {(core + 1) << 2 for core in range(cores)}, "every core has been at the tail"
        assert any(word & 0xFFFF == LOCKED | PENDING for word in contest.words)


def test_every_transition_in_order() -> None:
    contest = Contest(4, 1)
    a, b, c, d = contest.machine.cores
    contest.until(a, LOCKED)
    contest.until(b, LOCKED | PENDING)
    contest.until(c, LOCKED | PENDING | tail(2))
    contest.until(d, LOCKED | PENDING | tail(3))
    node = c.area.inner("mcs_nodes", "mcs_spinlock")
    for _ in range(40):
        contest.step(d)
    assert node["next"] == d.area.address("mcs_nodes"), "d has linked itself behind c"
    assert d.area.inner("mcs_nodes", "mcs_spinlock")["locked"] == 0
    contest.until(a, PENDING | tail(3))
    contest.until(b, LOCKED | tail(3))  # the pending waiter first
    contest.until(b, tail(3))
    contest.until(c, LOCKED | tail(3))  # head of the queue: d is behind it
    contest.until(c, tail(3))
    assert d.area.inner("mcs_nodes", "mcs_spinlock")["locked"] == 1
    contest.until(d, LOCKED)  # the last: its tail goes with the claim
    contest.until(d, 0)
    assert contest.machine.ram.get(contest.counter) == 4


def test_an_arrival_during_the_hand_over_of_the_pending_waiter_waits_for_it() -> None:
    contest = Contest(3, 1)
    a, b, c = contest.machine.cores
    contest.until(a, LOCKED)
    contest.until(b, LOCKED | PENDING)
    contest.until(a, PENDING)
    for _ in range(30):  # c sees 0,1,0: neither free nor worth a queue node
        contest.step(c)
    assert contest.word == PENDING
    contest.until(b, LOCKED)
    contest.until(c, LOCKED | PENDING)
    contest.until(b, PENDING)
    contest.until(c, LOCKED)


def test_a_lock_freed_while_the_node_was_prepared_is_taken_without_queueing() -> None:
    contest = Contest(3, 1)
    a, b, c = contest.machine.cores
    contest.until(a, LOCKED)
    contest.until(b, LOCKED | PENDING)
    while c.area.inner("mcs_nodes", "mcs_spinlock")["count"] == 0:
        contest.step(c)
    contest.until(a, PENDING)
    contest.until(b, LOCKED)
    contest.until(b, 0)
    contest.until(c, LOCKED)
    contest.until(c, 0)
    assert contest.nodes_idle()


def test_fast_paths_and_interrupt_flag() -> None:
    machine = IpcMachine(counted=True)
    core = machine.cores[0]
    lock = DIRECT + machine.ram.allocate(64)
    core.call("_raw_spin_lock", lock)
    assert core.executed["_raw_spin_lock"] == 6
    machine.put(lock, 0, 4)
    flags = core.call("_raw_spin_lock_irqsave", lock)
    assert core.executed["_raw_spin_lock_irqsave"] == 12
    assert flags & 0x200
    assert not core.uc.reg_read(x86.UC_X86_REG_RFLAGS) & 0x200
    assert machine.get(lock, 4) == LOCKED
    core.call("_raw_spin_unlock_irqrestore", lock, flags)
    assert core.executed["_raw_spin_unlock_irqrestore"] == 4
    assert core.uc.reg_read(x86.UC_X86_REG_RFLAGS) & 0x200
    assert machine.get(lock, 4) == 0


def test_irqsave_waits_for_its_turn() -> None:
    machine = IpcMachine(cores=2)
    lock = DIRECT + machine.ram.allocate(64)
    machine.cores[0].call("_raw_spin_lock", lock)
    waiter = machine.cores[1]
    waiter.start("_raw_spin_lock_irqsave", lock)
    for _ in range(60):
        waiter.step()
    assert machine.get(lock, 4) == LOCKED | PENDING
    machine.put(lock, 0, 1)
    waiter.run()
    assert waiter.result & 0x200
    assert machine.get(lock, 4) == LOCKED
