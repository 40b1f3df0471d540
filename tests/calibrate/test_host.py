"""The machine under emu: what the kernel says, loops that run natively, and the file that comes of it. No figure is asserted."""

import mmap
import os
from dataclasses import replace

import pytest

from emu.calibrate import native, native_memory
from emu.calibrate.benchmark import Measurement
from emu.calibrate.exchanges import ACROSS, LOCKED_ADD, SIBLING
from emu.calibrate.host_facts import CacheFacts, Facts, host_facts
from emu.calibrate.host_file import FIGURES, host_machine, write_machine
from emu.calibrate.native import Host, HostResult, measure_host
from emu.description import load_machine
from emu.errors import CheckFailed, UserError
from emu.files import Output

A10 = load_machine("a10-7800")


def can_execute() -> bool:
    try:
        native_memory.check_machine()
        mmap.mmap(-1, 0x1000, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()
    except (UserError, OSError, ValueError):
        return False
    return True


runs = pytest.mark.skipif(not can_execute(), reason="no Linux on x86-64, or its kernel forbids memory that can be executed")


def facts(cpus: int, together: int) -> Facts:
    """So many cores, an L2 for each `together` of them, an L3 for all."""

    def caches(cpu: int) -> tuple[CacheFacts, ...]:
        first = cpu // together * together
        return (
            CacheFacts(1, 48 << 10, 64, 12, 64, frozenset({cpu})),
            CacheFacts(2, 1 << 20, 1024, 16, 64, frozenset(range(first, first + together))),
            CacheFacts(3, 12 << 20, 12288, 16, 64, frozenset(range(cpus))),
        )

    return Facts(
        "a processor", tuple(range(cpus)), {cpu: caches(cpu) for cpu in range(cpus)}, {cpu: frozenset({cpu}) for cpu in range(cpus)}
    )


def result(host: Facts, *names: str) -> HostResult:
    measured = [Measurement(name, "g", 33.4, 33.0, 34.0, 9) for name in names]
    return HostResult(host, 4_000_000_000, 3_000_000_000, measured, {}, {})


def test_what_the_kernel_says(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 3}, raising=False)
    cache = tmp_path / "cpu0" / "cache"
    for index, (level, kind, size) in enumerate((("1", "Data", "32K"), ("1", "Instruction", "64K"), ("2", "Unified", "2M"))):
        folder = cache / f"index{index}"
        folder.mkdir(parents=True)
        texts = {"level": level, "type": kind, "size": size, "number_of_sets": "64", "ways_of_associativity": "8"}
        for name, text in (texts | {"coherency_line_size": "64", "shared_cpu_list": "0,3-4"}).items():
            (folder / name).write_text(text + "\n")
    found = host_facts(tmp_path)
    assert found.cpus == (0, 3)
    assert [(each.level, each.bytes) for each in found.caches[0]] == [(1, 32 << 10), (2, 2 << 20)]
    assert found.caches[0][0].shared_by == {0, 3, 4}
    assert found.caches[3] == ()


def test_pairs_by_the_caches_that_they_share():
    assert facts(4, 2).module_pair(8) == (0, 1)
    assert facts(4, 2).remote_pair(8) == (0, 2)
    assert facts(2, 1).module_pair(8) is None
    assert facts(2, 2).remote_pair(8) is None
    assert facts(1, 1).pairs(8) == []
    threads = replace(facts(4, 4), threads={cpu: frozenset({cpu, cpu ^ 1}) for cpu in range(4)})
    assert threads.module_pair(8) == (0, 2)  # not two threads of one core


def write(path, machine):
    write_machine(Output(path, "machine file", overwrite=True), machine, "a10-7800")


def test_the_file_loads(tmp_path):
    path = tmp_path / "host.toml"
    write(path, host_machine(result(facts(4, 2), *(name for names in FIGURES.values() for name in names)), A10))
    machine = load_machine(str(path))
    assert machine.name == "host"
    assert machine.latencies.memory.value == 33
    assert machine.latencies.memory.source.startswith("measured by emu calibrate host, median of 9, spread 33.0-34.0")
    assert machine.latencies.halt_exit.value == A10.latencies.halt_exit.value
    assert machine.latencies.halt_exit.source.startswith("taken over from a10-7800")
    assert (machine.topology.modules, machine.topology.cores_per_module) == (2, 2)
    assert (machine.l1d.sets, machine.l1d.ways) == (64, 12)
    assert machine.latencies.sibling_locked.value == 0  # the same figure for both: one less the other
    assert machine.tlb.l2_hit.value == 33
    assert machine.cpuid == A10.cpuid


def test_one_core_takes_over_what_needs_two(tmp_path):
    path = tmp_path / "host.toml"
    write(path, host_machine(result(facts(1, 1), FIGURES["latencies", "l1_hit"][0]), A10))
    machine = load_machine(str(path))
    assert machine.latencies.remote_line.value == A10.latencies.remote_line.value
    assert (machine.topology.modules, machine.topology.cores_per_module) == (1, 1)


def test_a_kernel_that_names_no_caches(tmp_path):
    host = Facts("p", (0, 1), {0: (), 1: ()}, {0: frozenset(), 1: frozenset()})
    path = tmp_path / "host.toml"
    write(path, host_machine(result(host), A10))
    machine = load_machine(str(path))
    assert (machine.l2.sets, machine.topology.modules) == (A10.l2.sets, 2)
    assert "taken over" in machine.l2.source


def test_a_figure_that_no_file_holds_is_refused():
    absurd = replace(result(facts(1, 1), FIGURES["latencies", "memory"][0]), clock_hz=0)
    with pytest.raises(CheckFailed, match="clock_hz"):
        host_machine(absurd, A10)


def test_another_machine_is_refused(monkeypatch):
    monkeypatch.setattr(native_memory.platform, "machine", lambda: "aarch64")
    with pytest.raises(UserError, match="needs Linux on x86-64"):
        native_memory.Code([])


@runs
def test_a_kernel_that_forbids_executable_memory(monkeypatch):
    def forbid(*arguments, **options):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(native_memory.mmap, "mmap", forbid)
    with pytest.raises(UserError, match="this kernel forbids"):
        Host(A10.instructions)


@runs
def test_loops_run_natively(tmp_path):
    host = Host(A10.instructions)
    kept = ("chase, 4 KiB", "chase, 64 KiB", "ADD r,r|r,imm: latency", LOCKED_ADD, native.SYSTEM_CALL)
    host.loops = [each for each in host.loops if each.name in kept]
    steps = []
    found = measure_host(host, lambda done, total: steps.append((done, total)), repetitions=2)
    known = found.known()
    assert set(kept) <= known.keys()
    assert all(each.samples == 2 and each.low <= each.cycles <= each.high for each in found.measured if each.name in kept)
    assert found.clock_hz > 0
    assert steps[-1][0] == steps[-1][1]
    for kind in (SIBLING, ACROSS):
        assert (f"one way, {kind}" in known) == (kind in found.pairs)
    assert set(found.heat_map) == set(found.host.pairs(native.CPUS_MAX))
    write(tmp_path / "host.toml", host_machine(found, A10))
    assert load_machine(str(tmp_path / "host.toml")).clock_hz.value == found.clock_hz


@runs
def test_each_native_loop_runs():
    host = Host(A10.instructions)
    thread_loops = [each for each in host.loops if each.data_bytes < 1 << 20]
    assert len(thread_loops) > 100
    for each in thread_loops:
        assert len(host.loop(each, 1)) == 1
