"""The pytest plugin, by tests that a kernel developer could have written: what passes, what fails, and what is left then."""

import re
from importlib.metadata import entry_points
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.boot.boot_programs import write_program
from bench.report.canned_compare import comparison, row
from bench.report.canned_explore import EXPLORED
from emu.cli.main import main
from emu.testing.api import Emu
from emu.trace.file import TraceFile

pytest_plugins = ["pytester"]
DOCUMENT = Path(__file__).parents[2] / "docs/ci.md"


@pytest.fixture
def alone(pytester, monkeypatch):
    """Where test files run with this plugin and no other."""
    monkeypatch.setenv("HOME", HOME)  # pytester has another, where no compiled code is
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")  # no processes beside the one
    return pytester


def test_it_comes_with_the_package_and_needs_no_pytest_to_run():
    (found,) = (each for each in entry_points(group="pytest11") if each.name == "emu")
    assert found.value == "emu.testing.plugin"
    users = [path for path in Path(main.__code__.co_filename).parents[1].rglob("*.py") if "import pytest" in path.read_text()]
    assert [path.name for path in users] == ["plugin.py"]


FAILS = """
def test_spin(emu):
    run = emu.run(variant="baseline", cores=2, messages=20, stalls=["handoff_window:20000:5"])
    assert run.spin.iterations == 0
"""
HOME = str(Path.home())
AGAIN = "emu run --variant baseline --cores 2 --threads 2 --messages 20 --seed 1 --stall handoff_window:20000:5"


PLUGIN = ("-p", "emu.testing.plugin")


def test_a_run_that_fails_leaves_its_command_and_its_trace_and_one_that_passes_nothing(alone):
    """In a process of its own: numba cannot be imported twice into one, and pytester forgets what was imported."""
    alone.makepyfile(test_passes="def test_it(emu): assert emu.run(cores=2, messages=4).messages == 4", test_fails=FAILS)
    result = alone.runpytest_subprocess(*PLUGIN, "--emu-traces", "left", "--junitxml=j.xml")
    result.assert_outcomes(passed=1, failed=1)
    left = [f"again: {AGAIN}", "trace: left/test_spin-run-baseline.trace"]
    result.stdout.fnmatch_lines(["*- emu -*", *left])
    properties = ElementTree.parse(alone.path / "j.xml").iter("property")
    assert [each.get("value") for each in properties] == left
    (trace,) = (alone.path / "left").iterdir()
    assert f"emu {TraceFile(trace).header.arguments}" == AGAIN


@pytest.mark.deep
def test_the_documented_file_passes_as_it_is_pasted(alone):
    (text,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    alone.makepyfile(text)
    alone.runpytest_subprocess(*PLUGIN).assert_outcomes(passed=4)


def test_a_failing_exploration_leaves_a_string_that_shows_it_again(alone, monkeypatch):
    monkeypatch.setattr("emu.run.explore_run.explore", lambda *_: iter(EXPLORED))
    alone.makepyfile("def test_it(emu): assert emu.explore('wakeq-release', ['removed-with-sleepers']).finding is None")
    result = alone.runpytest_inprocess(*PLUGIN)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["again: emu replay emu1:ipc-msg:Tq8M_", "stack-frame: core 1 at expunge_all+0x30 reaches into*"])


def test_what_cannot_be_is_said_in_a_line(alone):
    alone.makepyfile("def test_it(emu): emu.run(cores=99)")
    result = alone.runpytest_inprocess(*PLUGIN)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*UserError: cores must be*"])


def test_an_expectation_fails_with_its_figures():
    emu = Emu(jobs=1)
    emu.expect(comparison(row(4)), "difference > 0")
    with pytest.raises(AssertionError, match=r"difference < 0 at 4 pairs: difference is .* 95 % interval .* to"):
        emu.expect(comparison(row(4)), "difference < 0", "b.wakeups_under_queue_lock == 0")


def test_a_kernel_is_booted(shared, tmp_path):
    kernel = shared / "bzImage-small-wakeq"
    program = write_program("exit_status", tmp_path)
    emu = Emu(jobs=1)
    assert emu.boot(kernel, program, stop="instructions:1000").boot.instructions == 1000
    assert emu.evidence[-1].again == f"emu boot {kernel} --cpus 1 -- {program}"
