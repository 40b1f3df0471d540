"""A small real kernel to a program and its exit status: the same each time, whatever else is asked for."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from emu.boot.ending import End
from emu.boot.marks import Kind, Mark, parse_mark
from emu.boot.result import BootResult
from emu.boot.run import Watchers, boot
from emu.boot.spec import BootSpec
from emu.errors import UserError


def spec_of(vmlinux: Path, program: Path, *arguments: str, cpus: int = 2) -> BootSpec:
    return BootSpec(kernel=vmlinux, cpus=cpus, program=program, arguments=arguments, identity="generic")


@pytest.fixture(scope="module")
def spec(vmlinux: Path, shared: Path) -> BootSpec:
    return spec_of(vmlinux, shared / "pmsg", "2", "100", "cross")


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Boots are kept apart from those of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def result(spec: BootSpec) -> BootResult:
    """From power-on; the boot is kept for those that follow."""
    return boot(spec, Watchers(), digest=True)


def test_a_program_runs_to_its_end(result: BootResult) -> None:
    assert (result.ended.how, result.exit_code) == (End.EXITED, 0)
    assert b"pmsg: 2 pairs 200 messages" in result.console
    assert result.user_at is not None and 20_000_000 < result.user_at < 40_000_000
    assert all(count > 100_000 for count in result.instructions_by_core)


def test_a_run_repeats(spec: BootSpec, result: BootResult) -> None:
    assert same(boot(replace(spec, cache=False), Watchers(), digest=True), result)


def test_instructions_are_counted_as_unicorn_counts_them(result: BootResult) -> None:
    assert result.counts["miscounted"] == 0


def test_the_status_is_the_programs(vmlinux: Path, shared: Path) -> None:
    assert boot(spec_of(vmlinux, shared / "exit7", cpus=1), Watchers()).exit_code == 7


def test_a_bound_is_exact(spec: BootSpec) -> None:
    bounded = boot(replace(spec, max_instructions=1_000_003), Watchers())
    assert (bounded.ended.how, bounded.instructions) == (End.LIMIT, 1_000_003)
    assert re.fullmatch(r"core 0: running in ring 0 at \w+\+0x[0-9a-f]+, task swapper, 1000003 instructions", bounded.doing[0])
    assert bounded.doing[1].startswith("core 1: not started in ring 0 at 0x")


def same(one: BootResult, other: BootResult) -> bool:
    return all(
        getattr(one, field) == getattr(other, field)
        for field in ("ended", "console", "instructions_by_core", "now", "user_at", "memory_digest")
    )


@pytest.mark.parametrize("at", ["user", "text:Run /init", "instructions:25000001"])
def test_a_run_from_a_snapshot_is_the_run_that_wrote_it(at: str, spec: BootSpec, result: BootResult, tmp_path: Path) -> None:
    path = tmp_path / "there.snapshot"
    written = boot(replace(spec, checkpoint=path, at=parse_mark("--at", at), cache=False), Watchers(), digest=True)
    assert same(written, result), "writing one changes nothing"
    assert path.stat().st_size < 20_000_000
    assert same(boot(replace(spec, restore=path), Watchers(), digest=True), result)


def test_the_second_boot_begins_at_the_first_user_instruction(spec: BootSpec, result: BootResult) -> None:
    output = bytearray()
    again = boot(spec, Watchers(output=output.extend), digest=True)
    assert same(again, result) and bytes(output) == result.console
    assert again.instructions_run < 5_000_000 < result.instructions_run
    to_user = boot(replace(spec, until=Mark(Kind.USER)), Watchers())
    assert (to_user.instructions, to_user.instructions_run) == (result.user_at, 0)


def test_a_snapshot_of_another_boot_is_refused(spec: BootSpec, tmp_path: Path) -> None:
    path = tmp_path / "there.snapshot"
    boot(replace(spec, checkpoint=path, at=Mark(Kind.USER), until=Mark(Kind.USER)), Watchers())
    with pytest.raises(UserError, match="of 2 CPUs, not 1"):
        boot(replace(spec, cpus=1, restore=path), Watchers())
    with pytest.raises(UserError, match="another kernel, initramfs, command line"):
        boot(replace(spec, append="quiet", restore=path), Watchers())
    content = bytearray(path.read_bytes())
    for place, match in ((7, "version"), (3, "not a snapshot"), (60, "damaged"), (len(content) - 9, "damaged")):
        broken = bytearray(content)
        broken[place] ^= 0x40
        path.write_bytes(broken)
        with pytest.raises(UserError, match=match):
            boot(replace(spec, restore=path), Watchers())
