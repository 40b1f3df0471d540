"""The report of a region of a kernel, against golden text and against what it must say."""

from dataclasses import replace

import pytest

from bench.report.canned_kernel import BY_CORE, HEAP, LOCKS, MEASURED, places
from emu.report.kernel_report import LOCKS_MAX, render_kernel
from emu.subjects.kernel.result import DetailResult, detail_result

RESULT = detail_result(MEASURED, places(), ("PREEMPT_RT: sleeping locks are not seen",), items=1600)
WITHOUT_ITEMS = detail_result(replace(MEASURED, estimated={}), places())
# Locks that share no place: each is a class of its own.
MANY = detail_result(
    replace(
        MEASURED,
        locks=tuple(
            replace(LOCKS[1], physical=64 * n, virtual=HEAP + 64 * n, sites=(replace(LOCKS[1].sites[0], address=n + 1),))
            for n in range(20)
        ),
    ),
    places(),
)


def test_golden(golden):
    golden("kernel_region.txt", render_kernel(RESULT, width=80))


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (RESULT, "4,536,003 items/s 1,600 items"),
        (RESULT, "note PREEMPT_RT: sleeping locks are not seen"),
        (RESULT, "sum 4,938,268 = 4 cores x 1,234,567 cycles elapsed"),
        (RESULT, "1 more place 2"),
        (RESULT, "tasklist_lock rwlock:R 3 1"),
        (RESULT, "held by pmsg (41), do_msgrcv+0x130 640"),
        (RESULT, "under lock taken by do_msgrcv, do_msgsnd 1,590 0.99"),
        (RESULT, "0.1 % of the instructions had no cost of their own and were given that of a class: fxsave64 900"),
        (WITHOUT_ITEMS, "4 cores, 1,234,567 cycles each (0.353 ms simulated), 2,000,000 instructions"),
        (MANY, f"{20 - LOCKS_MAX} more locks: acquired {30 * (20 - LOCKS_MAX)} times, waited for 0 cycles (--json has all)"),
    ],
)
def test_says(result: DetailResult, words: str):
    assert words in " ".join(render_kernel(result, width=200).split())


@pytest.mark.parametrize("words", ["an item", "items/s", "of a class", "note"])
def test_says_nothing_of_what_is_not_there(words: str):
    assert words not in " ".join(render_kernel(WITHOUT_ITEMS, width=200).split())


def test_a_region_without_names_or_events():
    nothing = dict.fromkeys(BY_CORE[0], 0)
    empty = replace(
        MEASURED, cycles=0, instructions=0, cycles_by_state=nothing, cycles_by_core=(nothing,) * 4, cycles_by_cause={},
        estimated={}, locks=(), events={}, interrupts={}, interprocessor_interrupts={}, coherence={}, lines=(), tasks=(),
    )  # fmt: skip
    text = render_kernel(detail_result(empty, places()), width=80)
    assert "4 cores, 0 cycles each" in text
    assert "under a lock" in text


def test_colour_only_when_asked():
    assert "\x1b" not in render_kernel(RESULT)
    assert "\x1b" in render_kernel(RESULT, colour=True)
