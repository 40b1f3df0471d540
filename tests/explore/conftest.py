"""Unicorn's engines lie in reference cycles through their callbacks: those of a module go when it has done its work."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def engines_go() -> Iterator[None]:
    yield
    gc.collect()
