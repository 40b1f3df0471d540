"""The command line as a user meets it: output, one-line refusals, exit codes. Runs are canned."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from bench.report.canned import PARTIAL, STALLED, WAKEQ, write_trace
from emu.cli import catalogue, compare
from emu.cli.main import main
from emu.description import load_machine
from emu.errors import CheckFailed, GuestFault, InternalError, LimitReached
from emu.report.catalogue_report import Point
from emu.run.experiment_spec import Experiment, Stall

POINTS = [Point("handoff_window", "pipelined_send", "pipelined_send.S", 20)]


class FakeRuns:
    """Stands in for emu.run.experiment: remembers what it was asked, answers with a canned result."""

    def __init__(self) -> None:
        self.asked: list[Experiment] = []
        self.answer = {"wakeq": WAKEQ, "baseline": replace(STALLED, stall_schedule=(), stalls={})}
        self.error: Exception | None = None

    def run(self, experiment: Experiment, progress=None, should_stop=None):
        self.asked.append(experiment)
        if progress is not None:
            progress(1, 2)
        assert not should_stop()
        if self.error is not None:
            raise self.error
        return self.answer[experiment.variant]


@pytest.fixture
def runs(monkeypatch) -> FakeRuns:
    fake, module = FakeRuns(), ModuleType("emu.run.experiment")
    module.run = fake.run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "emu.run.experiment", module)
    monkeypatch.setattr(catalogue, "points", lambda variant: POINTS)
    return fake


def emu(capsys, *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_run_prints_the_report(runs, capsys):
    code, out, err = emu(capsys, "run")
    assert code == 0
    assert "messages/s" in out
    assert err == ""


def test_run_json_and_nothing_else(runs, capsys):
    code, out, err = emu(capsys, "run", "--json")
    assert code == 0
    assert json.loads(out) == json.loads(json.dumps(WAKEQ.to_dict()))
    assert err == ""


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], Experiment()),
        (["--cores", "2", "--threads", "8"], Experiment(cores=2, threads=8)),
        (["--variant", "baseline", "--messages", "7"], Experiment(variant="baseline", messages=7)),
        (["--placement", "same-core", "--seed", "9"], Experiment(placement="same-core", seed=9)),
        (["--placement", "pingpong", "--queues", "pair"], Experiment(placement="pingpong", queues="pair")),
        (["--types", "common", "--threads", "16"], Experiment(types="common", threads=16)),
        (["--stall", "handoff_window:5:2"], Experiment(stalls=(Stall("handoff_window", 5, 2),))),
        (["--tick", "250"], Experiment(tick_hz=250)),
    ],
)
def test_run_asks_for_what_was_typed(runs, capsys, arguments, wanted):
    if "baseline" in arguments:
        runs.answer["baseline"] = STALLED
    assert emu(capsys, "run", *arguments)[0] == 0
    assert runs.asked == [wanted]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--cores", "four"], "cores must be a whole number, not 'four'"),
        (["run", "--cores", "0"], "cores must be 1 to 64, not 0"),
        (["run", "--cores", "65"], "cores must be 1 to 64, not 65"),
        (["run", "--cores", ""], "cores must be a whole number, not ''"),
        (["run", "--messages", "0"], "messages must be 1 to"),
        (["run", "--messages", "1e3"], "messages must be a whole number, not '1e3'"),
        (["run", "--threads", "3"], "threads must be an even number from 2, not 3"),
        (["run", "--threads", "0"], "threads must be 1 or more, for pmsg-shared an even number, not 0"),
        (["run", "--placement", "moon"], "placement must be one of"),
        (["run", "--queues", "two"], "queues must be shared or pair, not 'two'"),
        (["run", "--types", "mine"], "types must be own or common, not 'mine'"),
        (["run", "--workload", "signals", "--queues", "pair"], "queues is whether pairs share a queue, and signals has no pairs"),
        (["run", "--workload", "signals", "--types", "own"], "types is which messages the two of a pair take, and signals has"),
        (["compare", "baseline", "wakeq", "--queues", "two"], "queues must be shared or pair, not 'two'"),
        (["compare", "baseline", "wakeq", "--types", ""], "types must be own or common, not ''"),
        (["run", "--machine", "/nonexistent.toml"], "/nonexistent.toml"),
        (["run", "--machine", "vax"], "machine must be one of a10-7800"),
        (["run", "--stall", "handoff_window:x"], "must be whole numbers, not 'x'"),
        (["run", "--stall", "nowhere:5"], "no point 'nowhere' to stall at; it has handoff_window"),
        (["run", "--trace", "/nonexistent/dir/x"], "there is no directory /nonexistent/dir"),
        (["run", "--frob"], "no such option: --frob"),
        (["run", "--cores"], "--cores"),
        (["run", "extra"], "extra"),
        (["frobnicate"], "no such command 'frobnicate'"),
        (["compare", "baseline"], "missing argument 'B'"),
        (["compare", "baseline", "wakeq", "--threads", "2,x"], "threads must be a whole number, not 'x'"),
        (["compare", "baseline", "wakeq", "--threads", "2,2"], "threads must name each number once"),
        (["compare", "baseline", "wakeq", "--seeds", "0"], "seeds must be 1 to"),
        (["compare", "baseline", "wakeq", "--jobs", "0"], "jobs must be 1 to 1,024, not 0"),
        (["compare", "baseline", "wakeq", "--jobs", "many"], "jobs must be a whole number, not 'many'"),
        (["compare", "baseline", "wakeq", "--plot", "x.pdf"], "a plot is a .png or .svg file by its name, not 'x.pdf'"),
        (
            ["compare", "baseline", "wakeq", "--plot", "/nonexistent/x.png"],
            "cannot write plot /nonexistent/x.png: there is",
        ),
        (["compare", "baseline", "wakeq", "--set", "latencies.remote_lin=4"], "has no figure 'latencies.remote_lin'; the nearest"),
        (["run", "--set", "remote_line=4"], "machine a10-7800 has no figure 'remote_line'; the nearest"),
        (["run", "--set", "latencies.remote_line"], "--set must be KEY=VALUE with a number, such as "),
        (["run", "--set", "latencies.remote_line=-4"], "--set must be KEY=VALUE with a number, such as "),
        (["run", "--set", "store_buffer.depth=0"], "store_buffer.depth must be 1 to 128, not 0"),
        (["run", "--set", "topology.modules=4"], "has no figure 'topology.modules'"),
        (["run", "--set", "store_buffer.depth=1", "--set", "store_buffer.depth=2"], "store_buffer.depth is set twice"),
        (["trace", "show"], "missing argument 'FILE'"),
        (["trace", "show", "/nonexistent"], "cannot read trace /nonexistent"),
        (["trace", "frob"], "no such command 'frob'"),
        (["machines", "show", "vax"], "machine must be one of"),
    ],
)
def test_refused_in_one_line(runs, capsys, arguments, words):
    code, out, err = emu(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert err.startswith("emu: ")
    assert err.count("\n") == 1
    assert words in err
    assert runs.asked == []


@pytest.mark.parametrize("command", [["run"], ["compare", "nonesuch", "wakeq"], ["variants", "show", "nonesuch"]])
def test_unknown_variant(capsys, command):
    if command == ["run"]:
        command = ["run", "--variant", "nonesuch"]
    code, _, err = emu(capsys, *command)
    assert code == 2
    assert "not 'nonesuch'" in err


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (GuestFault("core 1: page fault\nat x"), "emu: core 1: page fault at x\n"),
        (CheckFailed("states do not sum"), "emu: states do not sum\n"),
        (LimitReached("bound"), "emu: bound\n"),
        (InternalError("lost"), "emu: internal error, please report it: lost\n"),
    ],
)
def test_failed_runs_exit_with_1(runs, capsys, error, line):
    runs.error = error
    assert emu(capsys, "run") == (1, "", line)


def test_partial_result_is_printed_and_the_exit_code_says_so(runs, capsys):
    runs.answer["wakeq"] = PARTIAL
    code, out, err = emu(capsys, "run")
    assert code == 130
    assert "PARTIAL" in out
    assert err == "emu: interrupted\n"


def test_compare(runs, capsys):
    code, out, _ = emu(capsys, "compare", "baseline", "wakeq", "--threads", "2,4", "--seeds", "2", "--jobs", "1", "--json")
    assert code == 0
    rows = json.loads(out)["rows"]
    assert [row["threads"] for row in rows] == [2, 4]
    assert rows[0]["a"]["variant"] == "baseline"
    asked = [(each.threads, each.seed, each.variant) for each in runs.asked]
    assert asked == [(t, seed, v) for t in (4, 8) for seed in (1, 2) for v in ("baseline", "wakeq")]  # two and four pairs


@pytest.mark.parametrize(("arguments", "tasks"), [(["--count", "threads"], 2), (["--workload", "one-to-many"], 2)])
def test_compare_counts_threads(runs, capsys, arguments, tasks):
    emu(capsys, "compare", "baseline", "wakeq", "--threads", "2", "--seeds", "1", "--jobs", "1", *arguments)
    assert {each.threads for each in runs.asked} == {tasks}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--count", "sheep"], "count must be one of pairs, threads, not 'sheep'"),
        (["--count", "pairs", "--workload", "one-to-many"], "count pairs, and one-to-many has none: leave it out"),
    ],
)
def test_compare_refuses_to_count(runs, capsys, arguments, words):
    code, _, complaint = emu(capsys, "compare", "baseline", "wakeq", *arguments)
    assert code == 2
    assert words in complaint


def test_compare_of_a_variant_with_itself(runs, capsys):
    code, out, _ = emu(capsys, "compare", "wakeq", "wakeq", "--threads", "2", "--jobs", "1", "--json")
    assert code == 0
    assert json.loads(out)["rows"][0]["difference_percent"] == 0.0


def test_compare_as_text(runs, capsys):
    code, out, _ = emu(capsys, "compare", "baseline", "wakeq", "--threads", "4", "--jobs", "1")
    assert code == 0
    assert "+71.0 %" in out
    assert "+67.3 %" in out  # the published table's


def test_compare_defaults(runs, capsys):
    assert emu(capsys, "compare", "baseline", "wakeq", "--jobs", "1", "--json")[0] == 0
    assert {each.threads for each in runs.asked} == {4, 8, 16}  # 2, 4 and 8 pairs
    assert {each.seed for each in runs.asked} == {1, 2, 3, 4, 5}
    assert {each.messages for each in runs.asked} == {compare.MESSAGES}


@pytest.mark.parametrize("name", ["x.png", "x.svg"])
def test_compare_draws(runs, capsys, tmp_path, name):
    emu(capsys, "compare", "baseline", "wakeq", "--jobs", "1", "--plot", str(tmp_path / name))
    assert (tmp_path / name).stat().st_size > 1000


def test_sensitivity_varies_each_figure_alone(runs, capsys, tmp_path):
    arguments = ["--threads", "2", "--jobs", "1", "--json", "--sensitivity", "--plot", str(tmp_path / "x.svg")]
    code, out, _ = emu(capsys, "compare", "baseline", "wakeq", *arguments, "--set", "latencies.upgrade=100")
    assert code == 0
    keys = [figure["key"] for figure in json.loads(out)["figures"]]
    assert {"latencies.remote_line", "latencies.upgrade", "store_buffer.depth"} <= set(keys)
    assert not any(key.startswith(("clock", "topology", "l2", "cpuid")) for key in keys)
    assert runs.asked[0].overrides == (("latencies.upgrade", 100),)
    asked = {each.overrides for each in runs.asked}
    half = load_machine("a10-7800").latencies.remote_line.value // 2
    assert {(("latencies.upgrade", 50),), (("latencies.upgrade", 100), ("latencies.remote_line", half))} <= asked
    assert (tmp_path / "x.svg").exists()


def test_run_with_a_figure_set(runs, capsys):
    assert emu(capsys, "run", "--set", "latencies.remote_line=400", "--set", "store_buffer.depth=12")[0] == 0
    assert runs.asked[0].overrides == (("latencies.remote_line", 400), ("store_buffer.depth", 12))


@pytest.mark.parametrize(("seeds", "kept"), [("1", [1]), ("2", [1])])
def test_stopped_comparison_keeps_its_rows_or_the_pairs_of_the_first(runs, capsys, monkeypatch, seeds, kept):
    whole = runs.run

    def stop_at_third(*arguments):
        result = whole(*arguments)
        return replace(result, partial=True, seed=result.seed) if len(runs.asked) == 3 else result

    monkeypatch.setattr(sys.modules["emu.run.experiment"], "run", stop_at_third)
    code, out, err = emu(capsys, "compare", "baseline", "wakeq", "--seeds", seeds, "--jobs", "1", "--json")
    assert (code, err) == (130, "emu: interrupted\n")
    got = json.loads(out)
    assert (got["partial"], got["failed"], got["seeds"]) == (True, None, kept)
    assert [row["threads"] for row in got["rows"]] == [2]


@pytest.mark.parametrize("more", [[], ["--sensitivity", "--threads", "2"]], ids=["compare", "sensitivity"])
def test_a_run_that_fails_costs_a_comparison_nothing_that_was_done(runs, capsys, monkeypatch, tmp_path, more):
    whole = runs.run

    def fail_at_third(*arguments):
        result = whole(*arguments)
        if len(runs.asked) == 3:
            raise LimitReached("core 1 (pmsg/1) waits")
        return result

    monkeypatch.setattr(sys.modules["emu.run.experiment"], "run", fail_at_third)
    arguments = ["--seeds", "1", "--jobs", "1", "--json", "--plot", str(tmp_path / "p.svg"), *more]
    code, out, err = emu(capsys, "compare", "baseline", "wakeq", *arguments)
    assert (code, err) == (1, "emu: core 1 (pmsg/1) waits\n")
    got = json.loads(out)
    assert (got["partial"], got["failed"]) == (True, "core 1 (pmsg/1) waits")
    assert (tmp_path / "p.svg").exists()


def test_a_comparison_whose_first_run_fails_has_nothing_to_show(runs, capsys):
    runs.error = LimitReached("core 1 (pmsg/1) waits")
    assert emu(capsys, "compare", "baseline", "wakeq", "--jobs", "1") == (1, "", "emu: core 1 (pmsg/1) waits (and 29 more runs)\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "emu compare baseline wakeq"),
        (["--help"], "Begin with:"),
        (["run", "--help"], "emu run --cores 4 --variant wakeq             after the patch"),
        (["compare", "--help"], "emu compare baseline wakeq --count threads --threads 4,8"),
        (["trace"], "show"),
        (["trace", "show", "--help"], "--hand-off 5 --outline"),
        (["trace", "diff", "--help"], "before.trace after.trace"),
        (["machines", "show", "--help"], "--toml > mine.toml"),
    ],
)
def test_help_teaches(capsys, arguments, words):
    code, out, _ = emu(capsys, *arguments)
    assert code == 0
    assert words in out
    assert "\b" not in out


def test_help_names_every_placement(capsys):
    from emu.subjects.ipc_msg.workload.placement import PLACEMENTS

    _, out, _ = emu(capsys, "run", "--help")
    assert all(placement in out for placement in PLACEMENTS)


@pytest.fixture
def traces(tmp_path: Path) -> list[str]:
    return [str(write_trace(tmp_path / f"{name}.trace", name)) for name in ("baseline", "wakeq")]


def test_trace_show(capsys, traces):
    code, out, _ = emu(capsys, "trace", "show", traces[0], "--hand-off", "1", "--core", "0", "--core", "1")
    assert code == 0
    assert "acquired q_perm.lock of queue" in out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--width", "20"], "width must be 60 to"),
        (["--core", "7"], "cores 0 to 1, not 7"),
        (["--hand-off", "x"], "hand-off must be a whole number"),
        (["--hand-off", "5"], "1 hand-offs, not 5"),
    ],
)
def test_trace_show_refuses(capsys, traces, options, words):
    code, out, err = emu(capsys, "trace", "show", traces[0], *options)
    assert (code, out) == (2, "")
    assert words in err


def test_trace_diff(capsys, traces):
    assert emu(capsys, "trace", "diff", *traces)[0] == 0
    assert emu(capsys, "trace", "diff", *traces, "--exit-code")[0] == 1
    assert emu(capsys, "trace", "diff", traces[0], traces[0], "--exit-code")[0] == 0
    assert emu(capsys, "trace", "diff", *traces, "--by", "moon")[0] == 2


def test_machines(capsys):
    assert "a10-7800" in emu(capsys, "machines")[1]
    assert emu(capsys, "machines")[1] == emu(capsys, "machines", "list")[1]
    code, out, _ = emu(capsys, "machines", "show", "a10-7800")
    assert code == 0
    assert "confidence" in out
    assert max(map(len, out.splitlines())) <= 100
    assert json.loads(emu(capsys, "machines", "show", "a10-7800", "--json")[1])["name"] == "a10-7800"


def test_a_machine_file_of_ones_own(capsys, tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text(emu(capsys, "machines", "show", "a10-7800", "--toml")[1])
    assert emu(capsys, "machines", "show", str(mine))[0] == 0


def test_every_variant_can_be_shown(capsys):
    from emu.assembly.variants import variants

    code, out, _ = emu(capsys, "variants")
    assert code == 0
    for name in variants():
        assert name in out
        code, shown, _ = emu(capsys, "variants", "show", name)
        assert code == 0
        assert "handoff_window" in shown
