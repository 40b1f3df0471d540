"""A real kernel's path beside ours: what is judged, what is explained, and what is neither."""

from dataclasses import replace

import pytest

from bench.report.canned_kernel_path import SAME, kernel_path, kernel_path_report
from emu.report.kernel_path_check import Beside, KernelPathReport
from emu.report.kernel_path_report import render_kernel_path
from emu.subjects.path.tally import Means, Measure


def beside(report: KernelPathReport, context: str) -> Beside:
    return next(each for each in report.beside() if each.context == context)


def longer(report: KernelPathReport, instructions: float) -> KernelPathReport:
    """With another length of the kernel's `do_msgsnd` under the lock."""
    first, *rest = report.found.lengths.sections
    held = {**first.held, "do_msgsnd": replace(SAME, instructions=instructions)}
    lengths = replace(report.found.lengths, sections=(replace(first, held=held, means=Means.total(held.values())), *rest))
    return KernelPathReport(replace(report.found, lengths=lengths))


def test_calls_and_the_holds_of_the_lock_that_they_sleep_with_are_compared() -> None:
    assert [each.context for each in kernel_path_report().beside()] == [
        "msgsnd", "msgrcv", "msgsnd_handoff_hold", "msgrcv_sleep_hold"
    ]  # fmt: skip
    assert kernel_path_report(beside=False).beside() == []


def test_a_call_is_the_same_functions_the_known_differences_and_the_rest() -> None:
    call = beside(kernel_path_report(), "msgsnd")
    names = [part.name for part, _ in call.parts]
    assert names[0] == "the same functions"
    assert names[-1] == "others of the kernel's"
    assert {"way in and out", "security hooks", "process numbers", "accounts of pressure"} <= set(names)
    assert list(call.parts[-1][0].kernel) == ["something_of_their_own"]
    assert sum(row.ours.instructions for _, row in call.parts) == pytest.approx(call.whole.ours.instructions, rel=0.01)


@pytest.mark.parametrize(("instructions", "outside"), [(226, False), (260, False), (270, True), (190, True)])
def test_the_same_code_has_the_bar_of_the_hold(instructions: float, outside: bool) -> None:
    """Ours has 226."""
    report = longer(kernel_path_report(), instructions)
    row = next(row for part, row in beside(report, "msgsnd_handoff_hold").parts if part.name == "the same functions")
    assert (Measure.INSTRUCTIONS in row.outside) == outside


def test_what_is_outside_is_said() -> None:
    report = longer(kernel_path_report(), 1000)
    assert any(each.startswith("the same functions of msgsnd_handoff_hold") for each in report.outside())
    assert "outside the bar" in render_kernel_path(report)


def test_a_difference_has_no_bar_and_a_reason() -> None:
    call = beside(kernel_path_report(), "msgsnd")
    for part, row in call.parts[1:]:
        assert row.outside == ()
        assert bool(part.reason) != part.name.startswith("others")
    assert "CONFIG_SECURITY" in render_kernel_path(kernel_path_report())


def test_what_is_not_explained_is_named() -> None:
    text = " ".join(render_kernel_path(kernel_path_report()).split())
    assert "others of the kernel's, for no known reason: something_of_their_own 19" in text


def test_lines_of_a_hold_that_is_one_part_are_those_of_the_hold() -> None:
    hold = beside(kernel_path_report(), "msgrcv_sleep_hold")
    ((_, row),) = hold.parts
    assert row.ours == hold.whole.ours


def test_alone_it_has_all_its_functions() -> None:
    text = render_kernel_path(kernel_path_report(beside=False, partial=True))
    assert "something_of_their_own" in text
    assert "PARTIAL" in text
    assert "off" not in text.split()


def test_another_lock_is_no_part_of_the_comparison() -> None:
    assert kernel_path().lengths.sleeping_lock == "lock taken by do_msgrcv, do_msgsnd"
