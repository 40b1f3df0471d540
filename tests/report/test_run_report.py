"""The report of a run, against golden text and against what it must say."""

from dataclasses import replace

import pytest

from bench.report.canned import PARTIAL, STALLED, WAKEQ
from emu.report.page import bar, number, percent
from emu.report.run_report import render_run
from emu.run.result import LockUse, MessageSpin, RunResult


@pytest.mark.parametrize(("name", "result"), [("wakeq", WAKEQ), ("stalled", STALLED), ("partial", PARTIAL)])
def test_golden(golden, name, result):
    golden(f"run_{name}.txt", render_run(result))


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (WAKEQ, "a reconstruction"),
        (WAKEQ, "none: no receiver found r_msg NULL"),
        (WAKEQ, "Undisturbed, that is to be expected"),
        (replace(WAKEQ, tick_hz=1000), "Although cores were held up or interrupted"),
        (replace(WAKEQ, tick_hz=1000), "timer interrupt on: 1,000 a second"),
        (STALLED, "spun on a NULL r_msg 199 times in 2,000 messages: 41,220 iterations, 480,000 cycles"),
        (replace(WAKEQ, message_spin=MessageSpin(1, 20, 800)), "Undisturbed, it is near zero"),
        (PARTIAL, "PARTIAL stopped after 721 of 2,000 messages"),
        (STALLED, "stall at handoff_window: 20,000 cycles once in 10 times: 50 stalls, 1,000,000 cycles"),
    ],
)
def test_says(result: RunResult, words: str):
    assert words in " ".join(render_run(result).split())


def test_fits_the_page_whatever_the_numbers():
    huge = LockUse(*[10**9] * 7)
    result = replace(STALLED, locks={"q_perm.lock": huge, "rq.lock": huge}, messages=10**9, cycles=10**12)
    assert max(map(len, render_run(result).splitlines())) <= 100


def test_colour_only_when_asked():
    assert "\x1b" not in render_run(WAKEQ)
    assert "\x1b" in render_run(WAKEQ, colour=True)


def test_nothing_measured_yet():
    empty = replace(PARTIAL, messages=0, cycles=0, cycles_by_core_and_state=(), instructions=0, host_seconds=0.0)
    assert "PARTIAL" in render_run(empty)


@pytest.mark.parametrize(
    ("part", "whole", "text"), [(0, 0, "-"), (0, 5, "0"), (1, 10**6, "<0.1 %"), (1, 3, "33.3 %"), (3, 3, "100.0 %")]
)
def test_percent(part, whole, text):
    assert percent(part, whole) == text


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (1.25, "1.2"), (12.5, "12"), (1234567, "1,234,567"), (3.0, "3")])
def test_number(value, text):
    assert number(value) == text


@pytest.mark.parametrize(("part", "cells"), [(0, 0), (1e-6, 1), (0.5, 12), (1, 24), (1.5, 24)])
def test_bar(part, cells):
    assert len(bar(part)) == cells
