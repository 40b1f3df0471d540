"""The Python model of the queue against the kernel under the tests, on random scripts; 300 of them, or as many as asked for:

ORACLE_SEQUENCES=10000 python -m pytest tests/oracle/test_model_against_host.py
"""

import os

from host_queue import HostQueue
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from model_state import LINUX_4_8
from queue_model import QueueModel
from strategies import scripts

from emu.subjects.ipc_msg.script.script import Recv, Script, Set
from emu.subjects.ipc_msg.script.text import dump, with_results

SEQUENCES = int(os.environ.get("ORACLE_SEQUENCES", "300"))


@settings(max_examples=SEQUENCES, deadline=None, derandomize=SEQUENCES <= 300, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_the_host_gives_is_legal(host: HostQueue, data: st.DataObject) -> None:
    kernel = host.kernel
    script = data.draw(scripts(kernels=(kernel,)))
    results = host.run(script)
    objection = QueueModel(kernel).objection(script, results)
    assert not objection, f"{objection}\n{dump(with_results(script, results))}"


def reasons_to_differ(script: Script) -> list[str]:
    """What in a script the version of the kernel decides: see `model_state.Kernel`."""
    found = []
    for step in script.steps:
        match step.operation:
            case Set(mode=mode) if not mode & 0o200:
                found.append("IPC_SET takes the write permission away: blocked senders that do not fit")
            case Recv(type=-0x8000000000000000):
                found.append("the lowest type of all")
    return found


@settings(max_examples=SEQUENCES, deadline=None, derandomize=SEQUENCES <= 300, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_linux_4_8_differs_from_the_host_only_where_it_is_known_to(host: HostQueue, data: st.DataObject) -> None:
    script = data.draw(scripts(kernels=(host.kernel, LINUX_4_8)))
    results = host.run(script)
    objection = QueueModel(LINUX_4_8).objection(script, results)
    assert not objection or reasons_to_differ(script), f"{objection}\n{dump(with_results(script, results))}"
