"""The path of a real kernel, made up: ours with a few functions exchanged, as another version has them."""

from pathlib import Path

from bench.report.canned_path import like
from emu.report.kernel_path_check import KernelPathReport
from emu.run.kernel_path import KernelPath
from emu.subjects.ipc_msg.path.reference import reference_of
from emu.subjects.kernel.call_lengths import CallLengths, Section
from emu.subjects.path.sections import Outcome
from emu.subjects.path.tally import Means

QUEUE_LOCK = "lock taken by do_msgrcv, do_msgsnd"
SAME = Means(instructions=230, loads=79, stores=43, locked=2, lines=25, transfers=9)
SLEEP = Means(instructions=31, loads=6, stores=13, lines=7)
OTHER = Means(instructions=19, loads=8, stores=2, locked=1, lines=5, transfers=2)
OF_ANOTHER_VERSION = {"put_pid": OTHER, "do_syscall_64": OTHER, "psi_task_switch": OTHER, "something_of_their_own": OTHER}


def kernel_path(*, beside: bool = True, partial: bool = False) -> KernelPath:
    """Of a kernel whose hand-off holds `do_msgsnd` and `put_pid`; with ours beside it, or alone."""
    reference = reference_of("wakeq")
    assert reference is not None
    ours = like(reference)
    functions = {
        call: {name: means for name, means in ours.functions[call].items() if not name.startswith("security")} | OF_ANOTHER_VERSION
        for call in ("msgsnd", "msgrcv")
    }
    rest = {name: Means(instructions=985, lines=61) for name in ("idle", "call_function_single", "user")}
    held = {"do_msgsnd": SAME, "put_pid": OTHER}
    sections = (
        Section("msgsnd", QUEUE_LOCK, Outcome.WAKES, 240, Means.total(held.values()), held, "wake_q_add"),
        Section("msgrcv", QUEUE_LOCK, Outcome.SLEEPS, 240, SLEEP, {"do_msgrcv": SLEEP}, ""),
        Section("msgrcv", "runqueues", Outcome.GOES_ON, 240, Means(instructions=947), {"__schedule": OTHER}, ""),
    )
    lengths = CallLengths(
        counts={"msgsnd": 240, "msgrcv": 240},
        contexts={call: Means.total(each.values()) for call, each in functions.items()} | rest,
        functions={**functions, **{name: {"a_function": OTHER} for name in rest}},
        sections=sections,
        transfers={"read_miss": 18.0, "upgrade": 18.0, "write_miss": 7.0},
        objects={"task_struct": 33.0, "everything else": 10.0},
    )
    return KernelPath(
        kernel=Path("a/vmlinux"),
        release="Linux 6.1.0",
        machine="a10-7800",
        cores=4,
        program="2 threads on cores of different modules",
        lengths=lengths,
        partial=partial,
        stopped=partial,
        variant="wakeq" if beside else None,
        ours=ours if beside else None,
    )


def kernel_path_report(*, beside: bool = True, partial: bool = False) -> KernelPathReport:
    """What is said of it."""
    return KernelPathReport(kernel_path(beside=beside, partial=partial))
