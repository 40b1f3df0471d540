"""Waits and holds of locks that a trace does not have, as percentiles."""

import re
from dataclasses import fields
from typing import Any

from emu.boot.full.measured import Lengths
from emu.report.lock_percentiles import render_lock_percentiles
from emu.subjects.kernel.lock_names import LockUse, NamedLock, NamedSite
from emu.trace.header import TraceHeader

HEADER = TraceHeader("", "a10-7800", 2, "", ())


def used(acquisitions: int) -> LockUse:
    figures: dict[str, Any] = dict.fromkeys((each.name for each in fields(LockUse)), 0)
    return LockUse(**figures | {"acquisitions": acquisitions})


def test_each_wait_and_hold_of_a_mutex_counts_once() -> None:
    sites = {"one+0x4": Lengths([500], range(1, 100)), "other+0x8": Lengths([100, 300], [1_000])}
    lock = NamedLock(
        "pipe.mutex", "mutex", (64,), used(100), tuple(NamedSite(name, used(len(each.holds)), 0) for name, each in sites.items()),
        (), (), (), sites,
    )  # fmt: skip
    rows = {
        line.split()[0]: re.findall(r"[\d,]+|-(?= |$)", line.partition("  ")[2])
        for line in render_lock_percentiles([], HEADER, [lock], width=150).splitlines()
        if line.strip().startswith(("pipe.mutex", "one", "other"))
    }
    assert rows["pipe.mutex"][-10:] == ["100", "3", "300", "500", "500", "500", "50", "90", "99", "1,000"]
    assert rows["one+0x4"][-10:] == ["99", "1", "500", "500", "500", "500", "50", "90", "99", "99"]
    assert rows["other+0x8"][-10:] == ["1", "2", "100", "300", "300", "300", "1,000", "1,000", "1,000", "1,000"]
