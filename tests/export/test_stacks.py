"""Cycles, transfers and waits by call stack: their sums are those of the report and of the trace, and the chains are right."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from bench.export.lines import moved_lines
from emu.export.stacks import ENTERED, HALTED, Weight
from emu.trace.record import Kind, Transfer

SCHEMA = Path(__file__).parent / "speedscope" / "file-format-schema.json"  # of speedscope 1.25.0, as it comes with it
Sums = Counter[tuple[str, ...]]


def folded(text: str) -> Sums:
    rows = [line.rpartition(" ") for line in text.splitlines()]
    found = Counter({tuple(stack.split(";")): int(weight) for stack, _, weight in rows})
    assert len(found) == len(rows), "each stack stands there once"
    return found


def speedscope(text: str) -> Sums:
    content = json.loads(text)
    Draft7Validator(json.loads(SCHEMA.read_text())).validate(content)
    (profile,) = content["profiles"]
    assert (profile["type"], profile["unit"], profile["startValue"]) == ("sampled", "none", 0)
    assert profile["endValue"] == sum(profile["weights"])
    names = [frame["name"] for frame in content["shared"]["frames"]]
    stacks = [tuple(names[frame] for frame in sample) for sample in profile["samples"]]
    return Counter(dict(zip(stacks, profile["weights"], strict=True)))


@pytest.fixture(scope="module", params=(folded, speedscope))
def sums(request, traced, tmp_path_factory) -> dict[Weight, Sums]:
    folder = tmp_path_factory.mktemp("stacks")
    return {
        weight: request.param(traced.export(request.param.__name__, folder / weight.value, weight=weight).read_text())
        for weight in Weight
    }


def test_cycles_are_all_that_there_are(sums, traced):
    assert sum(sums[Weight.CYCLES].values()) == traced.result.cores * traced.result.cycles
    halted = sum(cycles for stack, cycles in sums[Weight.CYCLES].items() if stack[-1] == HALTED)
    assert 0 < halted <= traced.result.cycles_by_state.idle
    entered = sum(cycles for stack, cycles in sums[Weight.CYCLES].items() if stack[-1] == ENTERED)
    assert 0 < entered <= traced.result.cycles_by_state.interrupt


def test_waits_are_those_of_the_report(sums, traced):
    assert sum(sums[Weight.WAIT].values()) == sum(use.wait_cycles for use in traced.result.locks.values()) > 0
    assert any("do_msgrcv" in stack for stack in sums[Weight.WAIT])


def test_transfers_are_those_of_the_report(sums, traced):
    moved = moved_lines(asdict(traced.result.coherence))
    assert sum(sums[Weight.TRANSFERS].values()) == sum(moved.values()) - moved[Transfer.MEMORY_READ] > 0


def test_what_a_routine_costs_is_charged_to_it(sums, traced):
    """The innermost routine of each stack is where the instructions are."""
    records = traced.trace.records()
    instructions = records[records["kind"] == int(Kind.INSTRUCTION)]
    wanted = Counter[str]()
    for pc, cost in zip(instructions["pc"].tolist(), instructions["cost"].tolist(), strict=True):
        wanted[traced.trace.header.symbol_at(pc)[0]] += cost
    found = Counter[str]()
    for stack, cycles in sums[Weight.CYCLES].items():
        if not stack[-1].startswith("["):
            found[stack[-1]] += cycles
    assert {name: cycles for name, cycles in found.items() if cycles != wanted[name]} == {}


def test_the_kernel_is_entered_from_the_program_and_interrupts_lie_on_top(sums):
    stacks = list(sums[Weight.CYCLES])
    within = [stack for stack in stacks if stack[-1] == "do_msgsnd"]
    assert within
    assert all(stack[0].startswith("pmsg/") and stack[1] == "pmsg_shared" and "entry_SYSCALL_64" in stack for stack in within)
    assert any("reschedule_interrupt" in stack and stack[0] == "idle" for stack in stacks)
    assert max(map(len, stacks)) < 30, "what is called returns"
