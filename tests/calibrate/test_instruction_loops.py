"""The loops of the instruction table: every row that the guest uses has one, and each loop is made of that row's instruction."""

import pytest

from emu.assembly.assembler import TEXT_VIRTUAL, assemble_variant
from emu.assembly.variants import variants
from emu.calibrate.instruction_loops import FORMS, UNMEASURED, loops, name_of
from emu.calibrate.routine import assemble
from emu.isa import decode
from emu.isa.decode import decode_bytes
from emu.timing.costs import row_of, table

# A branch that is taken, or fused with a comparison, is no instruction of its own: the engine tells by what it does.
SAME_INSTRUCTION = {
    ("Jcc", "taken (BTB L1 hit)"): ("Jcc", "not taken"),
    ("CMP|TEST+Jcc", "fused, not taken"): ("Jcc", "not taken"),
    ("CMP|TEST+Jcc", "fused, taken"): ("Jcc", "not taken"),
}


@pytest.mark.parametrize(("variant", "preempt"), [*((each, "none") for each in variants()), ("wakeq", "rt")])
def test_every_row_of_the_guest_is_measured_or_says_why_not(variant, preempt):
    rows = {row_of(each) for each in decode(assemble_variant(variant, preempt)).values()}
    assert rows - FORMS.keys() - UNMEASURED.keys() == set()


def test_a_row_is_either_measured_or_not():
    assert not FORMS.keys() & UNMEASURED.keys()
    assert not (FORMS.keys() | UNMEASURED.keys()) - table().keys()


def test_a_loop_repeats_an_instruction_of_its_row():
    found = {each.name: each for each in loops()}
    text = assemble([each.routine for each in found.values()], TEXT_VIRTUAL)
    places = {each.name: each for each in text.routines}
    for key, pair in FORMS.items():
        for what, kind in (("latency", pair.latency), ("throughput", pair.throughput)):
            if kind is None:
                continue
            loop = found[name_of(key, what)]
            place = places[loop.routine.name]
            start = place.address - TEXT_VIRTUAL
            decoded = decode_bytes(text.code[start : start + place.size], place.address)
            wanted = 1 if key == ("RET", "") else loop.operations  # all calls come to one return
            assert sum(row_of(each) == SAME_INSTRUCTION.get(key, key) for each in decoded.values()) >= wanted, loop.name


def test_what_a_loop_takes_off_comes_before_it():
    seen = set()
    for each in loops():
        assert {name for name, _ in each.add} <= seen, each.name
        seen.add(each.name)
    assert len(seen) == sum(kind is not None for pair in FORMS.values() for kind in (pair.latency, pair.throughput))
