"""The emulated message path against the kernel under the tests, on random scripts: 300 of them, or as many as asked for:

ORACLE_SEQUENCES=10000 python -m pytest tests/oracle/test_emulated.py

Every script runs in every variant. What a variant gives must be what its kernel's version allows (`queue_model`, itself checked
against the host); where only one course is legal, on the host's kernel too, it must be what the host gives. After each step the
guest's objects are checked (`emu.guest.invariants`). Without SysV IPC on the host the model stands in for it.
"""

import os
from functools import cache

import pytest
from host_queue import HostQueue
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from model_state import LINUX_4_8, Kernel
from queue_model import QueueModel
from strategies import scripts

from emu.assembly.variants import variants
from emu.errors import EmuError
from emu.run.script_run import ScriptMachine
from emu.subjects.ipc_msg.script.script import Script
from emu.subjects.ipc_msg.script.text import dump, with_results

SEQUENCES = int(os.environ.get("ORACLE_SEQUENCES", "300"))
LINUX_4_9 = Kernel(wakes_senders_in_vain=False)  # as in 4.8, the lowest type finds nothing
KERNELS = {"wakeq-senders": LINUX_4_9, "wakeq-release": LINUX_4_9, "wakeq-release-fixed": LINUX_4_9}
VARIANTS = tuple(variants())


@cache
def machine(tasks: int, variant: str) -> ScriptMachine:
    return ScriptMachine(tasks, variant, "a10-7800")


def compare(script: Script, variant: str, host: HostQueue | None) -> None:
    kernel = KERNELS.get(variant, LINUX_4_8)
    try:
        results = machine(script.tasks, variant).run(script)
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


@settings(max_examples=SEQUENCES, deadline=None, derandomize=SEQUENCES <= 300, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_every_variant_gives_what_the_kernel_gives(data: st.DataObject, host_or_none: HostQueue | None) -> None:
    script = data.draw(scripts(kernels=(host_or_none.kernel, LINUX_4_8, LINUX_4_9) if host_or_none else (LINUX_4_8, LINUX_4_9)))
    for variant in VARIANTS:
        compare(script, variant, host_or_none)
