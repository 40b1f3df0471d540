"""How long the path of a variant is: a traced run of two threads, walked and measured."""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from emu.description import load_machine
from emu.errors import CheckFailed, UserError
from emu.run.experiment import Progress, run
from emu.run.experiment_spec import Experiment
from emu.subjects.ipc_msg.path.lengths import TAIL_MESSAGES, PathLengths, measure, rules
from emu.subjects.ipc_msg.path.reference import Correspondence, correspondence
from emu.subjects.ipc_msg.workload.workload import CORES_MAX
from emu.subjects.path.walk import walk
from emu.trace.file import TraceFile
from emu.trace.header import TraceHeader

THREADS = 2
PLACEMENT = "cross-module"
WARM_UP_MESSAGES = 50
MESSAGES_MIN = WARM_UP_MESSAGES + TAIL_MESSAGES + 1
MESSAGES_MAX = 5000  # a trace of some two gigabytes in memory


def experiment(variant: str, machine: str, messages: int, seed: int) -> Experiment:
    """The run that the real kernels were measured in: two threads, each on a core of another module, no tick.

    Two modules of the machine are enough for that.
    """
    if not MESSAGES_MIN <= messages <= MESSAGES_MAX:
        raise UserError(
            f"messages must be {MESSAGES_MIN} to {MESSAGES_MAX}, not {messages}: "
            f"the first {WARM_UP_MESSAGES} and the last {TAIL_MESSAGES} are not steady state"
        )
    cores = min(2 * load_machine(machine).topology.processors_per_module, CORES_MAX)
    return Experiment(
        variant=variant, machine=machine, cores=cores, threads=THREADS, messages=messages, placement=PLACEMENT, seed=seed
    )


def path_lengths(
    spec: Experiment, progress: Progress | None = None, should_stop: Callable[[], bool] = lambda: False
) -> PathLengths | None:
    """Run, walk the trace and measure it, or as much of it as was walked when asked to stop; None if that is too little."""
    with tempfile.TemporaryDirectory(prefix="emu-path-") as folder:
        path = Path(folder) / "path.trace"
        result = run(replace(spec, trace=path), progress, should_stop)
        if result.stuck is not None:
            raise result.stuck.error
        if result.partial:
            return None
        trace = TraceFile(path)
        same = correspondence()
        walked = walk(trace, rules(same), should_stop)
        try:
            lengths = measure(walked, WARM_UP_MESSAGES, _kinds(trace.header, same))
        except CheckFailed:
            if should_stop():
                return None
            raise
        return replace(lengths, partial=should_stop())


def _kinds(header: TraceHeader, same: Correspondence) -> Callable[[int], str]:
    """From a physical address to the kind of object that lies there."""

    def kind_of(address: int) -> str:
        region = header.region_at(address)
        return same.kind_of_object("" if region is None else region.name)

    return kind_of
