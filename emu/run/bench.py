"""Locks of the user's own, on each number of cores in turn: plans in, results out, and a trace of one of them."""

from collections.abc import Callable
from pathlib import Path

from emu.description import load_machine
from emu.run.overrides import apply_overrides
from emu.subjects.bench import program
from emu.subjects.bench.lock_file import LockFile
from emu.subjects.bench.measure import LOCK_CLASS, Contest, Progress, Records, measure, prepare_contest
from emu.subjects.bench.plan import Plan
from emu.subjects.bench.result import BenchResult
from emu.trace.file import TraceWriter
from emu.trace.header import LockName, Region, Symbol, TraceHeader


def run_bench(
    plan: Plan,
    lock: LockFile,
    *,
    progress: Progress = lambda done, wanted: None,
    should_stop: Callable[[], bool] = lambda: False,
    trace: Path | None = None,
    trace_records: int,
    overwrite: bool = False,
) -> BenchResult:
    """Measure one lock, and write its trace if one is asked for: whole, or up to where the run was stopped."""
    description = apply_overrides(load_machine(plan.machine), plan.overrides)
    contest = prepare_contest(plan, lock, description, trace=trace is not None)
    if trace is None:
        return measure(contest, progress=progress, should_stop=should_stop)
    with TraceWriter(trace, trace_header(contest), max_records=trace_records, overwrite=overwrite) as writer:

        def sink(records: Records) -> bool:
            writer.append(records)
            return False

        result = measure(contest, progress=progress, should_stop=should_stop, sink=sink)
        cycles = contest.machine.cores["cycles"].tolist()
        writer.close(trace_digest=result.trace_digest, partial=result.partial, cycles=cycles)
    return result


def trace_header(contest: Contest) -> TraceHeader:
    """Everything that a reader of the trace needs to know of the run."""
    image, plan = contest.text.image, contest.plan
    regions = [Region("lock", program.LOCK, program.LOCK_BYTES), Region("section", program.DATA, program.OWN - program.DATA)]
    regions += [Region(f"own/{core}", program.OWN + core * program.OWN_BYTES, program.OWN_BYTES) for core in range(plan.cores)]
    regions += [
        Region(f"control/{core}", program.control_of(core), program.CONTROL_BYTES, "bench_core") for core in range(plan.cores)
    ]
    return TraceHeader(
        variant=contest.lock.name,
        machine=contest.description.name,
        cores=plan.cores,
        arguments=arguments(plan),
        symbols=tuple(Symbol(each.name, each.address, each.size) for each in image.routines),
        instructions={address: each.text for address, each in contest.text.decoded.items()},
        marks=tuple(contest.text.marks),
        locks=(LockName(LOCK_CLASS, program.LOCK),) if contest.lock.word is not None else (),
        regions=tuple(regions),
        structs={"bench_core": {name.lower(): offset for name, offset in program.OFFSETS.items()}},
        clock_hz=contest.description.clock_hz.value,
    )


def arguments(plan: Plan) -> str:
    """The command that makes this run again, without the program's name."""
    words = ["bench", plan.lock, "--machine", plan.machine, "--cores", str(plan.cores), "--rounds", str(plan.rounds)]
    words += ["--section", str(plan.section), "--think", str(plan.think)]
    words += ["--shared", str(plan.shared)] if plan.shared else []
    words += ["--seed", str(plan.seed), *(word for key, value in plan.overrides for word in ("--set", f"{key}={value}"))]
    return " ".join(words)
