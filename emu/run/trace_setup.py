"""The header of a run's trace: names for every number that its records hold."""

import shlex
from collections.abc import Mapping
from dataclasses import replace

from emu.image import Struct
from emu.run.experiment_spec import Experiment
from emu.run.wiring import Wired
from emu.trace.header import LockName, Region, Symbol, TaskName, TraceHeader


def trace_header(wired: Wired, *, variant: str = "", arguments: str = "") -> TraceHeader:
    """Everything that a reader of the trace needs to know of the run: of which variant, by which command."""
    structs = wired.image.structs
    return TraceHeader(
        variant=variant or wired.image.variant,
        machine=wired.description.name,
        cores=wired.machine.count,
        arguments=arguments,
        symbols=tuple(Symbol(each.name, each.address, each.size) for each in wired.image.routines),
        instructions={address: each.text for address, each in wired.text.decoded.items()},
        marks=tuple(wired.text.marks),
        spins=tuple(each.name for each in wired.machine.probes.spins),
        locks=tuple(LockName(lock.name, lock.physical, lock.owner.name) for lock in wired.guest.locks),
        tasks=tuple(TaskName(task.plan.name, task.pointer) for task in wired.guest.tasks),
        regions=tuple(Region(each.name, each.physical, each.size, each.struct or "") for each in wired.guest.objects),
        structs={name: _fields(structs, struct) for name, struct in structs.items()},
        clock_hz=wired.description.clock_hz.value,
    )


def _fields(structs: Mapping[str, Struct], struct: Struct, prefix: str = "", base: int = 0) -> dict[str, int]:
    fields: dict[str, int] = {}
    for each in struct.fields.values():
        fields[prefix + each.name] = base + each.offset
        if each.struct:
            fields |= _fields(structs, structs[each.struct], f"{prefix}{each.name}.", base + each.offset)
    return fields


def command(experiment: Experiment) -> str:
    """The command line that runs it again, without the program's name: what is at its default may be left out."""
    each, default = experiment, Experiment()
    words = ["run", "--variant", each.variant, "--cores", str(each.cores), "--threads", str(each.threads)]
    words += ["--machine", each.machine] if each.machine != default.machine else []
    words += ["--workload", each.workload] if each.workload != default.workload else []
    words += ["--preempt", each.preempt] if each.preempt != replace(each, preempt="").preempt else []
    words += ["--messages", str(each.messages), "--seed", str(each.seed)]
    for option, value in (("--placement", each.placement), ("--queues", each.queues), ("--types", each.types)):
        words += [option, value] if value is not None else []
    words += [word for stall in each.stalls for word in ("--stall", str(stall))]
    words += ["--tick", str(each.tick_hz)] if each.tick_hz else []
    words += [word for key, value in each.overrides for word in ("--set", f"{key}={value}")]
    return shlex.join(words)
