"""Run an experiment: assemble, build the guest, drive the machine slice by slice, check, and say what was measured."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from errno import errorcode

import numpy as np

from emu.description import load_machine
from emu.engine import records as rec
from emu.engine.machine import Machine, Options
from emu.engine.text import Text
from emu.errors import CheckFailed, LimitReached, UserError
from emu.guest.chance import tick_phase
from emu.image import Image
from emu.run.experiment_spec import Experiment
from emu.run.overrides import apply_overrides
from emu.run.result import Coherence, LockUse, MessageSpin, RunResult, StallCount, StateCycles, WakeupLatency, Wakeups
from emu.run.stuck.bound import failed_check, passed_bound
from emu.run.stuck.diagnose import diagnose
from emu.run.stuck.facts import Stuck
from emu.run.stuck.view import View
from emu.run.trace_setup import command, trace_header
from emu.run.wiring import Wired, program_of, wire
from emu.subjects.ipc_msg import QUEUE_LOCK
from emu.trace.file import TraceWriter, trace_output
from emu.trace.record import Cause

Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Setup(Wired):
    """One run of an experiment, wired and not yet started."""

    experiment: Experiment


def prepare(experiment: Experiment, *, run_ahead: bool = True, interpret: bool = True, park: bool = True) -> Setup:
    """Wire an experiment, or raise `UserError`; how it is carried out changes no result."""
    description = apply_overrides(load_machine(experiment.machine), experiment.overrides)
    if experiment.trace is not None:
        trace_output(experiment.trace, overwrite=experiment.overwrite)
    image, text = program_of(experiment.variant, experiment.preempt, description)
    workload = experiment.plan(description.topology.processors_per_module)
    period = description.clock_hz.value // experiment.tick_hz if experiment.tick_hz else 0
    options = Options(
        done_wanted=experiment.threads,
        max_cycles=experiment.cycles_bound,
        run_ahead=run_ahead,
        interpret=interpret,
        park=park,
        trace=experiment.trace is not None,
        timer_period=period,
        timer_phase=tick_phase(experiment.seed, period) if period else 0,
        stalls=_stalls(experiment, image, text),
    )
    wired = wire(description, experiment.variant, workload, options, preempt=experiment.preempt)
    return Setup(wired.description, wired.image, wired.text, wired.guest, wired.bus, wired.machine, experiment)


def run(experiment: Experiment, progress: Progress | None = None, should_stop: Callable[[], bool] | None = None) -> RunResult:
    """Run an experiment to its end, or until `should_stop` says so or nothing goes on any more (the result is then partial).

    What keeps a run from its end is in the result's `stuck`; its trace is kept as far as it went.
    """
    setup = prepare(experiment)
    writer = _writer(setup)
    begin = time.perf_counter()
    try:
        partial, stuck = _drive(setup, writer, progress, should_stop)
    except BaseException:
        if writer is not None:
            writer.abort()
        raise
    host_seconds = time.perf_counter() - begin
    setup.machine.finish()
    if writer is not None:
        with suppress(LimitReached):  # already said
            _flush(setup.machine, writer, last=True)
        writer.close(trace_digest=setup.machine.digest, partial=partial, cycles=setup.machine.cores["cycles"].tolist())
    if not partial:
        stuck = _check(setup)
    return replace(measure(setup, host_seconds, partial), stuck=stuck)


def drive_to_end(setup: Setup) -> RunResult:
    """Run what `prepare` wired to its end, without trace or progress; what keeps it from that is raised as an error."""
    begin = time.perf_counter()
    partial, stuck = _drive(setup, None, None, None)
    setup.machine.finish()
    stuck = stuck or _check(setup)
    if stuck is not None:
        raise stuck.error
    return measure(setup, time.perf_counter() - begin, partial)


def _drive(
    setup: Setup, writer: TraceWriter | None, progress: Progress | None, should_stop: Callable[[], bool] | None
) -> tuple[bool, Stuck | None]:
    """Run slice by slice; returns whether the run ended before its time, and why if that is not the caller's wish."""
    machine, wanted, ticks = setup.machine, setup.guest.workload.messages, setup.experiment.tick_hz > 0
    bound = f"the guest had not finished after {setup.experiment.cycles_bound:,} cycles (--max-cycles)"
    delivered = machine.counts("marks.counts")[setup.text.mark("delivered") : setup.text.mark("delivered") + 1]
    if progress is not None:
        progress(0, wanted)
    while True:
        outcome = machine.run()
        if writer is not None:
            try:
                _flush(machine, writer)
            except LimitReached as error:
                return True, passed_bound(View(setup, ticks=ticks), str(error))
        if progress is not None:
            progress(int(delivered[0]), wanted)
        if outcome == rec.RUN_DONE:
            return False, None
        stuck = diagnose(setup, outcome, bound, ticks=ticks)
        if stuck is not None or (should_stop is not None and should_stop()):
            return True, stuck


def _check(setup: Setup) -> Stuck | None:
    """What must hold at the end of every run, and does not."""
    try:
        setup.guest.check_finished()
    except CheckFailed as error:
        return failed_check(View(setup, ticks=setup.experiment.tick_hz > 0), error)
    return None


