"""How fast full detail of a real kernel is: a region on four cores, and the same workload under next to empty hooks.

    python benchmarks/detail_speed.py [VMLINUX [PROGRAM ARGS...]]

Without arguments: Debian's stock kernel, and `benchmarks/programs/messages.c` built by cc. Prints M instructions a second of this
process's CPU time, Python's decoding included, and what share that is of the speed under hooks that find the record of each
instruction, count it, and look whether a store changes code; there cores take turns of about a hundred instructions, without time,
caches or store buffers. Each is the best of several rounds in turn; everything is decoded and compiled before.
"""

import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from emu.boot.full import unicorn_hooks
from emu.boot.full.gear import FullGear
from emu.boot.full.hot import hooks, loop, turn
from emu.boot.full.hot.records import FULL, GEAR
from emu.boot.full.hot.text import change_code
from emu.boot.hot.records import CORE as CPU
from emu.boot.hot.records import MACHINE as BOOT
from emu.boot.marks import parse_mark
from emu.boot.run import Watchers
from emu.boot.spec import BootSpec
from emu.description import load_machine
from emu.engine.account import index_of
from emu.engine.records import (
    ACCOUNTED,
    CORE,
    FRESH,
    GUEST,
    I64,
    INSTRUCTION,
    MACHINE,
    SPECIAL,
    STOP_HANDED_BACK,
    STOP_INTERRUPT,
    STOP_NONE,
    STOP_SPECIAL,
    STOP_YIELD,
)
from emu.engine.turn import UNTIL, stop
from emu.native import array_at, call, hook, njit
from emu.subjects.kernel import detail
from emu.subjects.kernel.detail import WORK_END, RegionSpec, run_detail

STOCK = Path.home() / ".cache/emu/kernels/debian-cloud/latest/vmlinux"
PROGRAM = Path(__file__).parent / "programs" / "messages.c"
ARGUMENTS = ("4", "400")
CPUS, ROUNDS = 4, 3
TURN = 100  # cycles, each an instruction


@njit
def count_only(machine, core, pc):  # type: ignore[no-untyped-def]
    """In the place of a step: a cycle an instruction."""
    if core.stage == FRESH:
        core.instructions += 1
        core.clock += 1
        core.retired_at = core.clock
        core.current = index_of(machine, core, pc)
        core.pc = core.current_pc = pc
        core.stage = ACCOUNTED
    if core.clock >= core.irq.watch:
        return STOP_INTERRUPT
    if core.clock > core.horizon:
        return STOP_YIELD
    if array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current].traits & SPECIAL:
        return STOP_SPECIAL
    core.stage = FRESH
    return STOP_NONE


@hook(hooks.CODE_HOOK)
def plain_code(uc, address, size, user):  # type: ignore[no-untyped-def]
    core = array_at(user, 1, CORE)[0]
    machine = array_at(core.machine, 1, MACHINE)[0]
    full = array_at(core.companion, 1, FULL)[0]
    gear, cpu = array_at(full.gear, 1, GEAR)[0], array_at(full.cpu, 1, CPU)[0]
    reason = turn.prepare(machine, gear, full, cpu, core, address)
    if reason == STOP_HANDED_BACK:  # Unicorn has fetched
        reason = turn.prepare(machine, gear, full, cpu, core, address)
    if reason == STOP_NONE:
        reason = count_only(machine, core, address)
    else:
        core.pc = address
    if reason == STOP_NONE:
        instruction = array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current]
        if instruction.traits & GUEST:
            turn.for_guest(machine, full, cpu, core, instruction.special)
            reason = core.stop
    if reason != STOP_NONE:
        stop(machine, core, reason)


@njit
def plain_execute(machine, core):  # type: ignore[no-untyped-def]
    """In the place of a turn: Unicorn carries out one instruction after the other."""
    return call(machine.unicorn.emu_start, core.uc, core.pc, UNTIL, 0, 0)


@cache
def plain_loop() -> ModuleType:
    """The full gear's loop with that turn."""
    spec = spec_from_file_location("plain_loop", loop.__file__)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    module.execute = plain_execute  # type: ignore[attr-defined]
    return module


