"""The loops of the instruction table: every row that the guest uses has one, and each loop is made of that row's instruction."""

import pytest

from emu.assembly.assembler import TEXT_VIRTUAL, assemble_variant
from emu.assembly.variants import variants
from emu.calibrate.instruction_loops import FORMS, UNMEASURED, loops, name_of
from emu.calibrate.routine import assemble
from emu.description import load_machine, machine_names
from emu.isa import decode
from emu.isa.decode import decode_bytes
from emu.timing.costs import row_of

A10 = load_machine("a10-7800").instructions
# A branch that is taken, or fused with a comparison, is no instruction of its own: the engine tells by what it does.
SAME_INSTRUCTION = dict.fromkeys(
    ("Jcc imm (taken)", "CMP|TEST+Jcc (fused and not taken)", "CMP|TEST+Jcc (fused and taken)"), "Jcc imm"
)


@pytest.fixture(scope="module")
def guest():
    """Every instruction of every variant."""
    programs = [*((each, "none") for each in variants()), ("wakeq", "rt")]
    return [each for program in programs for each in decode(assemble_variant(*program)).values()]


@pytest.mark.parametrize("machine", machine_names())
def test_every_row_of_the_guest_is_measured_or_says_why_not(machine, guest):
    table = load_machine(machine).instructions
    rows = {row_of(each, table).name for each in guest}
    assert rows - FORMS.keys() - UNMEASURED.keys() == set()


@pytest.mark.parametrize("machine", machine_names())
def test_a_row_is_either_measured_or_not(machine):
    table = load_machine(machine).instructions
    assert not FORMS.keys() & UNMEASURED.keys()
    assert all(table.row(name) is not None for name in (*FORMS, *UNMEASURED))


def test_a_loop_repeats_an_instruction_of_its_row():
    found = {each.name: each for each in loops(A10)}
    text = assemble([each.routine for each in found.values()], TEXT_VIRTUAL)
    places = {each.name: each for each in text.routines}
    for name, pair in FORMS.items():
        for what, kind in (("latency", pair.latency), ("throughput", pair.throughput)):
            if kind is None:
                continue
            loop = found[name_of(name, what)]
            place = places[loop.routine.name]
            start = place.address - TEXT_VIRTUAL
            decoded = decode_bytes(text.code[start : start + place.size], place.address)
            wanted = 1 if name == "RET" else loop.operations  # all calls come to one return
            rows = [row.name for each in decoded.values() if (row := row_of(each, A10)) is not None]
            assert rows.count(SAME_INSTRUCTION.get(name, name)) >= wanted, loop.name


def test_what_a_loop_takes_off_comes_before_it():
    seen = set()
    for each in loops(A10):
        assert {name for name, _ in each.add} <= seen, each.name
        seen.add(each.name)
    assert len(seen) == sum(kind is not None for pair in FORMS.values() for kind in (pair.latency, pair.throughput))
