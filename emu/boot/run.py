"""One boot: a specification in, a result out."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from emu.boot import snapshot
from emu.boot.boot_cache import BootCache, shape_of
from emu.boot.build import Inputs, build, load, read_inputs
from emu.boot.console import Console
from emu.boot.doing import doing
from emu.boot.ending import End, Ended
from emu.boot.machine import Machine
from emu.boot.marks import Kind, Mark
from emu.boot.result import IN_ORDER, BootResult
from emu.boot.session import Session
from emu.boot.snapshot import Shape
from emu.boot.spec import BootSpec
from emu.elf.bzimage import BzImage
from emu.elf.kernel_file import Vmlinux
from emu.elf.kernel_symbols import kernel_symbols
from emu.elf.symbols import SymbolTable
from emu.errors import UserError
from emu.files import Output

COUNTS = ("fills", "walks", "exceptions", "page_faults", "system_calls", "code_writes", "miscounted")


@dataclass(frozen=True, slots=True)
class Watchers:
    """Who sees a run from outside: its console, its progress, and the wish to stop it. None changes it."""

    output: Callable[[bytes], None] = lambda content: None
    progress: Callable[[int], None] = lambda instructions: None
    should_stop: Callable[[], bool] = lambda: False
    tell: Callable[[str], None] = lambda line: None  # --verbose
    announce: Callable[[str], None] = lambda line: None  # what somebody waits for


def boot(spec: BootSpec, watchers: Watchers, *, digest: bool = False) -> BootResult:
    """Boot, or begin from a snapshot, and run to the end, the mark or the bound."""
    inputs = read_inputs(spec)
    if spec.at is not None and spec.checkpoint is not None:
        Output(spec.checkpoint, "snapshot", overwrite=spec.overwrite)  # refused before the run, not behind it
    session, shape = begin(spec, inputs, watchers)
    machine, console = session.machine, session.console
    began, before = time.monotonic(), machine.instructions()

    def pause() -> bool:
        watchers.progress(machine.instructions())
        return watchers.should_stop()

    ended = Ended(End.MARK)
    if spec.at is not None and spec.checkpoint is not None:
        ended = session.run(spec.at, spec.max_instructions, pause)
        if ended.how == End.MARK:
            size = snapshot.save(spec.checkpoint, session, shape, overwrite=spec.overwrite)
            watchers.tell(f"{spec.checkpoint}: a snapshot at {spec.at}, {size / 1e6:.1f} MB")
        elif ended.how not in (End.STOPPED, End.LIMIT):
            watchers.tell(f"{spec.checkpoint}: not written: the run ended before {spec.at}")
    if ended.how == End.MARK and (spec.at is None or spec.at != spec.until):
        ended = session.run(spec.until, spec.max_instructions, pause)
    console.flush()
    _tell_absent(machine, watchers)
    seconds = time.monotonic() - began
    return summarise(spec, session, ended, seconds, machine.instructions() - before, kernel=inputs.kernel, digest=digest)


def begin(spec: BootSpec, inputs: Inputs, watchers: Watchers, symbols: SymbolTable | None = None) -> tuple[Session, Shape]:
    """A machine that is ready to run: from a snapshot, from a boot that was kept, or from power-on.

    `symbols` are the kernel's, if they are known already.
    """
    console = Console(watchers.output)
    machine = build(spec, inputs.identity, console.receive)
    console.wake = machine.interrupt
    address_of = partial(symbol_address, inputs.kernel, symbols)
    session = Session(machine, console, address_of)
    _check_symbols(spec, address_of)
    shape = shape_of(spec, inputs)
    _fill(spec, inputs, session, shape, watchers)
    return session, shape


def _fill(spec: BootSpec, inputs: Inputs, session: Session, shape: Shape, watchers: Watchers) -> None:
    if spec.restore is not None:
        with open_snapshot(spec.restore) as file:
            what = f"snapshot {spec.restore}"
            header = snapshot.read_header(file, what)
            found = snapshot.shape_of(header)
            if found != shape:
                raise UserError(f"{what}: {difference(found, shape)}; give the options that it was written with")
            snapshot.restore(file, header, session, what)
        return
    cache = BootCache(shape)
    if spec.cache and cache.load(session, lambda count, console: _comes_later(spec, count, console)):
        watchers.tell(f"the boot to the first user instruction was kept in {cache.path}")
        watchers.output(bytes(session.console.content))
        return
    load(session.machine, spec, inputs)
    if spec.cache:
        session.on_user = lambda: cache.keep(session)


def symbol_address(kernel: Vmlinux | BzImage, symbols: SymbolTable | None, name: str) -> int:
    """Where a kernel's function begins; its symbols are looked for if they are not given."""
    symbols = symbols or kernel_symbols(kernel)
    address = None if symbols is None else symbols.address(name)
    if address is None:
        what = "the kernel has no symbols" if symbols is None else f"the kernel has no symbol {name}"
        raise UserError(f"symbol:{name}: {what}; name one of its System.map, or another mark")
    return address


def _check_symbols(spec: BootSpec, address_of: Callable[[str], int]) -> None:
    """A symbol that is not there is refused before the boot."""
    for mark in (spec.until, spec.at):
        if mark is not None and mark.kind == Kind.SYMBOL:
            address_of(mark.text)


def _tell_absent(machine: Machine, watchers: Watchers) -> None:
    """What the guest asked for that this machine has not."""
    for what, numbers in (("MSRs", machine.unknown_msrs), ("ports", machine.board.ports.unclaimed)):
        if numbers:
            watchers.tell(f"{what} that are not there: {', '.join(f'{each:#x}' for each in sorted(numbers))}")


def open_snapshot(path: Path) -> BinaryIO:
    """The file that --restore names."""
    try:
        return path.open("rb")
    except OSError as error:
        raise UserError(f"snapshot {path}: cannot be read: {error.strerror or error}") from None


def difference(found: Shape, wanted: Shape) -> str:
    """In what two boots differ, in words."""
    if found.cpus != wanted.cpus:
        return f"it is of {found.cpus} CPUs, not {wanted.cpus}"
    if found.memory_mib != wanted.memory_mib:
        return f"it is of {found.memory_mib} MiB, not {wanted.memory_mib}"
    return "it is of another kernel, initramfs, command line, CPUID, quantum or seed"


def _comes_later(spec: BootSpec, instructions: int, console: str) -> bool:
    """Whether everything that this run waits for comes after the first user instruction."""
    if spec.max_instructions is not None and spec.max_instructions <= instructions:
        return False
    return all(mark is None or _is_later(mark, instructions, console) for mark in (spec.until, spec.at))


def _is_later(mark: Mark, instructions: int, console: str) -> bool:
    if mark.kind == Kind.TEXT:
        return mark.text.encode() not in console.encode("latin-1")
    if mark.kind == Kind.INSTRUCTIONS:
        return mark.number > instructions
    return mark.kind in (Kind.USER, Kind.M5OP)


def summarise(
    spec: BootSpec, session: Session, ended: Ended, seconds: float, run: int, *, kernel: Vmlinux | BzImage, digest: bool
) -> BootResult:
    """The result of a session that is over; `digest`: with what costs a look at all of its memory, or at the kernel's symbols."""
    machine = session.machine
    named = digest or (ended.status is None and ended.how not in IN_ORDER)
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
