"""A sweep: its figures, laws and leads; a point that fails leaves the others; real runs, interrupted, end as if they were not."""

import os
import signal
import subprocess
import sys
import time
from itertools import chain, repeat
from pathlib import Path

import pytest

from bench.processes import environment
from bench.report.canned_sweep import LAWS, TEXT, TEXT_OF_KERNELS, sweep_of
from emu.cli.main import main
from emu.compare.comparison import RATE
from emu.files import Output
from emu.report.sweep_plot import heat_axes, plot_curves, plot_heat
from emu.report.sweep_report import render_sweep
from emu.sweep.crossings import in_words

FULL = TEXT.replace(", 16]", "]")


def test_figures_laws_and_leads():
    found = sweep_of(FULL)
    assert (len(found.figures), found.failed, found.partial) == (16, {}, False)
    assert [each.name for each in found.series][:2] == [
        "baseline, latencies.remote_line 100",
        "baseline, latencies.remote_line 400",
    ]
    for each in found.series:
        one, sigma, kappa = LAWS[dict(each.key)["variant"]]
        assert (each.fit.sigma.mean, each.fit.kappa.mean) == pytest.approx((sigma, kappa))
        assert each.fit.rate_of_one.mean == pytest.approx(1.002 * one)
    assert [(each.a, each.b, dict(each.at)) for each in found.leads] == [
        ("baseline", "wakeq", {"set.latencies.remote_line": 100}),
        ("baseline", "wakeq", {"set.latencies.remote_line": 400}),
    ]
    assert (
        in_words(found.leads[0], "cores") == "baseline is ahead of wakeq at cores = 1; wakeq is ahead of baseline from cores = 2 on"
    )
    rate = found.figures[0].rate
    assert rate is found.figures[0].estimates[RATE]
    assert rate.mean == pytest.approx(1.002e6)
    assert rate.interval[0] < rate.mean < rate.interval[1]


def test_kernels_have_the_same_page(tmp_path):
    found = sweep_of(TEXT_OF_KERNELS)
    a, b = found.plan.rivals
    assert [(each.a, each.b, each.crossings) for each in found.leads] == [(a, b, [pytest.approx(1 + 1 / 3)])] * 2
    page = render_sweep(found, width=300)
    assert "a seed varies each core's and each timer's begin" in page
    assert all(words in page for words in ("lock wait", "idle", "instructions", "wakeups", "switches"))
    assert f"{b} is ahead of {a} from cores = 2 on; the difference passes 0 at cores 1.3" in page
    assert heat_axes(found.plan) == ("cores", "set.latencies.memory")
    plot_heat(found, Output(tmp_path / "h.svg", "plot"))
    assert "percent" in (tmp_path / "h.svg").read_text()
    plain = found.to_dict()["points"][0]["quantities"]
    assert plain["wakeups_per_item"]["mean"] == found.figures[0].estimates["wakeups_per_item"].mean > 0


def test_a_point_that_fails_is_told_and_the_others_go_on():
    found = sweep_of()
    assert len(found.figures) == 18
    assert [str(each) for each in found.failed.values()] == ["baseline, 32 threads, seed 2: the guest had not finished"] * 2
    assert not found.partial
    page = render_sweep(found)
    assert "failed at baseline, cores 16, latencies.remote_line 100: baseline, 32 threads, seed 2" in page
    assert "18 points of 20" in page


def test_stopped_it_has_whole_points_alone():
    asked = chain(repeat(False, 8), repeat(True))
    found = sweep_of(should_stop=lambda: next(asked))
    assert found.partial
    assert 0 < len(found.figures) < 4
    assert "PARTIAL" in render_sweep(found)
    assert sweep_of(should_stop=lambda: True) is None


@pytest.mark.parametrize("draw", [plot_curves, plot_heat])
def test_pictures_are_the_same_bytes_each_time(draw, tmp_path):
    found = sweep_of()
    for name in ("a.svg", "b.svg"):
        draw(found, Output(tmp_path / name, "plot"))
    content = (tmp_path / "a.svg").read_text()
    assert content == (tmp_path / "b.svg").read_text()
    assert content.count("<path") > 20


