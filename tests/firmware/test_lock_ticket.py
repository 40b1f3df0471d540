"""The ticket lock on several cores stepped in random order: mutual exclusion, first come first served, tickets that wrap around."""

import random

import pytest
from unicorn import x86_const as x86

from bench.firmware.ipc_machine import Core, IpcMachine

VARIANT = "baseline-ticket"
DIRECT = 0xFFFF880000000000
TICKETS = 0x10000
FIRST_TICKETS = (0, 0xFFF0, 0xFFFF)


def word(head: int, tail: int) -> int:
    return (tail % TICKETS) << 16 | head % TICKETS


class Contest:
    """Cores at the start of `lock_loop`: each adds one to a counter under the lock, over and over; who drew and had it."""

    def __init__(self, cores: int, rounds: int, first: int = 0) -> None:
        self.machine = IpcMachine(VARIANT, cores)
        self.first = first
        self.lock = self.machine.ram.allocate(64)
        self.counter = self.machine.ram.allocate(64)
        self.machine.ram.put(self.lock, word(first, first), 4)
        self.drawn: list[int] = []
        self.served: list[int] = []
        for core in self.machine.cores:
            core.start("lock_loop", DIRECT + self.lock, DIRECT + self.counter, rounds)

    @property
    def word(self) -> int:
        return self.machine.ram.get(self.lock, 4)

    def step(self, core: Core) -> None:
        before = self.word
        core.step()
        if self.word >> 16 != before >> 16:
            self.drawn.append(core.index)
        if self.word & 0xFFFF != before & 0xFFFF:
            self.served.append(core.index)
        assert self.word == word(self.first + len(self.served), self.first + len(self.drawn))

    def until(self, core: Core, served: int, drawn: int, limit: int = 100) -> None:
        """Step one core until so many tickets are served and drawn."""
        while (len(self.served), len(self.drawn)) != (served, drawn):
            assert limit, f"{self.served} have had the lock, {self.drawn} have drawn a ticket"
            limit -= 1
            self.step(core)


@pytest.mark.parametrize("first", FIRST_TICKETS)
@pytest.mark.parametrize(("cores", "rounds"), [(1, 20), (2, 40), (3, 30), (8, 8)])
@pytest.mark.parametrize("seed", [1, 2])
def test_mutual_exclusion_first_come_first_served(cores: int, rounds: int, seed: int, first: int) -> None:
    contest = Contest(cores, rounds, first)
    source = random.Random(seed)
    running = list(contest.machine.cores)
    while running:
        core = source.choice(running)
        for _ in range(source.choice((1, 1, 2, 3, 20))):
            contest.step(core)
            if core.finished:
                running.remove(core)
                break
    total = cores * rounds
    assert contest.machine.ram.get(contest.counter) == total
    assert contest.word == word(first + total, first + total)
    assert contest.served == contest.drawn, "in the order of their tickets"
    assert {contest.drawn.count(core) for core in range(cores)} == {rounds}


@pytest.mark.parametrize("first", FIRST_TICKETS)
def test_waiters_have_it_in_the_order_of_their_tickets(first: int) -> None:
    contest = Contest(4, 1, first)
    a, b, c, d = contest.machine.cores
    for number, core in enumerate((a, c, d, b), 1):
        contest.until(core, 0, number)
    for _ in range(40):  # the last in the queue may try as long as it likes
        contest.step(b)
    assert contest.machine.ram.get(contest.counter) == 0
    for number, core in enumerate((a, c, d, b), 1):
        contest.until(core, number, 4)
        for _ in range(12):
            contest.step(b if number < 3 else core)
    assert contest.served == [0, 2, 3, 1]
    assert contest.machine.ram.get(contest.counter) == 4


@pytest.mark.parametrize("first", FIRST_TICKETS)
def test_fast_paths_and_interrupt_flag(first: int) -> None:
    machine = IpcMachine(VARIANT, counted=True)
    core = machine.cores[0]
    lock = DIRECT + machine.ram.allocate(64)
    machine.put(lock, word(first, first), 4)
    machine.put(lock + 4, 0x5A5A5A5A, 4)
    core.call("_raw_spin_lock", lock)
    assert core.executed["_raw_spin_lock"] == 7
    assert machine.get(lock, 4) == word(first, first + 1)
    machine.put(lock, word(first + 1, first + 1), 4)
    flags = core.call("_raw_spin_lock_irqsave", lock)
    assert core.executed["_raw_spin_lock_irqsave"] == 10
    assert flags & 0x200
    assert not core.uc.reg_read(x86.UC_X86_REG_RFLAGS) & 0x200
    assert machine.get(lock, 4) == word(first + 1, first + 2)
    core.call("_raw_spin_unlock_irqrestore", lock, flags)
    assert core.uc.reg_read(x86.UC_X86_REG_RFLAGS) & 0x200
    assert machine.get(lock, 4) == word(first + 2, first + 2)
    assert machine.get(lock + 4, 4) == 0x5A5A5A5A, "what lies behind the lock is not touched"


def test_irqsave_waits_for_its_turn() -> None:
    machine = IpcMachine(VARIANT, cores=2)
    lock = DIRECT + machine.ram.allocate(64)
    machine.cores[0].call("_raw_spin_lock", lock)
    waiter = machine.cores[1]
    waiter.start("_raw_spin_lock_irqsave", lock)
    for _ in range(60):
        waiter.step()
    assert not waiter.finished
    assert machine.get(lock, 4) == word(0, 2)
    machine.put(lock, 1, 2)
    waiter.run()
    assert waiter.result & 0x200
    assert not waiter.uc.reg_read(x86.UC_X86_REG_RFLAGS) & 0x200
    assert machine.get(lock, 4) == word(1, 2)
