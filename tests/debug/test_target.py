"""A machine that is debugged is the same machine, whatever is looked at; and every place of its run can be gone back to."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from emu.boot.ending import End
from emu.boot.hot.looks import ON_ACCESS, ON_CHANGE, ON_TRANSFER
from emu.boot.hot.records import RUNNING
from emu.boot.looks import Watch
from emu.boot.session import Session
from emu.debug.core_registers import pc_of
from emu.debug.debugged import Reason
from emu.debug.target import Target
from emu.elf.symbols import SymbolTable
from emu.engine import env


def never() -> bool:
    return False


def final(session: Session) -> tuple[Any, ...]:
    machine = session.machine
    return machine.ram.digest(), machine.records["count"].tolist(), int(machine.record["now"]), bytes(session.console.content)


def standing(target: Target) -> tuple[Any, ...]:
    cores = target.machine.cores
    return (
        target.position,
        [pc_of(core) for core in cores],
        [core.cpu.get64(env.RSP) for core in cores],
        int(target.machine.record["now"]),
    )


@pytest.fixture(scope="module")
def undisturbed(session: Callable[..., Session]) -> Callable[[int], tuple[Any, ...]]:
    known: dict[int, tuple[Any, ...]] = {}

    def of(quantum: int) -> tuple[Any, ...]:
        if quantum not in known:
            made = session(quantum)
            assert made.run(None, None, never).how == End.EXITED
            known[quantum] = final(made)
        return known[quantum]

    return of


@pytest.mark.parametrize("quantum, steps", [(1000, 25), (150, 12), pytest.param(40, 40, marks=pytest.mark.deep)])
def test_a_run_that_is_looked_at_is_the_run(
    target: Callable[..., Target], undisturbed: Callable[[int], tuple[Any, ...]], symbols: SymbolTable, quantum: int, steps: int
) -> None:
    """150: turns shorter than the longest blocks; 40: turns that cut blocks."""
    chance, debugged, seen = random.Random(quantum), target(quantum), dict[int, tuple[Any, ...]]()
    places = [symbols.address(name) or 0 for name in ("do_msgsnd", "wake_q_add", "schedule", "blake2s_compress")]
    debugged.places = [place + extra for place in places for extra in (0, 4)]
    jiffies = debugged.physical(0, symbols.address("jiffies_64") or 0)
    assert jiffies is not None
    for _ in range(steps):
        debugged.watches = [Watch(ON_ACCESS, jiffies, 8)] if chance.random() < 0.3 else []
        running = [core.index for core in debugged.machine.cores if core.record["status"] == RUNNING]
        match chance.randrange(5):
            case 0:
                debugged.go_on(never)
            case 1:
                debugged.go_back(never)
            case 2 if running:
                debugged.step_back(chance.choice(running), never)
            case _ if running:
                stepped = chance.choice(running)
                count = int(debugged.core(stepped).record["count"])
                if debugged.go_on(never, stepped).reason == Reason.STEP:
                    assert int(debugged.core(stepped).record["count"]) == count + 1
        if debugged.stop.reason == Reason.STEP:
            assert seen.setdefault(debugged.position, standing(debugged)) == standing(debugged)
    debugged.places, debugged.watches = [], []
    while debugged.go_on(never).reason != Reason.END:
        pass
    assert final(debugged.session) == undisturbed(quantum)


def test_back_through_all_breakpoints(target: Callable[..., Target], symbols: SymbolTable) -> None:
    debugged = target()
    debugged.places = [symbols.address("do_msgsnd") or 0]
    seen = []
    while debugged.go_on(never).reason == Reason.PLACE:
        assert pc_of(debugged.core(debugged.stop.core)) == debugged.places[0]
        seen.append((debugged.stop, standing(debugged)))
    assert len(seen) == 8  # two pairs, four rounds
    for each in reversed(seen):
        assert (debugged.go_back(never), standing(debugged)) == each
    assert debugged.go_back(never).reason == Reason.BEGIN
    assert debugged.position == debugged.beginning


def test_a_watched_word_forwards_and_backwards(target: Callable[..., Target], symbols: SymbolTable) -> None:
    """The word that do_msgsnd stores into at do_msgsnd+0x41b, %r15 + 0x30: the receiver's r_msg."""
    debugged = target()
    store = (symbols.address("do_msgsnd") or 0) + 0x41B
    debugged.places = [store]
    core = debugged.go_on(never).core
    address = debugged.core(core).cpu.get64(15 * 8) + 0x30
    physical = debugged.physical(core, address)
    assert physical is not None
    before = debugged.read(core, address, 8)
    debugged.places, debugged.watches = [], [Watch(ON_CHANGE, physical, 8)]
    at = standing(debugged)
    stop = debugged.go_on(never)
    assert (stop.reason, stop.core) == (Reason.WATCH, core)
    assert stop.access is not None and stop.access.pc == store
    assert pc_of(debugged.core(core)) == store + 4
    after = debugged.read(core, address, 8)
    assert after != before
    assert debugged.go_back(never).reason == Reason.WATCH
    assert standing(debugged) == at
    assert debugged.read(core, address, 8) == before
    debugged.go_on(never)
    assert debugged.step_back(core, never).reason == Reason.STEP
    assert standing(debugged) == at


def test_a_line_changes_hands(target: Callable[..., Target], symbols: SymbolTable) -> None:
    debugged = target()
    physical = debugged.physical(0, (symbols.address("jiffies_64") or 0) & ~63)
    assert physical is not None
    debugged.watches = [Watch(ON_TRANSFER, physical, 64)]
    met = []
    while (stop := debugged.go_on(never)).reason == Reason.WATCH:
        assert stop.access is not None and stop.access.holders and stop.core not in stop.access.holders
        met.append((stop.core, stop.access.pc, debugged.position))
    assert met
    for core, pc, position in reversed(met):
        assert debugged.go_back(never).core == core
        assert (pc_of(debugged.core(core)), debugged.position) == (pc, position - 1)


def test_ctrl_c_stops_it_and_a_halted_core_can_be_waited_for(target: Callable[..., Target]) -> None:
    debugged = target()
    assert debugged.go_on(lambda: True).reason == Reason.INTERRUPT
    halted = next(core.index for core in debugged.machine.cores if core.record["status"] != RUNNING)
    assert debugged.go_on(never, halted).reason in (Reason.STEP, Reason.END)


@pytest.mark.deep
def test_a_whole_boot_is_gone_back_in(target: Callable[..., Target]) -> None:
    """Devices are programmed, processors started, code is patched: from any place on the rest is what it was."""
    debugged, chance = target(start="symbol:start_kernel"), random.Random(1)
    assert debugged.go_on(never).reason == Reason.END
    whole = final(debugged.session)
    end = debugged.position
    for _ in range(20):
        debugged.go_to(chance.randrange(debugged.beginning, end))
        assert debugged.go_on(never).reason == Reason.END
        assert final(debugged.session) == whole