@pytest.mark.parametrize(
    ("text", "axes"),
    [
        (TEXT, ("cores", "set.latencies.remote_line")),
        ("[axes]\ncores = [1, 2]\nmessages = [3, 4]\n", ("cores", "messages")),
        ('[axes]\ncores = [1, 2]\nvariant = ["baseline", "wakeq", "wakeq-senders"]\n', ("cores", "variant")),
    ],
)
def test_the_axes_of_a_heat_map(text, axes):
    from bench.report.canned_sweep import plan_of

    assert heat_axes(plan_of(text)) == axes


def command(*arguments: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = main([str(each) for each in arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_command(tmp_path, capsys):
    path = tmp_path / "s.toml"
    path.write_text("seeds = 2\n[fixed]\nmessages = 4\ncores = 1\n[axes]\nthreads = [2, 4]\nvariant = ['baseline', 'wakeq']\n")
    code, out, err = command("sweep", path, "--jobs", 1, "--plot", tmp_path / "c.svg", capsys=capsys)
    assert (code, err) == (0, "")
    assert "4 points of 4" in out
    assert (tmp_path / "c.svg").exists()
    code, _, err = command("sweep", path, "--heat", tmp_path / "h.svg", capsys=capsys)
    assert (code, err) == (2, "emu: --heat needs two axes of several values, beside that of two variants; this sweep has threads\n")
    path.write_text("[axes]\nvariant = ['baseline', 'wakeq']\n")
    code, _, err = command("sweep", path, "--plot", tmp_path / "x.svg", capsys=capsys)
    assert (code, err) == (2, "emu: --plot draws curves over an axis of several numbers, and this sweep has none\n")


COMMAND = "import sys; from emu.cli.main import main; sys.exit(main())"
RUNS = 1000
MANY = """
seeds = 125
fixed = {messages = 2, threads = 2}
[axes]
cores = [1, 2]
variant = ["baseline", "wakeq"]
machine = ["a10-7800", "flat-64"]
"""


def kept(store: Path) -> dict[Path, int]:
    """The entries there are, and when each was written."""
    return {path: path.stat().st_mtime_ns for path in store.glob("*/*/*.entry")}


@pytest.mark.deep
def test_a_thousand_runs_interrupted_twice_end_with_the_same_bytes_and_none_is_run_twice(tmp_path):
    path, store = tmp_path / "many.toml", tmp_path / "store"
    path.write_text(MANY)
    arguments = [sys.executable, "-c", COMMAND, "sweep", str(path), "--json"]

    def run(*more: str, stop: signal.Signals | None = None, at: int = 0) -> tuple[int, bytes, str]:
        with subprocess.Popen([*arguments, *more], env=environment(), stdout=-1, stderr=-1, start_new_session=True) as process:
            while stop is not None and len(kept(store)) < at:
                assert process.poll() is None
                time.sleep(0.05)
            if stop is not None:
                os.killpg(process.pid, stop)
            out, err = process.communicate()
        return process.returncode, out, err.decode()

    whole = run("--jobs", "2")
    assert whole[0] == 0
    first = run("--store", str(store), "--jobs", "2", stop=signal.SIGINT, at=RUNS // 5)
    assert first[0] == 130
    there = kept(store)
    assert f"0 of {RUNS} results were there; {len(there)} were made" in first[2]
    second = run("--store", str(store), "--jobs", "2", stop=signal.SIGKILL, at=RUNS // 2)
    assert second[0] == -signal.SIGKILL
    more = kept(store)
    assert there.items() <= more.items()
    code, out, err = run("--store", str(store), "--jobs", "2")
    assert (code, out) == (0, whole[1])
    assert f"{len(more)} of {RUNS} results were there; {RUNS - len(more)} were made" in err
    last = kept(store)
    assert more.items() <= last.items()
    assert len(last) == RUNS
