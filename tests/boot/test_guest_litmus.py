"""x86-TSO as programs of a guest see it: on the cores of a real kernel litmus tests show all that is allowed, and nothing else.

The guest's own books of the same run agree with ours (test_books.py has longer ones).
"""

from pathlib import Path

import pytest

from bench.boot.books import BEGIN, KINDS, Region, check_counts, look, spec_around
from bench.boot.litmus_program import THREADS, allowed, seen, write_litmus
from emu.boot.ending import End
from emu.boot.run import Watchers, boot
from emu.boot.spec import BootSpec
from emu.description import load_machine
from emu.subjects.kernel.detail import RegionSpec, run_detail

ROUNDS = {"IRIW": 1200, "MP": 200, "SB": 200, "SB+mfences": 200}
MORE = ("IRIW", "4.SB", "ISA2", "RWC", "WRC", "3.SB", "LB", "MP", "MP+sfence+lfence", "SB", "SB+mfences")


@pytest.fixture(scope="module", autouse=True)
def cache(boots_apart: None) -> None:
    """Both gears begin from one boot."""


@pytest.fixture(scope="module")
def spec(vmlinux: Path, tmp_path_factory: pytest.TempPathFactory) -> BootSpec:
    folder = tmp_path_factory.mktemp("litmus")
    return spec_around(vmlinux, folder, write_litmus(folder, ROUNDS), cpus=THREADS)


@pytest.fixture(scope="module")
def region(spec: BootSpec, shared: Path) -> Region:
    return look(spec, shared / "System.map-small-wakeq")


def outcomes(console: bytes, rounds: dict[str, int]) -> dict[str, set[int]]:
    """Those of each test, each round counted."""
    found = seen(console)
    assert {name: sum(found[name].values()) for name in found} == rounds
    return {name: set(found[name]) for name in found}


def test_cores_of_a_guest_show_exactly_what_x86_tso_allows(region: Region) -> None:
    assert outcomes(region.console, ROUNDS) == {name: allowed(name, "tso") for name in ROUNDS}
    assert region.ours.measured.counts["unordered"] == 0


def test_without_store_buffers_no_store_passes_a_load(spec: BootSpec) -> None:
    """The fast gear has none."""
    fast = outcomes(boot(spec, Watchers()).console, ROUNDS)
    assert all(fast[name] <= allowed(name, "sc") for name in ROUNDS)
    assert allowed("SB", "sc") < allowed("SB", "tso")


def test_switches_and_interrupts_are_those_of_the_guests_books(region: Region) -> None:
    check_counts(region)
    assert region.guests.stat["processes"] == THREADS
    assert all(region.guests.interrupts[line] for line in KINDS)


@pytest.mark.deep
def test_more_shapes_in_longer_runs_show_exactly_that(vmlinux: Path, tmp_path: Path) -> None:
    rounds = dict.fromkeys(MORE, 6000)
    spec = BootSpec(kernel=vmlinux, cpus=THREADS, program=write_litmus(tmp_path, rounds))
    found = run_detail(spec, RegionSpec(BEGIN), load_machine(spec.machine), Watchers())
    assert (found.boot.ended.how, found.boot.ended.status) == (End.EXITED, 0)
    assert outcomes(found.boot.console, rounds) == {name: allowed(name, "tso") for name in MORE}
