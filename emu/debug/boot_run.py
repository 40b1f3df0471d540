"""`emu boot --gdb` and `--drgn`: a boot to a mark, a debugger there, and what becomes of the run when it has left."""

import time
from collections.abc import Callable
from pathlib import Path

from emu.boot.build import read_inputs
from emu.boot.ending import End, Ended
from emu.boot.looks import Looks
from emu.boot.marks import Kind, Mark
from emu.boot.result import BootResult
from emu.boot.run import Watchers, begin, summarise
from emu.boot.session import Session
from emu.boot.spec import BootSpec
from emu.debug.connection import reserve
from emu.debug.debugger import Left
from emu.debug.guest import Guest, GuestNames
from emu.debug.past import RamPast
from emu.debug.session import serve
from emu.debug.symbol_file import has_symbols, has_types, made_file
from emu.debug.target import Target
from emu.elf.bzimage import BzImage
from emu.elf.elf_file import Elf
from emu.elf.kernel_file import Vmlinux, map_file
from emu.elf.kernel_symbols import kernel_elf, kernel_symbols
from emu.elf.symbols import read_system_map
from emu.errors import CheckFailed
from emu.subjects.kernel.guest import types_of

AFTER_BOOT = Mark(Kind.USER)


def debug_boot(
    spec: BootSpec, start: Mark, symbols: Path | None, port: int, watchers: Watchers, *, digest: bool
) -> tuple[BootResult, Left]:
    """Boot to `start`, and let gdb have the machine; when it has detached the run goes on to its end."""
    listener = reserve(port)
    left = Left.DETACHED

    def attach(session: Session, names: GuestNames) -> Ended | None:
        nonlocal left
        target = Target(session, RamPast(session), Looks(session.machine), spec.max_instructions)
        left = serve(target, Guest(target, names), listener, watchers.should_stop, watchers.announce)
        return target.ended if left == Left.DETACHED else Ended(End.STOPPED)

    try:
        return _stand(spec, start, symbols, watchers, attach, has_symbols, digest=digest), left
    finally:
        listener.close()


def drgn_boot(spec: BootSpec, start: Mark, symbols: Path | None, script: Path, watchers: Watchers, *, digest: bool) -> BootResult:
    """Boot to `start`, run a script of drgn's there, or a prompt, and go on to the end."""
    from emu.debug.drgn_session import converse, read_script

    text = read_script(script)

    def attach(session: Session, names: GuestNames) -> Ended | None:
        converse(session.machine, names, text)
        return None

    return _stand(spec, start, symbols, watchers, attach, has_types, digest=digest)


def _stand(
    spec: BootSpec,
    start: Mark,
    symbols: Path | None,
    watchers: Watchers,
    attach: Callable[[Session, GuestNames], Ended | None],
    enough: Callable[[Elf], bool],
    *,
    digest: bool,
) -> BootResult:
    """Boot to `start`, attach a debugger, which may say that the run has ended, and go on to the end."""
    inputs = read_inputs(spec)
    names = guest_names(inputs.kernel, symbols, enough)
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
    ended = attach(session, names) or session.go_on(spec.max_instructions, pause)
    seconds = time.monotonic() - began
    ran = session.machine.instructions() - before
    return summarise(spec, session, ended, seconds, ran, kernel=inputs.kernel, digest=digest)


def guest_names(kernel: Vmlinux | BzImage, symbols: Path | None, enough: Callable[[Elf], bool] = has_symbols) -> GuestNames:
    """What a kernel says of itself, or a System.map of it. Its own file is taken where that is enough for the debugger."""
    elf = kernel_elf(kernel)
    table = read_system_map(symbols) if symbols is not None else kernel_symbols(kernel, elf)

    def own_file() -> bytes:
        return kernel.vmlinux() if isinstance(kernel, BzImage) else map_file(kernel.path, f"kernel {kernel.path}")[:]

    if symbols is None and enough(elf):
        return GuestNames(table, types_of(elf), own_file)
    return GuestNames(table, types_of(elf), None if table is None else lambda: made_file(elf, table))
