"""The regression tests to take away: in `wakeq` the receiver's busy loop is gone, in `baseline` it is there.

Asserted three times: on the run, on the trace and on the control-flow graph of the assembled bytes.
"""

from functools import cache
from pathlib import Path

import pytest

from emu.assembly import assemble_variant
from emu.image import Image
from emu.isa import Instruction, decode
from emu.isa.flow import cycle_without
from emu.run.experiment import run
from emu.run.experiment_spec import Experiment, Stall
from emu.run.result import RunResult
from emu.trace.file import TraceFile
from emu.trace.record import Kind

SLEEP_OR_LOCK = ("schedule", "_raw_spin_lock", "queued_spin_lock_slowpath")
STALLS = [(), (Stall("handoff_window", 20_000, 10),), (Stall("handoff_window", 3_000, 1),)]


@cache
def image_of(variant: str) -> tuple[Image, dict[int, Instruction]]:
    image = assemble_variant(variant)
    return image, decode(image)


@cache
def run_of(variant: str, stalls: tuple[Stall, ...], tick_hz: int = 0) -> RunResult:
    return run(Experiment(variant=variant, messages=200, stalls=stalls, tick_hz=tick_hz))


def loads_of_r_msg(image: Image) -> list[int]:
    return [mark.address for mark in image.marks if mark.kind == "load" and mark.name == "r_msg"]


@pytest.mark.parametrize(("variant", "loops"), [("baseline", True), ("wakeq", False)])
def test_control_flow(variant: str, loops: bool) -> None:
    image, decoded = image_of(variant)
    loads = loads_of_r_msg(image)
    assert loads, "the receive path must load r_msg"
    assert bool(cycle_without(image, decoded, "do_msgrcv", loads, SLEEP_OR_LOCK)) == loops


def test_only_pauses_and_the_load_are_in_the_loop() -> None:
    image, decoded = image_of("baseline")
    way = cycle_without(image, decoded, "do_msgrcv", loads_of_r_msg(image), SLEEP_OR_LOCK)
    assert any(decoded[address].mnemonic == "pause" for address in way)
    assert len(way) <= 6


@pytest.mark.parametrize("stalls", STALLS)
@pytest.mark.parametrize("tick_hz", [0, 20_000])
def test_wakeq_never_spins(stalls: tuple[Stall, ...], tick_hz: int) -> None:
    spin = run_of("wakeq", stalls, tick_hz).message_spin
    assert (spin.entries, spin.iterations, spin.cycles) == (0, 0, 0)


def test_baseline_spins_when_the_waker_is_held_up() -> None:
    disturbed, undisturbed = run_of("baseline", STALLS[1]), run_of("baseline", ())
    assert disturbed.message_spin.entries > 0
    assert disturbed.message_spin.iterations > 10 * disturbed.message_spin.entries
    assert disturbed.cycles_by_state.message_spin > 0
    assert undisturbed.message_spin.iterations < disturbed.message_spin.iterations / 10


@pytest.mark.parametrize("variant", ["baseline", "wakeq"])
def test_trace_says_the_same(variant: str, tmp_path: Path) -> None:
    path = tmp_path / "run.trace"
    result = run(Experiment(variant=variant, messages=60, stalls=STALLS[1], trace=path))
    begins = sum(int((chunk["kind"] == Kind.SPIN_BEGIN).sum()) for chunk in TraceFile(path).chunks())
    assert begins == result.message_spin.entries
    assert (begins > 0) == (variant == "baseline")
