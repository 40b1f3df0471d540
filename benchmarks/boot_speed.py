"""How fast `emu boot` is: Debian's stock kernel to its first user instruction, also under a next to empty block hook.

    python benchmarks/boot_speed.py [VMLINUX]

Prints M instructions a second on one core, the share of the speed that the same machine has when its block hook is next to empty
(it adds five to the clock, whatever the block, and compares), then 4 cores cold and from the cache, and resident memory.
"""

import os
import resource
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from emu.boot import unicorn_cpu
from emu.boot.build import build, load, read_inputs
from emu.boot.console import Console
from emu.boot.hot import hooks
from emu.boot.hot.blocks import stop
from emu.boot.hot.records import CORE, MACHINE, STOP_EVENT, STOP_LIMIT
from emu.boot.hot.walk import forget
from emu.boot.init_program import init_program
from emu.boot.marks import Kind, Mark
from emu.boot.run import Watchers, boot
from emu.boot.session import Session
from emu.boot.spec import BootSpec
from emu.native import array_at, hook

STOCK = Path.home() / ".cache/emu/kernels/debian-cloud/latest/vmlinux"
INSTRUCTIONS_A_BLOCK = 5  # about, so that timers come as often
ROUNDS = 3
USER = Mark(Kind.USER)


@hook(hooks.BLOCK_HOOK)
def plain_block(uc, address, size, user):  # type: ignore[no-untyped-def]
    core = array_at(user, 1, CORE)[0]
    core.count += INSTRUCTIONS_A_BLOCK
    if core.count > core.limit or core.event != 0:
        core.next_block = INSTRUCTIONS_A_BLOCK
        stop(array_at(core.machine, 1, MACHINE)[0], core, STOP_EVENT if core.event != 0 else STOP_LIMIT)
        core.event = 0


@hook(hooks.CODE_HOOK)
def flush(uc, address, size, user):  # type: ignore[no-untyped-def]
    forget(array_at(user, 1, CORE)[0])


def empty_seconds(spec: BootSpec) -> float:
    """The same boot with a block hook that does next to nothing."""
    table = unicorn_cpu.HOOKS
    kept = dict(table)
    table["block"], table["flush"] = plain_block, flush
    try:
        inputs = read_inputs(spec)
        console = Console(lambda content: None)
        machine = build(spec, inputs.identity, console.receive)
        load(machine, spec, inputs)
        begin = time.perf_counter()
        Session(machine, console, lambda name: 0).run(USER, None, lambda: False)
        return time.perf_counter() - begin
    finally:
        table.update(kept)


def main() -> None:
    kernel = Path(sys.argv[1]) if len(sys.argv) > 1 else STOCK
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        program = Path(folder) / "program"
        program.write_bytes(init_program("/none", (), {}))  # it is not reached: the boots end before its first instruction
        one = BootSpec(kernel=kernel, cpus=1, program=program, identity="generic", until=USER, cache=False)
        boot(one, Watchers())  # compile, or load what is compiled
        compare(one)
        four = replace(one, cpus=4, identity="machine", cache=True)
        for name in ("from power-on", "from the cache"):
            begin = time.perf_counter()
            result = boot(four, Watchers())
            print(f"4 cores, {name}: the first user instruction, number {result.user_at}, in {time.perf_counter() - begin:.2f} s")
    print(f"resident: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MiB")


def compare(spec: BootSpec) -> None:
    """Against that hook, in turn, so that both have the same host."""
    ours, empty = [], []
    for _ in range(ROUNDS):
        result = boot(spec, Watchers())
        ours.append(result.host_seconds)
        empty.append(empty_seconds(spec))
    seconds, least = min(ours), min(empty)
    print(f"1 core: {result.instructions} instructions in {seconds:.2f} s, {result.instructions / seconds / 1e6:.1f} M/s")
    print(f"the same boot under a next to empty block hook: {least:.2f} s; ours has {least / seconds:.2f} of its speed")


if __name__ == "__main__":
    main()
