"""Deadlock: every core is halted or waits for a spin lock, and only a core that runs could wake one or release the other."""

import numpy as np

from emu.engine import records as rec
from emu.native import NEVER
from emu.run.stuck.facts import DEADLOCK, Stuck, TaskFacts, listed, sentence
from emu.run.stuck.view import View

NO_LOCK = -1
WAIT_CYCLES = 2_000_000  # longer than an interrupt is on its way; who is only held up, however long, does not wait


def find_deadlock(view: View, wait_cycles: int = WAIT_CYCLES) -> Stuck | None:
    """Whether no core can go on any more."""
    if not all(_waits(core, view.ticks, wait_cycles) for core in view.wired.machine.cores):
        return None
    words = tuple(_lock_words(view, index) for index in sorted({_lock(core) for core in view.wired.machine.cores} - {NO_LOCK}))
    if not words:
        words = ("all cores are halted, and no interrupt is on its way that would wake one",)
    missed = tuple(f"{task.task} waits for {task.waits_for}: it is there, and {task.task} was not woken" for task in _missed(view))
    return Stuck(
        kind=DEADLOCK,
        summary=f"deadlock: {words[0]}",
        words=tuple(map(sentence, (*words, *missed))),
        tasks=view.tasks,
        cores=view.cores,
    )


def _waits(core: np.void, ticks: bool, wait_cycles: int) -> bool:
    if core["status"] != rec.RUNNING:
        return ticks or int(core["irq"]["at"]) >= NEVER  # what wakes it is the timer, or nothing
    depth = int(core["wait"]["depth"])
    return depth > 0 and int(core["clock"]) - int(core["wait"]["start"][depth - 1]) >= wait_cycles


def _lock(core: np.void) -> int:
    """The spin lock that a core waits for."""
    return int(core["wait"]["lock"][core["wait"]["depth"] - 1]) if core["wait"]["depth"] else NO_LOCK


def _lock_words(view: View, index: int) -> str:
    """Who waits for a lock and for how long, and why it will never be released."""
    cores = [core for core in view.wired.machine.cores if _lock(core) == index]
    waiters = [view.cores[int(core["index"])].task for core in cores]
    cycles = max(int(core["clock"]) - int(core["wait"]["start"][core["wait"]["depth"] - 1]) for core in cores)
    wait = f"{listed(waiters)} {'wait' if len(waiters) > 1 else 'waits'} for {view.lock_name(index)}"
    holder = view.holder(index)
    if not holder:
        return f"{wait}, for up to {cycles:,} cycles, and nobody holds it"
    own = " and waits for it itself" if holder in waiters else f", {_state_of(view, holder)}"
    return f"{wait}, for up to {cycles:,} cycles; {holder} has held it since {view.held_since(index)}{own}"


def _state_of(view: View, name: str) -> str:
    """What the holder of a lock is doing, at the end of a sentence about it."""
    for task in view.tasks:
        if task.task == name:
            return f"and is {task.state}" + (f", waiting for {task.waits_for}" if task.waits_for else "")
    return "between two tasks"


def _missed(view: View) -> list[TaskFacts]:
    return [view.facts(each) for each in view.standings if each.asleep and each.waiting.missed]