def _stalls(experiment: Experiment, image: Image, text: Text) -> dict[int, tuple[int, int]]:
    for stall in experiment.stalls:
        if stall.point not in image.points():
            raise UserError(
                f"stall: variant {image.variant} has the points {', '.join(image.points())}; there is no {stall.point!r}"
            )
    return {text.mark(stall.point): (stall.cycles, stall.every) for stall in experiment.stalls}


def _writer(setup: Setup) -> TraceWriter | None:
    spec = setup.experiment
    if spec.trace is None:
        return None
    header = trace_header(setup, variant=spec.variant, arguments=command(spec))
    return TraceWriter(spec.trace, header, max_records=spec.limits.trace_records, overwrite=spec.overwrite)


def _flush(machine: Machine, writer: TraceWriter, *, last: bool = False) -> None:
    records = machine.take_trace(last=last)
    if len(records):
        writer.append(records)


def measure(setup: Setup, host_seconds: float, partial: bool) -> RunResult:
    """Turn the machine's counters into a result; a core whose states do not sum to the elapsed cycles is a `CheckFailed`."""
    machine, experiment = setup.machine, setup.experiment
    cycles = machine.cycles
    states = tuple(StateCycles.of(core["cycles"]) for core in machine.cores)
    for index, core in enumerate(states):
        if core.total != cycles:
            raise CheckFailed(f"core {index}: its states sum to {core.total} cycles, {cycles} have passed")
    counts = {name: int(machine.counts("marks.counts")[id]) for id, name in enumerate(setup.text.marks)}
    record, probe = machine.record[0], machine.probe
    boot = int(record["boot_cycles"])
    clock = setup.description.clock_hz.value
    delivered = counts.get("delivered", 0)
    working = max(cycles - boot, 1)
    return RunResult(
        variant=experiment.variant,
        machine=setup.description.name,
        preempt=setup.image.preempt,
        workload=setup.guest.workload.name,
        placement=setup.guest.workload.placement,
        queues=setup.guest.workload.queues,
        types=setup.guest.workload.types,
        cores=experiment.cores,
        modules=int(setup.bus.record["modules"][0]),
        threads=experiment.threads,
        seed=experiment.seed,
        messages_wanted=setup.guest.workload.messages,
        messages=delivered,
        cycles=cycles,
        boot_cycles=boot,
        seconds=cycles / clock,
        messages_per_second=delivered * clock / working,
        instructions=machine.instructions,
        host_seconds=host_seconds,
        trace_digest=machine.digest,
        cycles_by_core_and_state=states,
        cycles_by_cause={cause.name.lower(): int(machine.cores["cycles_by_cause"][:, cause].sum()) for cause in Cause},
        message_spin=MessageSpin(*(int(probe("spins", "message_spin")[name]) for name in ("entries", "iterations", "cycles"))),
        locks=_locks(setup),
        wakeups=_wakeups(counts, int(probe("unders", "wakeups_under_queue_lock")["count"])),
        wakeup_latency=WakeupLatency(*(int(probe("spans", "wakeup_latency")[name]) for name in ("count", "cycles", "cycles_max"))),
        interprocessor_interrupts=int(record["counters"]["ipis"]),
        context_switches=counts.get("context_switch", 0),
        coherence=Coherence(**{name: count for name, count in setup.bus.counts().items() if name != "write_backs"}),
        outcomes=_outcomes(counts, probe("errnos", "calls_failed")["counts"]),
        tick_hz=experiment.tick_hz,
        overrides=dict(experiment.overrides),
        stall_schedule=experiment.stalls,
        stalls=_stall_counts(setup),
        partial=partial,
    )


def _wakeups(counts: Mapping[str, int], under: int) -> Wakeups:
    total = counts.get("wakeup", 0)
    idle, running, awake = (counts.get(name, 0) for name in ("wakeup_to_idle", "wakeup_to_running", "wakeup_found_awake"))
    return Wakeups(total, under, total - under, idle, running, awake, total - idle - running - awake)


def _outcomes(counts: Mapping[str, int], errors: np.ndarray) -> dict[str, int]:
    """What became of messages, and of the system calls that failed."""
    found = {name: counts.get(name, 0) for name in ("delivered", "enqueued", "handed_over")}
    found["under_way"] = found["enqueued"] + found["handed_over"] - found["delivered"]
    return found | {errorcode[int(number)]: int(errors[number]) for number in np.flatnonzero(errors)}


def _stall_counts(setup: Setup) -> dict[str, StallCount]:
    total, found = setup.machine.counts("stalls.total"), {}
    for stall in setup.experiment.stalls:
        cycles = int(total[setup.text.mark(stall.point)])
        found[stall.point] = StallCount(cycles // stall.cycles, cycles)
    return found


def _locks(setup: Setup) -> dict[str, LockUse]:
    found: dict[str, LockUse] = {}
    names = [lock.name for lock in setup.guest.locks]
    for name in dict.fromkeys(sorted(names, key=lambda each: (each != QUEUE_LOCK, each))):
        rows = setup.machine.locks[[index for index, each in enumerate(names) if each == name]]
        totals = {field: int(rows[field].sum()) for field in LockUse.__slots__ if not field.endswith("_max")}
        peaks = {field: int(np.max(rows[field])) for field in LockUse.__slots__ if field.endswith("_max")}
        found[name] = LockUse(**totals, **peaks)
    return found
