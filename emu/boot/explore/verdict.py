"""What a schedule that is over says of the guest: nothing, or what went wrong. What kernels print is a table (`reports.toml`)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from emu.boot.ending import End
from emu.boot.explore.explorer import Schedule
from emu.files import read_toml
from emu.printable import printable
from emu.tables import Key, check

TABLE = Path(__file__).with_name("reports.toml")
KEYS = {"report": Key(list)}
ROW_KEYS = {"checker": Key(str), "pattern": Key(str), "source": Key(str)}
TIME = r"(?:\[[ \d.]+\] )?"
PLACE = re.compile(rb"RIP: 0010:(\S+)")
ENDS = {
    End.TRIPLE_FAULT: ("triple_fault", "an exception in the kernel could not be delivered"),
    End.STUCK: ("deadlock", "all cores are halted, and no timer or interrupt will wake one"),
    End.LIMIT: ("no_progress", "it does not come to an end by fair turns either"),
    End.PANIC: ("panic", "the kernel panicked"),
    End.OOPS: ("oops", "the kernel reports a fault of its own"),
}


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, and where as far as the kernel says it."""

    checker: str
    summary: str
    where: str


def verdict(schedule: Schedule) -> Failure | None:
    """What a schedule shows; None: all was well."""
    ended = schedule.ended
    for line in schedule.console.splitlines():
        for checker, pattern in _patterns():
            if found := pattern.match(line):
                place = PLACE.search(schedule.console)
                where = "" if place is None else place[1].decode(errors="replace").split("/")[0]
                return Failure(checker, printable(found["what"].decode(errors="replace").strip()), printable(where))
    if ended.how in ENDS and ended.status is None:
        return Failure(*ENDS[ended.how], "")
    if ended.status:
        return Failure("exit_status", f"the program ended with exit status {ended.status}", "")
    return None


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[bytes]], ...]:
    return tuple(_rows())


def _rows() -> Iterator[tuple[str, re.Pattern[bytes]]]:
    content = read_toml(TABLE, "reports")
    check(str(TABLE), content, KEYS)
    for row in content["report"]:
        check(str(TABLE), row, ROW_KEYS)
        yield row["checker"], re.compile(f"{TIME}{row['pattern']}".encode())
