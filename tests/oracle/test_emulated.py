"""The emulated message path against the kernel under the tests, on random scripts: 15 of them, and in the long test more:

ORACLE_SEQUENCES=10000 python -m pytest tests/oracle/test_emulated.py -m deep

Every script runs in every variant. What a variant gives must be what its kernel's version allows (`queue_model`, itself checked
against the host); where only one course is legal, on the host's kernel too, it must be what the host gives. After each step the
guest's objects are checked (`emu.guest.invariants`). Without SysV IPC on the host the model stands in for it.
"""

import os
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import HealthCheck, given, settings

from bench.oracle.host_queue import HostQueue
from bench.oracle.model_state import LINUX_4_8, Kernel
from bench.oracle.queue_model import QueueModel
from bench.oracle.strategies import ABILITIES, scripts
from emu.assembly.variants import variants
from emu.errors import EmuError
from emu.run.script_run import ScriptMachine
from emu.subjects.ipc_msg.script.script import Script
from emu.subjects.ipc_msg.script.text import dump, with_results

SEQUENCES = 15
DEEP_SEQUENCES = int(os.environ.get("ORACLE_SEQUENCES", "120"))
ASKED = "ORACLE_SEQUENCES" in os.environ  # for other scripts each time; else the same ones: what lands does not hang on chance
SHARES = {1: 0.1, 2: 0.1, 3: 0.2, 4: 0.2, 5: 0.2, 6: 0.2}  # of the scripts, by number of tasks
LINUX_4_9 = Kernel(wakes_senders_in_vain=False)  # as in 4.8, the lowest type finds nothing
KERNELS = {"wakeq-senders": LINUX_4_9, "wakeq-release": LINUX_4_9, "wakeq-release-fixed": LINUX_4_9}
VARIANTS = tuple(variants())


@pytest.fixture(scope="module")
def machines(tasks: int) -> Iterator[Mapping[str, ScriptMachine]]:
    """A machine of so many tasks for each variant. They take memory: those of the next number come when these are gone."""
    made = {variant: ScriptMachine(tasks, variant, "a10-7800") for variant in VARIANTS}
    yield made
    made.clear()  # Hypothesis keeps what it has run


def compare(script: Script, variant: str, machine: ScriptMachine, host: HostQueue | None) -> None:
    kernel = KERNELS.get(variant, LINUX_4_8)
    try:
        results = machine.run(script)
    except EmuError as problem:
        pytest.fail(f"{variant}: {problem}\n{dump(script)}")
    objection = QueueModel(kernel).objection(script, results)
    assert not objection, f"{variant}: {objection}\n{dump(with_results(script, results))}"
    if host is not None and QueueModel(kernel).fixed(script) and QueueModel(host.kernel).fixed(script):
        theirs = host.run(script)
        if not QueueModel(kernel).objection(script, theirs):  # else the versions differ: tests/oracle/README.md
            assert results == theirs, (
                f"{variant}:\n{dump(with_results(script, results))}the host:\n{dump(with_results(script, theirs))}"
            )


def compare_all(
    tasks: int, machines: Mapping[str, ScriptMachine], host: HostQueue | None, count: int, *, derandomize: bool
) -> None:
    """Compare this number of tasks' share of so many scripts."""
    kernels = (host.kernel, LINUX_4_8, LINUX_4_9) if host else (LINUX_4_8, LINUX_4_9)
    examples = round(count * SHARES[tasks])

    @settings(max_examples=examples, deadline=None, derandomize=derandomize, suppress_health_check=list(HealthCheck))
    @given(script=scripts(tasks=tasks, kernels=kernels, abilities=host.abilities if host else ABILITIES))
    def every_variant_agrees(script: Script) -> None:
        for variant, machine in machines.items():
            compare(script, variant, machine, host)

    every_variant_agrees()


each_number_of_tasks = pytest.mark.parametrize("tasks", SHARES, scope="module")


@each_number_of_tasks
def test_every_variant_gives_what_the_kernel_gives(tasks, machines, host_or_none) -> None:
    compare_all(tasks, machines, host_or_none, SEQUENCES, derandomize=True)


@pytest.mark.deep
@each_number_of_tasks
def test_so_it_does_on_many_more_scripts(tasks, machines, host_or_none) -> None:
    compare_all(tasks, machines, host_or_none, DEEP_SEQUENCES, derandomize=not ASKED)
