"""Figures by key: found in any section, changed within what the schema allows."""

from typing import Annotated

import pytest
from pydantic import Field, create_model

from emu.compare.sensitivity import half_and_half_more
from emu.description import Figure, MachineFile, load_machine
from emu.description.machine_file import Latencies
from emu.errors import UserError
from emu.run.experiment import prepare, run
from emu.run.experiment_spec import Experiment
from emu.run.overrides import allowed, apply_overrides, figures, parse_override

MACHINE = load_machine("a10-7800")


def test_every_figure_of_the_file_has_a_key():
    known = figures(MACHINE)
    assert known["latencies.remote_line"] is MACHINE.latencies.remote_line
    assert known["store_buffer.depth"] is MACHINE.store_buffer.depth
    assert {f"latencies.{name}" for name in Latencies.model_fields} <= set(known)
    assert not any(key.startswith(("topology", "l1d", "l2.", "cpuid")) for key in known)


def test_a_new_section_is_walked_without_being_named():
    grown = create_model("Grown", __base__=MachineFile, core=(Latencies, ...))
    machine = grown.model_validate({**MACHINE.model_dump(), "core": MACHINE.latencies.model_dump()})
    assert "core.mispredict" in figures(machine)


def test_bounds_are_those_of_the_schema():
    known = figures(MACHINE)
    assert allowed(known["latencies.l2_hit"]) == range(10**9 + 1)
    assert allowed(known["latencies.ipi_flight"]) == range(1, 10**9 + 1)
    assert allowed(known["store_buffer.depth"]) == range(1, 129)


class Fours(Figure):
    value: Annotated[int, Field(ge=1, le=30, multiple_of=4)]


class Branchy(MachineFile):
    branches: Fours


def test_a_multiple_is_kept():
    branches = {"value": 8, "source": "made up", "confidence": "low"}
    machine = Branchy.model_validate({**MACHINE.model_dump(), "branches": branches})
    assert allowed(machine.branches) == range(4, 31, 4)
    assert half_and_half_more(machine.branches) == (4, 12)
    assert half_and_half_more(Fours(value=12, source="made up", confidence="low")) == (4, 20)
    with pytest.raises(UserError, match="branches must be 4 to 28, a multiple of 4, not 6"):
        apply_overrides(machine, (("branches", 6),))


def test_only_what_was_set_is_changed():
    changed = apply_overrides(MACHINE, (("latencies.remote_line", 700), ("store_buffer.depth", 3)))
    assert changed.latencies.remote_line.value == 700
    assert "in place of" in changed.latencies.remote_line.source
    values = {key: each.value for key, each in figures(changed).items()}
    assert values == {key: each.value for key, each in figures(MACHINE).items()} | {
        "latencies.remote_line": 700,
        "store_buffer.depth": 3,
    }
    assert changed.cpuid == MACHINE.cpuid
    assert apply_overrides(MACHINE, ()) is MACHINE


@pytest.mark.parametrize(
    ("override", "words"),
    [
        (("latencies.remote_lin", 4), "the nearest (is|are) latencies.remote_line"),
        (("store_bufer.depth", 4), "the nearest (is|are) store_buffer.depth"),
        (("mispredict", 4), "latencies.mispredict"),
        (("latencies", 4), "has no figure 'latencies'"),
        (("zzz", 4), "they are clock_hz, latencies.l1_hit.*instructions.ROW.COLUMN: `emu machines show NAME --instructions`"),
        (("instructions.pausee.latency", 4), "the nearest (is|are) instructions.pause.latency"),
        (("instructions.pause.latency", 10_001), "instructions.pause.latency must be 0 to 10000, not 10001"),
        (("store_buffer.depth", 4.5), "store_buffer.depth must be 1 to 128, not 4.5"),
        (("store_buffer.depth", 129), "store_buffer.depth must be 1 to 128, not 129"),
        (("latencies.ipi_flight", 0), "must be 1 to 1000000000, not 0"),
    ],
)
def test_refused(override, words):
    with pytest.raises(UserError, match=words):
        apply_overrides(MACHINE, (override,))


def test_parse():
    assert parse_override("latencies.remote_line=4_00") == ("latencies.remote_line", 400)
    assert parse_override("instructions.nop_endbr64.recip_throughput=0.5") == ("instructions.nop_endbr64.recip_throughput", 0.5)
    for text in ("x", "x=", "=4", "x=4.", "x=-1", "x=1e3", "x=٣"):
        with pytest.raises(UserError, match="KEY=VALUE"):
            parse_override(text)


def test_a_run_feels_it_and_says_so():
    plain = run(Experiment(messages=40))
    slow = run(Experiment(messages=40, overrides=(("latencies.halt_exit", 20_000), ("latencies.remote_line", 900))))
    assert slow.messages_per_second < 0.7 * plain.messages_per_second
    assert slow.to_dict()["overrides"] == {"latencies.halt_exit": 20_000, "latencies.remote_line": 900}
    assert plain.to_dict()["overrides"] == {}
    same = run(Experiment(messages=40, overrides=(("latencies.remote_line", MACHINE.latencies.remote_line.value),)))
    assert same.trace_digest == plain.trace_digest


def test_every_cost_of_an_instruction_has_a_key():
    """All rows that an instruction may be given, all columns that they state; and the machine's text is made anew."""
    table = MACHINE.instructions
    wanted = {f"instructions.{row.key}.{name}" for row in table.rows if not row.is_note for name in row.figures}
    assert {key for key in figures(MACHINE) if key.startswith("instructions.")} == wanted
    changed = apply_overrides(MACHINE, (("instructions.pause.latency", 140), ("instructions.nop_endbr64.recip_throughput", 0.5)))
    assert changed.instructions.row("PAUSE").latency.value == 140
    assert changed.instructions.row("NOP|ENDBR64").recip_throughput.value == 0.5
    assert changed.costs != MACHINE.costs
    assert apply_overrides(MACHINE, (("latencies.halt_exit", 1),)).costs == MACHINE.costs


def test_pause_is_a_figure_of_the_machine():
    """It holds a core up for as long as its latency says: what loops on it waits longer."""
    cycles = [
        run(Experiment(variant="baseline", threads=8, messages=40, overrides=(("instructions.pause.latency", pause),))).cycles
        for pause in (4, 140)
    ]
    assert cycles[0] != cycles[1]


def test_prepare_refuses_an_unknown_key():
    with pytest.raises(UserError, match="has no figure"):
        prepare(Experiment(overrides=(("latencies.nonesuch", 1),)))
