"""Probes: wrong names are refused with file and line; histograms keep their numbers; spans, spins and counts by hand."""

from pathlib import Path

import numpy as np
import pytest

from emu.assembly import assemble_variant
from emu.engine.probe_file import read_probes
from emu.engine.probes import BUCKETS, SLOT, SPAN, UNDER, account_event, bucket_floor, bucket_of, settle_span
from emu.engine.records import CORE, MACHINE
from emu.errors import UserError
from emu.native import address_of
from emu.subjects.ipc_msg import QUEUE_LOCK
from emu.subjects.ipc_msg.probes import load_probes

RIGHT = """
[run]
done = "task_exit"
[spin.wait]
load = "r_msg"
routine = "do_msgrcv"
awaited_not = 0
[span.latency]
begin = "wakeup"
end = "context_switch"
by = "core"
[under.wakeups]
event = "wakeup"
lock = "q_perm.lock"
"""
WRONG = {  # what is put in place of what; the line and the words of the complaint
    ('done = "task_exit"', 'done = "task_exist"'): (3, "done = 'task_exist': no event of that name"),
    ('load = "r_msg"', 'load = "r_mgs"'): (5, "load = 'r_mgs': no annotated load of do_msgrcv of that name; there is r_msg"),
    ('routine = "do_msgrcv"', 'routine = "do_msgrvc"'): (6, "routine = 'do_msgrvc': no routine of that name"),
    ('end = "context_switch"', 'end = "switched"'): (10, "end = 'switched': no event of that name"),
    ('by = "core"', 'by = "thread"'): (11, "by must be one of task, core, not 'thread'"),
    ('lock = "q_perm.lock"', 'lock = "queue.lock"'): (
        14,
        "lock = 'queue.lock': no class of locks of that name; there is",
    ),
    ("[span.latency]", "[spam.latency]"): (8, "unknown table 'spam'"),
    ("awaited_not = 0", 'awaited_not = "0"'): (4, "awaited_not must be a whole number, not '0'"),
    ('by = "core"', 'bye = "core"'): (8, "unknown key 'bye'"),
}


@pytest.mark.parametrize("change", WRONG, ids=lambda change: change[1])
def test_a_wrong_name_is_refused_with_file_and_line(change: tuple[str, str], tmp_path: Path) -> None:
    path = tmp_path / "probes.toml"
    path.write_text(RIGHT.replace(*change))
    line, words = WRONG[change]
    with pytest.raises(UserError) as refused:
        read_probes(path).check(assemble_variant("wakeq"), {"q_perm.lock"})
    assert str(refused.value).startswith(f"{path}:{line}: {words}") or str(refused.value).startswith(f"{path}: {words}")


def test_the_message_path_has_what_its_probes_name() -> None:
    for variant in ("baseline", "wakeq"):
        load_probes().check(assemble_variant(variant), {QUEUE_LOCK})


def test_a_histogram_keeps_every_number_within_an_eighth() -> None:
    numbers = [*range(4096), *(2**n + d for n in range(12, 62) for d in (-1, 0, 1))]
    for number in numbers:
        place = int(bucket_of(np.int64(number)))
        assert 0 <= place < BUCKETS
        floor, following = bucket_floor(place), bucket_floor(place + 1)
        assert floor <= number < following
        assert following - floor <= max(1, floor // 8 + 1)


class Bench:
    """One machine record with a span of two tasks and a count under guard 1, driven by hand."""

    BEGIN, ARMED, END = range(3)

    def __init__(self, *, armed: bool, settles: bool) -> None:
        self.machine, self.core = np.zeros(1, MACHINE), np.zeros(1, CORE)
        self.span, self.slots, self.under = np.zeros(1, SPAN), np.zeros(2, SLOT), np.zeros(1, UNDER)
        self.span[0]["begin"], self.span[0]["armed"], self.span[0]["end"] = self.BEGIN, self.ARMED if armed else -1, self.END
        self.span["by_task"], self.span["settles"] = True, settles
        self.span["slots"], self.span["slot_count"] = address_of(self.slots), 2
        self.under[0]["mark"], self.under[0]["guard"] = self.BEGIN, 1
        for name, array in (("spans", self.span), ("unders", self.under)):
            self.machine["probes"][name], self.machine["probes"][f"{name[:-1]}_count"] = address_of(array), 1
        self.core["settling"] = -1

    def event(self, mark: int, at: int, task: int) -> None:
        self.core["retired_at"] = at
        account_event(self.machine[0], self.core[0], mark, task)


def test_a_span_counts_from_an_armed_begin_to_its_end_task_by_task() -> None:
    bench = Bench(armed=True, settles=False)
    bench.event(bench.BEGIN, 100, 0)
    bench.event(bench.BEGIN, 150, 1)
    bench.event(bench.END, 200, 1)  # its begin was never armed
    bench.event(bench.ARMED, 210, 0)
    bench.event(bench.END, 220, -1)  # of no task
    bench.event(bench.END, 300, 0)
    bench.event(bench.END, 400, 0)  # already counted
    assert [int(bench.span[0][name]) for name in ("count", "cycles", "cycles_max")] == [1, 200, 200]
    assert int(bench.span[0]["histogram"][int(bucket_of(np.int64(200)))]) == 1


def test_a_span_that_settles_ends_when_the_task_runs() -> None:
    bench = Bench(armed=False, settles=True)
    bench.event(bench.BEGIN, 100, 1)
    bench.event(bench.END, 200, 1)
    assert (int(bench.span[0]["count"]), int(bench.core[0]["settling"])) == (0, 0)
    settle_span(bench.machine[0], bench.core[0], 260)
    assert [int(bench.span[0][name]) for name in ("count", "cycles")] == [1, 160]
    bench.event(bench.BEGIN, 300, 1)
    bench.event(bench.END, 400, 1)
    bench.event(bench.END, 410, -1)  # the core is switched to another task before that one ran
    assert int(bench.core[0]["settling"]) == -1


def test_an_event_counts_under_its_own_guard_alone() -> None:
    bench = Bench(armed=False, settles=False)
    bench.event(bench.BEGIN, 1, -1)
    bench.core["hold"]["guards"][0, 0] = 1
    bench.event(bench.BEGIN, 2, -1)
    bench.core["hold"]["guards"][0, 1] = 1
    bench.event(bench.BEGIN, 3, -1)
    bench.event(bench.END, 4, -1)
    assert int(bench.under[0]["count"]) == 1
