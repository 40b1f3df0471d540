"""A schedule's steps in words: who did what to which shared word, a column a core."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from emu.explore.records import DRAIN, INTERRUPT, KINDS
from emu.image import Image
from emu.native import MASK64
from emu.trace.header import TraceHeader
from emu.trace.words import short_value

VERBS = {(False, False): "reads", (True, False): "stores", (True, True): "shows"}


@dataclass(frozen=True, slots=True)
class Act:
    """One step of a core."""

    core: int
    task: int
    routine: str  # with the offset in it
    words: str  # what it does: `stores r_msg = 0x1`
    times: int = 1
    source: str = ""  # file:line


@dataclass(frozen=True, slots=True)
class Interleaving:
    """The steps that matter, in their order; `left_out`: those before them."""

    acts: tuple[Act, ...]
    left_out: int = 0


def place_of(image: Image, core: int, pc: int) -> str:
    """A core's place in its program."""
    at = pc & MASK64
    routine = image.routine_at(at)
    return f"core {core} at {routine.name}+{at - routine.address:#x}" if routine else f"core {core} at {at:#x}"


def source_of(image: Image, pc: int) -> str:
    """File and line of an instruction, in brackets; nothing where they are not known."""
    file, line = image.lines.get(pc & MASK64, ("", 0))
    return f" ({file}:{line})" if file else ""


def interleaving(choices: np.ndarray, header: TraceHeader, sources: Mapping[int, tuple[str, int]], last: int = 40) -> Interleaving:
    """Steps by which cores meet, taken together where they repeat: the last of them, and how many came before."""
    acts: list[Act] = []
    for each in choices[_meeting(choices)]:
        act = _act(each, header, sources)
        if acts and (acts[-1].core, acts[-1].routine, acts[-1].words) == (act.core, act.routine, act.words):
            acts[-1] = replace(act, times=acts[-1].times + 1)
        else:
            acts.append(act)
    return Interleaving(tuple(acts[-last:]), max(len(acts) - last, 0))


def _meeting(choices: np.ndarray) -> list[int]:
    """Places of the steps that touch a word just before or behind another core, one of the two changing it; and the last one.

    Interrupts are among them, and what a core does first for another task than before.
    """
    found = {len(choices) - 1} if len(choices) else set()
    before: dict[int, int] = {}
    task_on: dict[int, int] = {}
    for place, each in enumerate(choices):
        core, kind = divmod(int(each["agent"]), KINDS)
        if kind == INTERRUPT or (kind != DRAIN and task_on.setdefault(core, int(each["task"])) != each["task"]):
            found.add(place)
        if kind != DRAIN:
            task_on[core] = int(each["task"])
        if each["address"] < 0:
            continue
        word = int(each["address"]) >> 3
        if word in before:
            other = choices[before[word]]
            if int(other["agent"]) // KINDS != int(each["agent"]) // KINDS and (other["writes"] or each["writes"]):
                found |= {before[word], place}
        before[word] = place
    return sorted(found)


def _act(each: np.void, header: TraceHeader, sources: Mapping[int, tuple[str, int]]) -> Act:
    agent, pc = int(each["agent"]), int(each["pc"]) & MASK64
    core, kind = divmod(agent, KINDS)
    name, offset = header.symbol_at(pc)
    routine = f"{name}+{offset:#x}"
    file, line = sources.get(pc, ("", 0))
    place = f"{file}:{line}" if file else ""
    if kind == INTERRUPT:
        return Act(core, int(each["task"]), routine, "takes an interrupt", source=place)
    if each["address"] < 0:  # not known before it is made
        return Act(core, int(each["task"]), routine, f"t{int(each['task']) + 1} goes on", source=place)
    what = header.object_at(int(each["address"]))
    verb = VERBS[bool(each["writes"]), kind == DRAIN]
    words = f"{verb} {what} = {short_value(int(each['value']) & MASK64)}"
    return Act(core, int(each["task"]), "" if kind == DRAIN else routine, words, source="" if kind == DRAIN else place)
