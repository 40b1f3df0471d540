"""Which ways branches go, as the engine notes it, against the order of instructions in the trace."""

from itertools import pairwise

import numpy as np
import pytest

from bench.engine import small_machine
from emu.engine import records as rec
from emu.isa.instruction import Branch
from emu.trace.record import Kind


@pytest.mark.parametrize(("scenario", "cores"), [("locked_counter", 3), ("private_work", 1), ("racing_counter", 2)])
def test_outcomes_are_those_of_the_trace(scenario: str, cores: int) -> None:
    machine = small_machine.make(small_machine.program(scenario), cores, trace=True)
    machine.record_branches()
    assert small_machine.drive(machine) == rec.RUN_DONE
    text = machine.text
    moved = text.image.text.virtual - text.kernel_base  # the text lies at its physical address
    wanted = np.zeros_like(machine.branch_outcomes)
    records = machine.trace[: int(machine.record["tracing"]["count"][0])]
    retired = records[records["kind"] == Kind.INSTRUCTION]
    for core in range(cores):
        pcs = [int(pc) for pc in retired["pc"][retired["core"] == core]]
        for pc, following in pairwise(pcs):
            each = text.decoded[pc + moved]
            if each.branch == Branch.CONDITIONAL:
                assert following + moved in (each.next, each.target)
                wanted[pc - text.kernel_base] |= rec.NOT_TAKEN if following + moved == each.next else rec.TAKEN
    assert wanted.any()
    assert machine.branch_outcomes.tolist() == wanted.tolist()


def test_noting_them_changes_nothing() -> None:
    plain, noted = (small_machine.make(small_machine.program("locked_counter"), 3) for _ in range(2))
    noted.record_branches()
    assert small_machine.drive(plain) == small_machine.drive(noted) == rec.RUN_DONE
    assert small_machine.summary(plain) == small_machine.summary(noted)
    assert len(plain.branch_outcomes) == 0
