"""A small real kernel to a program and its exit status: the same each time, whatever else is asked for."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from emu.boot.result import BootResult
from emu.boot.run import Watchers, boot
from emu.boot.session import End
from emu.boot.spec import BootSpec


def spec_of(vmlinux: Path, program: Path, *arguments: str, cpus: int = 2) -> BootSpec:
    return BootSpec(kernel=vmlinux, cpus=cpus, program=program, arguments=arguments, identity="generic")


@pytest.fixture(scope="module")
def spec(vmlinux: Path, shared: Path) -> BootSpec:
    return spec_of(vmlinux, shared / "pmsg", "2", "100", "cross")


@pytest.fixture(scope="module")
def result(spec: BootSpec) -> BootResult:
    return boot(spec, Watchers(), digest=True)


def test_a_program_runs_to_its_end(result: BootResult) -> None:
    assert (result.ended.how, result.exit_code) == (End.EXITED, 0)
    assert b"pmsg: 2 pairs 200 messages" in result.console
    assert result.user_at is not None and 20_000_000 < result.user_at < 40_000_000
    assert all(count > 100_000 for count in result.instructions_by_core)


def test_a_run_repeats(spec: BootSpec, result: BootResult) -> None:
    again = boot(spec, Watchers(), digest=True)
    assert again.console == result.console
    assert again.instructions_by_core == result.instructions_by_core
    assert (again.now, again.memory_digest) == (result.now, result.memory_digest)


def test_instructions_are_counted_as_unicorn_counts_them(result: BootResult) -> None:
    assert result.counts["miscounted"] == 0


def test_the_status_is_the_programs(vmlinux: Path, shared: Path) -> None:
    assert boot(spec_of(vmlinux, shared / "exit7", cpus=1), Watchers()).exit_code == 7


def test_a_bound_is_exact(spec: BootSpec) -> None:
    bounded = boot(replace(spec, max_instructions=1_000_003), Watchers())
    assert (bounded.ended.how, bounded.instructions) == (End.LIMIT, 1_000_003)
    assert re.fullmatch(r"core 0: running in ring 0 at \w+\+0x[0-9a-f]+, task swapper, 1000003 instructions", bounded.doing[0])
    assert bounded.doing[1].startswith("core 1: not started in ring 0 at 0x")
