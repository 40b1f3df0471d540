"""The pytest plugin, which an installed emu brings along: the fixture `emu`, and evidence of tests that fail with it.

pytest loads this module at every start: what is slow to import waits until a test asks for the fixture.
"""

import os
import re
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from emu.processes import host_cores

if TYPE_CHECKING:
    from emu.testing.api import Emu

_USED: pytest.StashKey["Emu"] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where traces go."""
    parser.getgroup("emu").addoption(
        "--emu-traces",
        metavar="DIR",
        type=Path,
        help="where a failing test leaves its traces, in place of those of its last failure (default: pytest's cache)",
    )


@pytest.fixture
def emu(request: pytest.FixtureRequest) -> "Emu":
    """Run, compare, explore and boot on the emulated machine."""
    from emu.testing.api import Emu

    jobs = 1 if "PYTEST_XDIST_WORKER" in os.environ else host_cores()
    request.node.stash[_USED] = used = Emu(jobs)
    return used


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Behind a failed test stand the lines that repeat its runs, and where their traces are; `--junitxml` has them, too."""
    report = yield
    used = item.stash.get(_USED, None)
    if report.failed and report.when == "call" and used is not None and used.evidence:
        from emu.testing.evidence import collect

        lines = list(collect(used.evidence, _folder(item.config), re.sub(r"[^\w.-]+", "-", item.name)))
        report.sections.append(("emu", "\n".join(lines)))
        item.user_properties += [("emu", line) for line in lines]
    return report


def _folder(config: pytest.Config) -> Path:
    chosen: Path | None = config.getoption("--emu-traces")
    if chosen is not None:
        return chosen
    cache = getattr(config, "cache", None)  # none with -p no:cacheprovider
    return cache.mkdir("emu-traces") if cache is not None else Path("emu-traces")
