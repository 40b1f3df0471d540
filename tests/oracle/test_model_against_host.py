"""The Python model of the queue against the kernel under the tests, on random scripts: 150 of them, and in the long test more:

ORACLE_SEQUENCES=10000 python -m pytest tests/oracle/test_model_against_host.py -m deep
"""

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings

from bench.oracle.host_queue import HostQueue
from bench.oracle.model_state import LINUX_4_8
from bench.oracle.queue_model import QueueModel
from bench.oracle.strategies import scripts
from emu.subjects.ipc_msg.script.script import IpcInfo, Msgctl, MsgInfo, MsgStat, Recv, Script, Set
from emu.subjects.ipc_msg.script.text import dump, with_results

SEQUENCES = 150
DEEP_SEQUENCES = int(os.environ.get("ORACLE_SEQUENCES", "1000"))
ASKED = "ORACLE_SEQUENCES" in os.environ  # for other scripts each time; else the same ones: what lands does not hang on chance


def reasons_to_differ(script: Script) -> list[str]:
    """What in a script the version of the kernel decides: see `model_state.Kernel`."""
    found = []
    for step in script.steps:
        match step.operation:
            case Set(mode=mode) if not mode & 0o200:
                found.append("IPC_SET takes the write permission away: blocked senders that do not fit")
            case Recv(type=-0x8000000000000000):
                found.append("the lowest type of all")
            case Msgctl(command=13):
                found.append("MSG_STAT_ANY")
            case MsgStat() | IpcInfo() | MsgInfo():
                found.append("which index a queue has")
    return found


def check_model_of_the_host(host: HostQueue, script: Script) -> None:
    """What the host gives is legal."""
    results = host.run(script)
    objection = QueueModel(host.kernel).objection(script, results)
    assert not objection, f"{objection}\n{dump(with_results(script, results))}"


def check_model_of_linux_4_8(host: HostQueue, script: Script) -> None:
    """Linux 4.8 differs from the host only where it is known to."""
    results = host.run(script)
    objection = QueueModel(LINUX_4_8).objection(script, results)
    assert not objection or reasons_to_differ(script), f"{objection}\n{dump(with_results(script, results))}"


@pytest.mark.parametrize(
    ("count", "derandomize"),
    [(SEQUENCES, True), pytest.param(DEEP_SEQUENCES, not ASKED, marks=pytest.mark.deep)],
    ids=["few", "many"],
)
@pytest.mark.parametrize("check", [check_model_of_the_host, check_model_of_linux_4_8])
def test_models(host: HostQueue, check: Callable[[HostQueue, Script], None], count: int, derandomize: bool) -> None:
    kernels = (host.kernel,) if check is check_model_of_the_host else (host.kernel, LINUX_4_8)

    @settings(max_examples=count, deadline=None, derandomize=derandomize, suppress_health_check=list(HealthCheck))
    @given(script=scripts(kernels=kernels, abilities=host.abilities))
    def holds(script: Script) -> None:
        check(host, script)

    holds()
