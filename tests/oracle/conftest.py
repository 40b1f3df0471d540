"""The oracle's modules import each other by name; the host's kernel is started once for all tests."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from host_queue import HostQueue, HostUnusable


@pytest.fixture(scope="session")
def host() -> Iterator[HostQueue]:
    """The kernel under the tests, or a skip that says why it cannot be asked."""
    try:
        queue = HostQueue()
    except HostUnusable as problem:
        pytest.skip(str(problem))
    yield queue
    queue.close()
