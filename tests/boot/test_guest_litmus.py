"""x86-TSO as programs of a guest see it: on the cores of a real kernel litmus tests show all that is allowed, and nothing else."""

from pathlib import Path

import pytest

from bench.boot.litmus_program import THREADS, allowed, seen, write_litmus
from emu.boot.ending import End
from emu.boot.marks import parse_mark
from emu.boot.run import Watchers, boot
from emu.boot.spec import BootSpec
from emu.description import load_machine
from emu.subjects.kernel.detail import RegionSpec, run_detail

ROUNDS = {"IRIW": 1200, "MP": 200, "SB": 200, "SB+mfences": 200}
MORE = ("IRIW", "4.SB", "ISA2", "RWC", "WRC", "3.SB", "LB", "MP", "MP+sfence+lfence", "SB", "SB+mfences")
BEGIN = parse_mark("--from", "work_begin")


@pytest.fixture(scope="module", autouse=True)
def cache(boots_apart: None) -> None:
    """Both gears begin from one boot."""


def spec_of(vmlinux: Path, folder: Path, rounds: dict[str, int]) -> BootSpec:
    return BootSpec(kernel=vmlinux, cpus=THREADS, program=write_litmus(folder, rounds))


def outcomes(console: bytes, rounds: dict[str, int]) -> dict[str, set[int]]:
    """Those of each test, each round counted."""
    found = seen(console)
    assert {name: sum(found[name].values()) for name in found} == rounds
    return {name: set(found[name]) for name in found}


def in_detail(spec: BootSpec, rounds: dict[str, int]) -> dict[str, set[int]]:
    found = run_detail(spec, RegionSpec(BEGIN), load_machine(spec.machine), Watchers())
    assert (found.boot.ended.how, found.boot.ended.status) == (End.EXITED, 0)
    assert found.detail is not None
    assert found.detail.measured.counts["unordered"] == 0
    return outcomes(found.boot.console, rounds)


def test_cores_of_a_guest_show_exactly_what_x86_tso_allows(vmlinux: Path, tmp_path: Path) -> None:
    """A store that passes a load is among it; not so in the fast gear, which has no store buffers."""
    spec = spec_of(vmlinux, tmp_path, ROUNDS)
    assert in_detail(spec, ROUNDS) == {name: allowed(name, "tso") for name in ROUNDS}
    fast = outcomes(boot(spec, Watchers()).console, ROUNDS)
    assert all(fast[name] <= allowed(name, "sc") for name in ROUNDS)
    assert allowed("SB", "sc") < allowed("SB", "tso")


@pytest.mark.deep
def test_more_shapes_in_longer_runs_show_exactly_that(vmlinux: Path, tmp_path: Path) -> None:
    rounds = dict.fromkeys(MORE, 6000)
    assert in_detail(spec_of(vmlinux, tmp_path, rounds), rounds) == {name: allowed(name, "tso") for name in MORE}
