"""One boot: a specification in, a result out."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from emu.boot.build import build, load, read_inputs
from emu.boot.console import Console
from emu.boot.doing import doing
from emu.boot.result import BootResult
from emu.boot.session import Ended, Session
from emu.boot.spec import BootSpec
from emu.elf.bzimage import BzImage
from emu.elf.kernel_file import Vmlinux

COUNTS = ("fills", "walks", "exceptions", "page_faults", "system_calls", "code_writes", "miscounted")


@dataclass(frozen=True, slots=True)
class Watchers:
    """Who sees a run from outside: its console, its progress, and the wish to stop it. None changes it."""

    output: Callable[[bytes], None] = lambda content: None
    progress: Callable[[int], None] = lambda instructions: None
    should_stop: Callable[[], bool] = lambda: False
    tell: Callable[[str], None] = lambda line: None  # --verbose


def boot(spec: BootSpec, watchers: Watchers, *, digest: bool = False) -> BootResult:
    """Boot, and run to the end, the mark or the bound."""
    inputs = read_inputs(spec)
    console = Console(watchers.output)
    machine = build(spec, inputs.identity, console.receive)
    console.wake = machine.interrupt
    load(machine, spec, inputs)
    session = Session(machine, console)
    began = time.monotonic()

    def pause() -> bool:
        watchers.progress(machine.instructions())
        return watchers.should_stop()

    ended = session.run(spec.until, spec.max_instructions, pause)
    console.flush()
    seconds = time.monotonic() - began
    return summarise(spec, session, ended, seconds, machine.instructions(), kernel=inputs.kernel, digest=digest)


def summarise(
    spec: BootSpec, session: Session, ended: Ended, seconds: float, run: int, *, kernel: Vmlinux | BzImage, digest: bool
) -> BootResult:
    """The result of a session that is over; `digest`: with what costs a look at all of its memory, or at the kernel's symbols."""
    machine = session.machine
    named = digest or ended.status is None
    return BootResult(
        spec=spec,
        ended=ended,
        console=bytes(session.console.content),
        instructions=machine.instructions(),
        instructions_by_core=tuple(int(core.record["count"]) for core in machine.cores),
        now=int(machine.record["now"]),
        user_at=session.user_at,
        host_seconds=seconds,
        instructions_run=run,
        memory_digest=machine.ram.digest() if digest else None,
        counts={name: sum(int(core.record[name]) for core in machine.cores) for name in COUNTS},
        doing=tuple(doing(machine, kernel if named else None)),
    )
