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
def inner(pytester, monkeypatch):
    """Run a test file with the plugin alone."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")  # no processes beside this one

    def run(text, *arguments):
        pytester.makepyfile(text)
        return pytester.runpytest_inprocess("-p", "emu.testing.plugin", *arguments)

    return run


def test_it_comes_with_the_package_and_needs_no_pytest_to_run():
    (found,) = (each for each in entry_points(group="pytest11") if each.name == "emu")
    assert found.value == "emu.testing.plugin"
    users = [path for path in Path(main.__code__.co_filename).parents[1].rglob("*.py") if "import pytest" in path.read_text()]
    assert [path.name for path in users] == ["plugin.py"]


def test_the_file_of_the_documentation_passes_as_it_is_pasted(inner):
    (text,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    inner(text).assert_outcomes(passed=4)


def test_a_failing_run_leaves_its_command_and_its_trace(inner, pytester):
    result = inner(
        """
        def test_spin(emu):
            run = emu.run(variant="baseline", cores=2, messages=20, stalls=["handoff_window:20000:5"])
            assert run.spin.iterations == 0
        """,
        "--emu-traces",
        "left",
        "--junitxml=j.xml",
    )
    result.assert_outcomes(failed=1)
    again = "emu run --variant baseline --cores 2 --threads 2 --messages 20 --seed 1 --stall handoff_window:20000:5"
    result.stdout.fnmatch_lines(["*- emu -*", f"again: {again}", "trace: left/test_spin-run-baseline.trace"])
    header = TraceFile(pytester.path / "left/test_spin-run-baseline.trace").header
    assert f"emu {header.arguments}" == again
    properties = ElementTree.parse(pytester.path / "j.xml").iter("property")
    assert [each.get("value") for each in properties] == [f"again: {again}", "trace: left/test_spin-run-baseline.trace"]


def test_a_failing_exploration_leaves_a_string_that_shows_it_again(inner, monkeypatch):
    monkeypatch.setattr("emu.run.explore_run.explore", lambda *_: iter(EXPLORED))
    result = inner("def test_it(emu): assert emu.explore('wakeq-release', ['removed-with-sleepers']).finding is None")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["again: emu replay emu1:ipc-msg:Tq8M_", "stack-frame: core 1 at expunge_all+0x30 reaches into*"])


def test_a_passing_test_leaves_nothing(inner, pytester):
    inner("def test_it(emu): assert emu.run(cores=2, messages=4).messages == 4", "--emu-traces", "left").assert_outcomes(passed=1)
    assert not (pytester.path / "left").exists()


def test_what_cannot_be_is_said_in_a_line(inner):
    result = inner("def test_it(emu): emu.run(cores=99)")
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
