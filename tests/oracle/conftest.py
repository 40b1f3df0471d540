"""The oracle's modules import each other by name; the host's kernel is started once for all tests."""

from collections.abc import Iterator

import pytest

from bench.oracle.host_queue import HostQueue, HostUnusable


@pytest.fixture(scope="session")
def host_or_reason() -> Iterator[HostQueue | str]:
    """The kernel under the tests, or why it cannot be asked."""
    try:
        queue = HostQueue()
    except HostUnusable as problem:
        yield str(problem)
        return
    yield queue
    queue.close()


@pytest.fixture(scope="session")
def host(host_or_reason: HostQueue | str) -> HostQueue:
    """The kernel under the tests, or a skip that says why it cannot be asked."""
    if isinstance(host_or_reason, str):
        pytest.skip(host_or_reason)
    return host_or_reason


@pytest.fixture(scope="session")
def host_or_none(host_or_reason: HostQueue | str) -> HostQueue | None:
    """The kernel under the tests, or nothing: then the model stands in for it."""
    return None if isinstance(host_or_reason, str) else host_or_reason
