"""A region in full detail that is stopped, stepped and watched is the same region, to the cycle."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.gdb import Gdb, free_port, needs_gdb
from emu.boot.full.looks import FullLooks
from emu.boot.full.region import Region
from emu.boot.hot.looks import ON_ACCESS, ON_CHANGE, ON_TRANSFER
from emu.boot.looks import Watch
from emu.boot.marks import parse_mark
from emu.boot.run import Watchers
from emu.boot.spec import BootSpec
from emu.cli.main import main
from emu.debug.debugged import Reason
from emu.debug.full_target import FullTarget
from emu.description import load_machine
from emu.elf.symbols import SymbolTable
from emu.subjects.kernel.detail import RegionSpec, run_detail

PROGRAM = ("--marks", "2", "4", "cross")
FLUSH = ("native_write_cr4", "flush_tlb_one_user", "native_flush_tlb_one_user", "switch_mm_irqs_off")  # and what else does more


@pytest.fixture(scope="module")
def run(vmlinux: Path, shared: Path) -> Callable[..., Any]:
    spec = BootSpec(kernel=vmlinux, cpus=2, memory_mib=32, identity="generic", program=shared / "pmsg", arguments=PROGRAM)
    region = RegionSpec(
        parse_mark("--from", "work_begin"), parse_mark("--to", "work_end"), symbols=shared / "System.map-small-wakeq"
    )

    def made(debugger: Any = None) -> Any:
        return run_detail(spec, region, load_machine("a10-7800"), Watchers(), debugger).detail

    return made


@pytest.fixture(scope="module")
def undisturbed(run: Callable[..., Any]) -> Any:
    return run().measured


class Wanderer:
    """A debugger that stops everywhere."""

    def __init__(self, symbols: SymbolTable, looks: int) -> None:
        self.looks, self._symbols, self._count, self.reasons = FullLooks(2), symbols, looks, set[Reason]()

    def attach(self, region: Region, over: Callable[[], bool]) -> None:
        chance, target = random.Random(1), FullTarget(region, self.looks, over)
        places = [self._symbols.address(name) for name in ("do_msgsnd", "wake_q_add", "schedule", "ttwu_do_activate", *FLUSH)]
        jiffies = target.physical(0, self._symbols.address("jiffies_64") or 0)
        assert jiffies is not None
        for _ in range(self._count):
            target.places = [each + chance.choice((0, 4)) for each in places if each is not None]
            kind, address = chance.choice((ON_ACCESS, ON_CHANGE, ON_TRANSFER)), jiffies
            stack = target.physical(target.stop.core, target.register(target.stop.core, "rsp"))
            if stack is not None and chance.random() < 0.5:
                address = stack & ~63
            target.watches = [Watch(kind, address, 8)] if chance.random() < 0.2 else []
            step = chance.choice((None, 0, 1, target.stop.core, target.stop.core))
            before = [int(core["instructions"]) for core in region.gear.machine.cores]
            stop = target.go_on(lambda: False, step)
            self.reasons.add(stop.reason)
            if stop.reason == Reason.PLACE:
                assert target.pc(stop.core) in target.places
            if stop.reason == Reason.STEP:
                assert stop.core == step
                assert int(region.gear.machine.cores[step]["instructions"]) - before[step] in (0, 1, 2)
            for core in range(2):
                target.read(core, target.register(core, "rsp"), 16)
        list(target.where())
        list(target.caches(jiffies))
        target.digest()


def test_a_region_that_is_stopped_is_the_same_region(run: Callable[..., Any], undisturbed: Any, symbols: SymbolTable) -> None:
    wanderer = Wanderer(symbols, 250)
    debugged = run(wanderer).measured
    assert {Reason.PLACE, Reason.STEP, Reason.WATCH} <= wanderer.reasons
    for name in ("digest", "cycles", "instructions_by_core", "cycles_by_core", "coherence", "locks", "counts"):
        assert getattr(debugged, name) == getattr(undisturbed, name)


@needs_gdb
def test_gdb_has_it_and_then_its_figures_are_shown(
    vmlinux: Path, shared: Path, undisturbed: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    port = free_port()
    gdb = Gdb(
        port, "break do_msgsnd", "continue", "backtrace 2", "thread apply all info registers rip", "monitor where",
        "monitor cache jiffies_64", "reverse-stepi", "delete", "stepi", "detach",
    )  # fmt: skip
    options = ["-p", "2", "-m", "32", "--cpuid", "generic", "--symbols", str(shared / "System.map-small-wakeq"), "--json"]
    region = ["--from", "work_begin", "--to", "work_end", "--gdb", str(port)]
    assert main(["boot", str(vmlinux), *options, *region, "--", str(shared / "pmsg"), *PROGRAM]) == 0
    said = gdb.said()
    assert (
        "in do_msgsnd ()\n#1 " in said and "L2 of module 0: " in said and "Target remote does not support this command." in said
    ), said
    assert json.loads(capsys.readouterr().out)["trace_digest"] == undisturbed.digest
