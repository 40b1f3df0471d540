"""`emu boot --gdb`: a boot to a mark, a debugger there, and what becomes of the run when it has left."""

import time
from pathlib import Path

from emu.boot.build import read_inputs
from emu.boot.ending import End
from emu.boot.looks import Looks
from emu.boot.marks import Kind, Mark
from emu.boot.result import BootResult
from emu.boot.run import Watchers, begin, summarise
from emu.boot.spec import BootSpec
from emu.debug.connection import reserve
from emu.debug.debugger import Left
from emu.debug.guest import Guest, GuestNames
from emu.debug.past import RamPast
from emu.debug.session import serve
from emu.debug.symbol_file import has_symbols, made_file
from emu.debug.target import Target
from emu.elf.bzimage import BzImage
from emu.elf.kernel_file import Vmlinux, map_file
from emu.elf.kernel_symbols import kernel_elf, kernel_symbols
from emu.elf.symbols import read_system_map
from emu.errors import CheckFailed
from emu.subjects.kernel.guest import types_of

AFTER_BOOT = Mark(Kind.USER)


def debug_boot(
    spec: BootSpec, start: Mark, symbols: Path | None, port: int, watchers: Watchers, *, digest: bool
) -> tuple[BootResult, Left]:
    """Boot to `start`, and let a debugger have the machine; when it has detached the run goes on to its end."""
    listener = reserve(port)
    try:
        inputs = read_inputs(spec)
        names = guest_names(inputs.kernel, symbols)
        session, _ = begin(spec, inputs, watchers, names.symbols)
        began, before = time.monotonic(), session.machine.instructions()

        def pause() -> bool:
            watchers.progress(session.machine.instructions())
            return watchers.should_stop()

        ended = session.run(start, spec.max_instructions, pause)
        if ended.how == End.STOPPED:
            raise KeyboardInterrupt
        if ended.how != End.MARK:
            raise CheckFailed(f"{start} did not come, where a debugger was to have the machine: the run ended ({ended.how.value})")
        session.wait_for(None)
        target = Target(session, RamPast(session), Looks(session.machine), spec.max_instructions)
        left = serve(target, Guest(target, names), listener, watchers.should_stop, watchers.announce)
    finally:
        listener.close()
    if left == Left.DETACHED:
        ended = target.ended or session.go_on(spec.max_instructions, pause)
    seconds = time.monotonic() - began
    ran = session.machine.instructions() - before
    return summarise(spec, session, ended, seconds, ran, kernel=inputs.kernel, digest=digest), left


def guest_names(kernel: Vmlinux | BzImage, symbols: Path | None) -> GuestNames:
    """What a kernel says of itself, or a System.map of it."""
    elf = kernel_elf(kernel)
    table = read_system_map(symbols) if symbols is not None else kernel_symbols(kernel, elf)

    def own_file() -> bytes:
        return kernel.vmlinux() if isinstance(kernel, BzImage) else map_file(kernel.path, f"kernel {kernel.path}")[:]

    if symbols is None and has_symbols(elf):
        return GuestNames(table, types_of(elf), own_file)
    return GuestNames(table, types_of(elf), None if table is None else lambda: made_file(elf, table))
