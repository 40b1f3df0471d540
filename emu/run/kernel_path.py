"""How long system calls of a real kernel are: a region in full detail, traced, walked and measured; our own path beside it."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from emu.boot.build import read_inputs
from emu.boot.ending import End
from emu.boot.marks import M5_WORK_BEGIN, Kind, Mark
from emu.boot.run import Watchers
from emu.boot.spec import BootSpec
from emu.description import load_machine
from emu.elf.kernel_symbols import kernel_symbols
from emu.errors import CheckFailed, UserError
from emu.run.experiment import Progress
from emu.run.path_run import MESSAGES_MAX, MESSAGES_MIN, WARM_UP_MESSAGES, experiment, path_lengths
from emu.subjects.ipc_msg.path.lengths import CALLS, TAIL_MESSAGES, PathLengths
from emu.subjects.ipc_msg.workload.workload import CORES_MAX
from emu.subjects.kernel.call_lengths import CallLengths, measure, rules
from emu.subjects.kernel.detail import RegionSpec, run_detail
from emu.subjects.kernel.ping_pong import write_ping_pong
from emu.subjects.path.walk import walk
from emu.trace.file import TraceFile

WORK_BEGIN = Mark(Kind.M5OP, "work_begin", M5_WORK_BEGIN)
INSTRUCTIONS_MAX = 5_000_000  # of a region: some 1,000 messages
UNKNOWN = "everything else"


@dataclass(frozen=True, slots=True)
class KernelPath:
    """What was measured of a kernel, and of ours if it was measured beside it."""

    kernel: Path
    release: str  # what the kernel calls itself
    machine: str
    cores: int
    program: str  # what ran, in words
    lengths: CallLengths
    partial: bool  # the region, or the walk, was ended before its end
    stopped: bool  # because somebody wished it
    variant: str | None = None
    ours: PathLengths | None = None


@dataclass(frozen=True, slots=True)
class KernelPathSpec:
    """What to measure."""

    boot: BootSpec  # without a program: two threads that send each other messages
    region: RegionSpec
    calls: tuple[str, ...] = CALLS
    variant: str | None = None  # of ours; by what the kernel does if it is not named
    messages: int = 300
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse what cannot be measured."""
        rules(self.calls)
        if not MESSAGES_MIN <= self.messages <= MESSAGES_MAX or self.messages % 2:
            raise UserError(f"messages must be an even number of {MESSAGES_MIN} to {MESSAGES_MAX}, not {self.messages}")
        if self.boot.program is None and self.boot.cpus < 2:
            raise UserError("two threads that send each other messages need two cores: --cpus must be at least 2")
        if self.variant is None:
            return
        experiment(self.variant, self.boot.machine, self.messages, self.seed)
        if not _is_message_path(self.calls):
            calls = ",".join(CALLS)
            raise UserError(f"a variant has the path of messages alone: --calls must be {calls}, or leave {self.variant} out")


def default_cpus(machine: str) -> int:
    """Two modules of a machine, as `emu path VARIANT` has."""
    return min(2 * load_machine(machine).topology.processors_per_module, CORES_MAX)


def _what_runs(boot: BootSpec) -> str:
    """Of a kernel: a program by its name, or our own."""
    if boot.program is not None:
        return boot.program.name
    apart = boot.cpus // 2 >= load_machine(boot.machine).topology.processors_per_module
    return f"2 threads on cores of {'different modules' if apart else 'one module'}"


def _is_message_path(calls: Sequence[str]) -> bool:
    return set(calls) == set(CALLS)


def kernel_path(spec: KernelPathSpec, watchers: Watchers, progress: Progress) -> KernelPath | None:
    """Run, walk and measure, or as much of it as was done when asked to stop; None if that is too little.

    `progress` is told how many steps are done, of how many: the run, the walk, and our own path where it stands beside it.
    """
    steps = 2 + _is_message_path(spec.calls)
    progress(0, steps)
    with tempfile.TemporaryDirectory(prefix="emu-path-") as folder:
        boot, warm_up, tail = spec.boot, 0, 0
        if boot.program is None:
            program = write_ping_pong(Path(folder), spec.messages // 2, (0, boot.cpus // 2))
            boot, warm_up, tail = replace(boot, program=program), WARM_UP_MESSAGES, TAIL_MESSAGES
        _check_symbols(boot, spec.region)
        try:
            trace, cut = _traced(boot, replace(spec.region, trace=Path(folder) / "region.trace"), watchers)
            progress(1, steps)
            walked = walk(trace, rules(spec.calls), watchers.should_stop)
            lengths = measure(walked, spec.calls, warm_up, tail, lambda address: _object(trace, address))
        except CheckFailed:
            if watchers.should_stop():
                return None
            raise
    progress(2, steps)
    found = KernelPath(
        kernel=spec.boot.kernel,
        release=trace.header.variant,
        machine=spec.boot.machine,
        cores=spec.boot.cpus,
        program=_what_runs(spec.boot),
        lengths=lengths,
        partial=cut or watchers.should_stop(),
        stopped=watchers.should_stop(),
    )
    if found.stopped or not _is_message_path(spec.calls):
        return found
    found = _beside(found, spec, watchers)
    progress(steps, steps)
    return found


def _check_symbols(boot: BootSpec, region: RegionSpec) -> None:
    if region.symbols is None and kernel_symbols(read_inputs(boot).kernel) is None:
        raise UserError(f"kernel {boot.kernel}: no symbols, and so no functions: give its System.map with --symbols")


def _traced(boot: BootSpec, region: RegionSpec, watchers: Watchers) -> tuple[TraceFile, bool]:
    """The trace of the region, and whether it ends before its end."""
    found = run_detail(boot, region, load_machine(boot.machine), watchers)
    ended = found.boot.ended.how in (End.STOPPED, End.LIMIT)
    missed = found.missed(region)
    if found.detail is None or region.trace is None or (missed is not None and not ended):
        raise CheckFailed(missed or "the region did not begin")
    return TraceFile(region.trace), ended


def _object(trace: TraceFile, address: int) -> str:
    region = trace.header.region_at(address)
    return UNKNOWN if region is None else region.name


def _beside(found: KernelPath, spec: KernelPathSpec, watchers: Watchers) -> KernelPath:
    """With our own path, of the variant that does as the kernel does if none is named."""
    variant = spec.variant or ("baseline" if found.lengths.wakes_at_once("msgsnd") else "wakeq")
    ours = path_lengths(experiment(variant, spec.boot.machine, spec.messages, spec.seed), None, watchers.should_stop)
    stopped = watchers.should_stop()
    return replace(found, variant=variant, ours=ours, partial=found.partial or stopped, stopped=stopped)
