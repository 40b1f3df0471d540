"""JUnit's XML, read back by a library that is not ours: counts, outcomes, and text that XML cannot hold as it is."""

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from bench.report.canned_explore import EXPLORED
from emu.report.junit import Case, Outcome, render_junit
from emu.report.junit_cases import explore_cases

KINDS = {Outcome.FAILURE: Failure, Outcome.ERROR: Error, Outcome.SKIPPED: Skipped}


def read(suite, cases):
    (found,) = JUnitXml.fromstring(render_junit(suite, cases))
    return found


def test_each_outcome_is_what_a_reader_takes_it_for():
    cases = [Case(each.value, "c", each, "why", "line 1\nline 2", 0.25, "a.litmus") for each in Outcome]
    suite = read("s", cases)
    assert (suite.name, suite.tests, suite.failures, suite.errors, suite.skipped, suite.time) == ("s", 4, 1, 1, 1, 1.0)
    for case, found in zip(cases, suite, strict=True):
        assert (found.name, found.classname, found.time) == (case.name, "c", 0.25)
        if case.outcome is Outcome.PASSED:
            assert found.is_passed
            assert found.system_out == "why\nline 1\nline 2"
        else:
            (result,) = found.result
            assert isinstance(result, KINDS[case.outcome])
            assert (result.message, result.text) == ("why", "line 1\nline 2")


@pytest.mark.parametrize("text", ["a<b>&\"'", "\x1b[31m", "tab\tand\nline", "half \ud800 of one", "none \ufffe\uffff", "café ─│"])
def test_any_text_can_be_read_back(text):
    (found,) = read(text, [Case(text, text, Outcome.FAILURE, text, text, file=text)])
    (result,) = found.result
    escaped = {"\x1b[31m": "\\u001b[31m", "half \ud800 of one": "half \\ud800 of one", "none \ufffe\uffff": "none \\ufffe\\uffff"}
    assert result.text == escaped.get(text, text)
    assert found.name == escaped.get(text, text)


def test_an_exploration_has_a_case_a_scenario_and_its_find_can_be_had_again():
    names = [*(each.name for each in EXPLORED), "never-begun"]
    passed, other, found, skipped = read("v", explore_cases("v", names, EXPLORED))
    assert [each.name for each in (passed, other, found, skipped)] == names
    assert "good in every schedule" in passed.system_out
    assert "chance to miss a bug of depth 3: 0.012" in other.system_out
    (failure,) = found.result
    assert failure.message.startswith("stack-frame: core 1 at expunge_all+0x30 reaches")
    assert "emu replay emu1:ipc-msg:Tq8M_" in failure.text
    assert "default_idle+0x2" in failure.text
    assert isinstance(skipped.result[0], Skipped)
