"""A region of a real kernel in full detail: booted in the fast gear to its beginning, accounted to its end, named."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from emu.boot.build import read_inputs
from emu.boot.ending import End, Ended
from emu.boot.full.decode_cache import DecodeCache
from emu.boot.full.decoder import Decoder
from emu.boot.full.gear import SLICE_CYCLES, FullGear, check_memory
from emu.boot.full.looks import FullLooks
from emu.boot.full.measure import measure
from emu.boot.full.measured import TaskFigures
from emu.boot.full.recorder import IDLE_NAME, Recorder
from emu.boot.full.region import Region
from emu.boot.loader.memory_map import MIB
from emu.boot.marks import M5_WORK_BEGIN, M5_WORK_END, Kind, Mark, parse_mark
from emu.boot.result import BootResult
from emu.boot.run import Watchers, begin, summarise
from emu.boot.session import Session
from emu.boot.spec import BootSpec
from emu.boot.tasks import GuestTasks
from emu.description.machine_file import MachineFile
from emu.elf.kernel_symbols import kernel_elf, kernel_symbols
from emu.elf.symbols import SymbolTable, read_system_map
from emu.engine.machine import Options
from emu.errors import UserError
from emu.subjects.kernel.guest import read_virtual, types_of
from emu.subjects.kernel.names import Names
from emu.subjects.kernel.result import DetailResult, detail_result
from emu.subjects.kernel.roles import Roles, unrecognised
from emu.subjects.kernel.trace_header import trace_header
from emu.trace.file import RECORDS_MAX, TraceWriter

WORK_END = Mark(Kind.M5OP, "work_end", M5_WORK_END)
STOPS = (Kind.M5OP, Kind.TEXT)
FOREVER = 10**15  # cycles
INSTRUCTIONS_MAX = 10**9  # of a region for which nobody says how long it may be
BEFORE_MAX = 10**11  # instructions before a region: then its beginning will not come


@dataclass(frozen=True, slots=True)
class RegionSpec:
    """Which part of a run is looked at, and how."""

    start: Mark
    stop: Mark | None = None  # the end of the run
    items: int | None = None  # of the user's, in the region
    symbols: Path | None = None  # a System.map
    max_instructions: int = INSTRUCTIONS_MAX
    seed: int = 0  # puts cores and timers off a little; 0: not
    run_ahead: bool = True  # changes no result
    interpret: bool = True  # nor does this
    slice_cycles: int = SLICE_CYCLES  # between two looks of Python's: nor does this
    trace: Path | None = None  # a file for every instruction, access and event: nor does that
    trace_records: int = RECORDS_MAX
    overwrite: bool = False  # the trace that is there
    command: str = ""  # that asks for it, for the trace's header


class RegionDebugger(Protocol):
    """Who has a region at its beginning, and as far as he lets it run."""

    @property
    def looks(self) -> FullLooks:
        """Where it is to stop."""
        ...

    def attach(self, region: Region, over: Callable[[], bool]) -> None:
        """Have it; `over` says that it has had as many instructions as it may have."""
        ...


def region_marks(start: str, stop: str | None, *, dashes: str = "--") -> tuple[Mark, Mark | None]:
    """Both ends of a region as typed; one that begins with work_begin ends with work_end, if nobody says otherwise."""
    begin = parse_mark(f"{dashes}from", start)
    end = None if stop is None else parse_mark(f"{dashes}to", stop)
    if end is not None and end.kind not in STOPS:
        raise UserError(f"{dashes}to must be work_end, exit, checkpoint, work_begin or text:STRING, not {stop!r}")
    if end is None and begin.kind == Kind.M5OP and begin.number == M5_WORK_BEGIN:
        end = WORK_END
    return begin, end


@dataclass(frozen=True, slots=True)
class DetailRun:
    """What came of it: `detail` is None if the region was not reached."""

    boot: BootResult
    detail: DetailResult | None

    def missed(self, region: RegionSpec) -> str | None:
        """Which mark of the region did not come, and how far the run got; None: both came."""
        how, where = self.boot.ended.how, "; ".join(self.boot.doing)
        said = (
            f"the run {'was not over' if how == End.LIMIT else f'ended ({how.value})'} after {self.boot.instructions} instructions"
        )
        if self.detail is None:
            return f"--from {region.start} did not come: {said}: {where}"
        if region.stop is not None and how != End.MARK:
            return f"--to {region.stop} did not come: {said}: {where}"
        return None


def run_detail(
    spec: BootSpec, region: RegionSpec, description: MachineFile, watchers: Watchers, debugger: RegionDebugger | None = None
) -> DetailRun:
    """Boot to the beginning of the region, or begin from what was kept, and account to its end; a debugger may have it first."""
    check_memory(spec.memory_mib * MIB)
    inputs = read_inputs(spec)
    elf = kernel_elf(inputs.kernel)
    symbols = read_system_map(region.symbols) if region.symbols is not None else kernel_symbols(inputs.kernel, elf)
    session, _ = begin(replace(spec, until=region.start), inputs, watchers, symbols)
    began, before = time.monotonic(), session.machine.instructions()

    def pause() -> bool:
        watchers.progress(session.machine.instructions())
        return watchers.should_stop()

    with _trace(region) as writer:
        ended, detail = session.run(region.start, spec.max_instructions or BEFORE_MAX, pause), None
        if ended.how == End.MARK:
            names = Names(symbols, types_of(elf), partial(read_virtual, session.machine), spec.cpus)
            ended, detail = _look_at(session, region, description, names, writer, pause, debugger)
    ran = session.machine.instructions() - before
    return DetailRun(summarise(spec, session, ended, time.monotonic() - began, ran, kernel=inputs.kernel, digest=False), detail)


def _trace(region: RegionSpec) -> AbstractContextManager[TraceWriter | None]:
    """Where the trace goes, if there is to be one; what cannot be written is refused before the run."""
    if region.trace is None:
        return nullcontext()
    return TraceWriter(region.trace, None, max_records=region.trace_records, overwrite=region.overwrite)


def _look_at(
    session: Session,
    region: RegionSpec,
    description: MachineFile,
    names: Names,
    writer: TraceWriter | None,
    pause: Callable[[], bool],
    debugger: RegionDebugger | None,
) -> tuple[Ended, DetailResult]:
    """The region, from where the session stands."""
    decoder = _decoder(description, names.symbols)
    options = Options(
        slice_cycles=region.slice_cycles, run_ahead=region.run_ahead, interpret=region.interpret, trace=writer is not None
    )
    recorder = None if writer is None else Recorder(session.machine, names.tasks(), writer)
    looks = None if debugger is None else debugger.looks
    gear, guest = FullGear(session.machine, description, decoder, options, region.seed, recorder, looks), names.tasks()
    if guest is not None:
        gear.log.tasks.begin([None if (task := guest.current(cpu)) is None else task.address for cpu in range(names.cpus)])
    started = time.monotonic()
    ended = _run_region(gear, session, region, pause, debugger)
    measured = measure(gear, time.monotonic() - started)
    places = names.places()
    if guest is not None:
        measured = replace(measured, tasks=tuple(_named(measured.tasks, guest)))
    detail = detail_result(measured, places, tuple(unrecognised(names.symbols)), region.items)
    gear.decoder.save()
    if writer is not None and recorder is not None:
        header = trace_header(gear, recorder, names, places, detail.locks, region.command)
        cycles = [list(core.values()) for core in measured.cycles_by_core]
        writer.close(header=header, trace_digest=measured.digest, partial=ended.how in (End.STOPPED, End.LIMIT), cycles=cycles)
    return ended, detail


def _decoder(description: MachineFile, symbols: SymbolTable | None) -> Decoder:
    costs = hashlib.sha256(repr(description.costs).encode()).hexdigest()
    return Decoder(description.costs, Roles(symbols), DecodeCache(costs))


def _run_region(
    gear: FullGear, session: Session, region: RegionSpec, pause: Callable[[], bool], debugger: RegionDebugger | None
) -> Ended:
    """To the end of the region; more instructions than it may have end it as well."""

    def over() -> bool:
        return gear.machine.instructions >= region.max_instructions

    runner = Region(session.machine, gear, session.console, region.stop, FOREVER)
    if debugger is not None:
        debugger.attach(runner, over)
    ended = runner.run(lambda: over() or pause())
    gear.count_instructions()
    return Ended(End.LIMIT) if ended.how == End.STOPPED and over() else ended


def _named(tasks: Iterable[TaskFigures], guest: GuestTasks) -> Iterator[TaskFigures]:
    """Tasks by what they are called at the end of the region, as far as they are still there."""
    there = {task.address: task for task in guest.everyone()}
    for each in tasks:
        task = there.get(each.address) or guest.task(each.address)
        if task is not None and task.comm.startswith(IDLE_NAME):
            each = replace(each, queue_wait_cycles=0, queue_wait_cycles_max=0)  # it waits for nothing: it runs when nobody else can
        yield each if task is None else replace(each, comm=task.comm, pid=task.pid)
