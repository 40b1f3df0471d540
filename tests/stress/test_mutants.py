"""Each fault put into the memory layer is found within a few thousand operations and reduced to a handful."""

import json
import subprocess
import sys
from typing import Any

import pytest

from bench.processes import environment
from bench.stress import mutants
from emu.stress.case import Shape, machine_file
from emu.stress.operations import random_case
from emu.stress.text import parse

HANDFUL = 6


@pytest.fixture(scope="module")
def answers() -> dict[str, dict[str, Any]]:
    process = subprocess.run(
        [sys.executable, "-m", "bench.stress.mutants"],
        env=environment(NUMBA_DISABLE_JIT="1"),
        stdout=subprocess.PIPE,
        text=True,
        timeout=300,
        check=True,
    )
    lines = [json.loads(line) for line in process.stdout.splitlines()]
    return {line.pop("name"): line for line in lines}


@pytest.mark.parametrize("mutant", [mutant.__name__ for mutant in mutants.MUTANTS])
def test_fault_is_found_and_reduced(answers, mutant):
    answer = answers[mutant]
    assert answer["found"] is not None, "not found"
    assert answer["operations"] <= HANDFUL, answer["text"]
    assert answer["same"], "the replayed text fails in another way, or not at all"
    assert answer["mended"], "the reduced case fails with the sound layer too"


def test_crossing_load_sees_its_own_second_line(answers):
    assert answers["crossing"]["words"] == (
        "cycle 1: core 0 at 0x1003e, load of 8 bytes sees 0x8153, x86-TSO allows only 0xf8538153"
    )
    assert parse(mutants.CROSSING, "case").run().violation is None


def test_plain_python_counts_the_same(answers):
    assert answers["plain_round"] == mutants.plain_round()


def test_evictions_meet_pending_stores():
    """The round that plain Python repeats evicts modified lines, and its stores wait long enough to be forwarded."""
    counts = mutants.plain_round()
    assert counts["write_backs"] > 20
    assert counts["forwards"] > 10


def test_atomics_of_every_outcome():
    shape = Shape.of(machine_file(mutants.MACHINE))
    case = random_case(mutants.MACHINE, shape, cores=8, layout_name="hot", lines=2, count=20_000, seed=(7, 7))
    outcome = case.run(check_every=64)
    assert outcome.violation is None
    kinds = case.operations["kind"]
    exchanges = int((kinds == 5).sum())
    assert 0 < outcome.counts["swapped"] < exchanges
    assert outcome.counts["operations"] == 20_000