@hook(hooks.MEMORY_HOOK)
def plain_load(uc, kind, address, size, value, user):  # type: ignore[no-untyped-def]
    pass


@hook(hooks.MEMORY_HOOK)
def plain_store(uc, kind, address, size, value, user):  # type: ignore[no-untyped-def]
    core = array_at(user, 1, CORE)[0]
    full = array_at(core.companion, 1, FULL)[0]
    gear = array_at(full.gear, 1, GEAR)[0]
    if address >> 12 < gear.frames and array_at(gear.frame_slots, gear.frames, I64)[address >> 12] != 0:
        cpu, boot = array_at(full.cpu, 1, CPU)[0], array_at(gear.boot, 1, BOOT)[0]
        change_code(gear, boot, full, cpu, address, I64(size))


class PlainGear(FullGear):
    """The same machine, in turns."""

    def run(self) -> int:
        self.machine.record["run_ahead"] = TURN
        run, loop.run = loop.run, plain_loop().run
        try:
            return super().run()
        finally:
            loop.run = run


def measure(spec: BootSpec, region: RegionSpec) -> tuple[int, float]:
    """Instructions, and CPU seconds, of the region alone."""
    seconds = []

    def timed(*arguments):  # type: ignore[no-untyped-def]
        begin = time.process_time()
        ended = run_region(*arguments)
        seconds.append(time.process_time() - begin)
        return ended

    run_region, detail._run_region = detail._run_region, timed
    try:
        found = run_detail(spec, region, load_machine(spec.machine), Watchers())
    finally:
        detail._run_region = run_region
    assert found.detail is not None, found.boot.ended
    return found.detail.measured.instructions, seconds[0]


def plain(spec: BootSpec, region: RegionSpec) -> tuple[int, float]:
    """The same under next to empty hooks."""
    table = unicorn_hooks.HOOKS
    kept = dict(table)
    table["code"], table["load"], table["store"] = plain_code, plain_load, plain_store
    full_gear, detail.FullGear = detail.FullGear, PlainGear  # type: ignore[misc]
    finish, detail.measure = detail.measure, lambda gear, seconds: replace_measured(finish(gear, seconds))
    try:
        return measure(spec, region)
    finally:
        table.update(kept)
        detail.FullGear, detail.measure = full_gear, finish  # type: ignore[misc]


def replace_measured(measured):  # type: ignore[no-untyped-def]
    """Hooks that count nothing have states that sum to nothing."""
    by_core = tuple({"user": measured.cycles} for _ in measured.cycles_by_core)
    return replace(measured, cycles_by_core=by_core, cycles_by_state={"user": measured.cycles * measured.cores})


def build_program(folder: Path) -> Path:
    program = folder / "messages"
    subprocess.run(["cc", "-O2", "-static", "-o", program, PROGRAM], check=True)
    return program


def main() -> None:
    kernel = Path(sys.argv[1]) if len(sys.argv) > 1 else STOCK
    with tempfile.TemporaryDirectory() as folder:
        program, arguments = (
            (Path(sys.argv[2]), tuple(sys.argv[3:])) if len(sys.argv) > 2 else (build_program(Path(folder)), ARGUMENTS)
        )
        spec = BootSpec(kernel=kernel, cpus=CPUS, program=program, arguments=arguments)
        region = RegionSpec(parse_mark("--from", "work_begin"), WORK_END)
        rates = {}
        for _ in range(ROUNDS + 1):  # the first compiles, decodes, and keeps the boot
            for name, run in (("full detail", measure), ("next to empty hooks", plain)):
                count, seconds = run(spec, region)
                rates.setdefault(name, []).append((count / seconds / 1e6, count))
        best = {name: max(each[1:]) for name, each in rates.items()}
        for name, (rate, count) in best.items():
            print(f"{name}: {count} instructions, {rate:.2f} M/s on {CPUS} cores")
        print(f"share: {best['full detail'][0] / best['next to empty hooks'][0]:.2f}")


if __name__ == "__main__":
    main()
