"""Pictures of a comparison and of a sensitivity run: there, of their kind, and the same bytes each time."""

import subprocess
import sys

import pytest

from bench.processes import environment
from bench.report.canned_compare import comparison, row, sensitivity
from emu.compare.comparison import Row
from emu.errors import UserError
from emu.report.compare_plot import plot_comparison
from emu.report.figure import plot_file, save, style
from emu.report.sensitivity_plot import plot_sensitivity

HEADS = {".png": b"\x89PNG\r\n", ".svg": b"<?xml"}
DRAWINGS = {
    "comparison": lambda path: plot_comparison(comparison(row(2), row(4), row(8)), plot_file(path)),
    "sensitivity": lambda path: plot_sensitivity(sensitivity(), plot_file(path)),
}


@pytest.mark.parametrize("suffix", HEADS)
@pytest.mark.parametrize("what", DRAWINGS)
def test_kind_and_bytes(tmp_path, what, suffix):
    first, second = tmp_path / f"first{suffix}", tmp_path / f"second{suffix}"
    for path in (first, second):
        DRAWINGS[what](path)
    assert first.read_bytes().startswith(HEADS[suffix])
    assert first.read_bytes() == second.read_bytes()
    assert sorted(tmp_path.iterdir()) == [first, second]


def test_another_process_draws_the_same_bytes(tmp_path):
    here, there = tmp_path / "here.svg", tmp_path / "there.svg"
    DRAWINGS["comparison"](here)
    code = f"""import sys
from pathlib import Path
from bench.report.canned_compare import comparison, row
from emu.report.compare_plot import plot_comparison
from emu.report.figure import plot_file
plot_comparison(comparison(row(2), row(4), row(8)), plot_file(Path({str(there)!r})))"""
    subprocess.run([sys.executable, "-c", code], check=True, env=environment())
    assert here.read_bytes() == there.read_bytes()


def test_what_was_measured_is_what_is_drawn(tmp_path):
    changed, other = tmp_path / "changed.svg", tmp_path / "other.svg"
    plot_comparison(comparison(row(2), row(4)), plot_file(changed))
    plot_comparison(comparison(row(2), row(8)), plot_file(other))
    assert changed.read_bytes() != other.read_bytes()


@pytest.mark.parametrize("variants", [("baseline", "wakeq"), ("wakeq", "baseline")])
def test_one_seed_and_no_published_table(tmp_path, variants):
    from bench.report.canned import STALLED, WAKEQ

    plain = Row.of(4, [STALLED], [WAKEQ])
    plot_comparison(comparison(plain, seeds=(1,), variants=variants), plot_file(tmp_path / "x.png"))
    assert (tmp_path / "x.png").stat().st_size > 1000


@pytest.mark.parametrize(
    ("name", "words"),
    [("x.pdf", "a plot is a .png or .svg file by its name, not 'x.pdf'"), ("x", "not 'x'"), ("no/x.png", "cannot write")],
)
def test_refused(tmp_path, name, words):
    with pytest.raises(UserError, match=words):
        plot_file(tmp_path / name)


def test_a_folder_that_went_away_is_the_users_to_mend(tmp_path):
    (tmp_path / "gone").mkdir()
    file = plot_file(tmp_path / "gone" / "x.png")
    (tmp_path / "gone").rmdir()
    with style() as new_figure, pytest.raises(UserError, match="cannot write"):
        save(new_figure(), file)
