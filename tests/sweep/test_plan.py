"""What a sweep's file asks for, and what is wrong with one, with its place."""

from pathlib import Path

import pytest

from emu.errors import UserError
from emu.run.experiment_spec import Stall
from emu.sweep.plan import read_plan, words_of

WHOLE = """
title = "all there is"
seeds = 2
[fixed]
messages = 10
threads_per_core = 2
stall = "handoff_window:20:3"
set.latencies.memory = 100
[axes]
variant = ["baseline", "wakeq"]
machine = ["a10-7800", "zen2-8c"]
cores = [2, 4]
placement = ["unpinned", "same-core"]
set."latencies.remote_line" = [100, 200]
"""


def plan(folder: Path, text: str):
    path = folder / "s.toml"
    path.write_text(text)
    return read_plan(path)


def test_a_point_for_each_combination_and_a_run_for_each_seed(tmp_path):
    found = plan(tmp_path, WHOLE)
    assert (found.title, found.seeds, found.x, len(found.points)) == ("all there is", 2, "cores", 32)
    first, *_, last = found.points
    assert words_of(first.at.items()) == "baseline, a10-7800, cores 2, unpinned, latencies.remote_line 100"
    run = last.experiment
    assert (run.variant, run.machine, run.cores, run.threads, run.messages) == ("wakeq", "zen2-8c", 4, 8, 10)
    assert run.overrides == (("latencies.memory", 100), ("latencies.remote_line", 200))
    assert run.stalls == (Stall("handoff_window", 20, 3),)
    assert [(each.cores, each.seed) for each in found.experiments()[:3]] == [(2, 1), (2, 2), (2, 1)]


@pytest.mark.parametrize(
    ("axes", "x"),
    [
        ("threads = [2, 4]\ncores = [1, 2]", "cores"),
        ("threads = [2, 4]\nmessages = [5, 6]", "threads"),
        ("messages = [5, 6]\ncores = [2]", "messages"),
        ('set."latencies.memory" = [5, 6]', "set.latencies.memory"),
        ('variant = ["baseline", "wakeq"]', None),
    ],
)
def test_the_axis_of_the_curves(tmp_path, axes, x):
    assert plan(tmp_path, f"[axes]\n{axes}\n").x == x


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("axes = 3", r"\[axes\] must be a table, not 3"),
        ("", r"\[axes\] must name at least one, such as cores = \[1, 2, 4\]"),
        ("speed = 3\n[axes]\ncores = [1]", "there is no 'speed' in a sweep: wanted title, seeds, x, fixed, axes"),
        ("[axes]\ncore = [1]", r"\[axes\] has no 'core': wanted variant, machine, "),
        ("[axes]\nkernel = ['./vmlinux']", r"\[axes\] has no 'kernel': "),
        ("[axes]\ncores = 4", "axis cores must be a list of values, not 4"),
        ("[axes]\ncores = []", r"axis cores must be a list of values, not \[\]"),
        ("[axes]\ncores = [1, 1]", "axis cores must name each value once"),
        ("[axes]\ncores = ['1']", "cores must be a whole number, not '1'"),
        ("[axes]\ncores = [1.5]", "cores must be a whole number, not 1.5"),
        ("[axes]\ncores = [true]", "cores must be a whole number, not True"),
        ("[axes]\nvariant = [3]", "variant must be text, not 3"),
        ("[axes]\nset = 3", "axes.set must be a table, such as"),
        ("[axes]\nset.latencies.nothing = [3]", "at latencies.nothing 3: .*latencies.nothing"),
        ("[axes]\nset.latencies.memory = [-3]", "at latencies.memory -3: "),
        ("[axes]\ncores = [1, 65]", "at cores 65: cores must be 1 to 64"),
        ("[axes]\ncores = [0]", "at cores 0: cores must be 1 or more, not 0"),
        ("[axes]\nvariant = ['nobodys']", "at nobodys: variant must be one of "),
        ("[axes]\nthreads = [3]", "at threads 3: "),
        ("[axes]\ncores = [2]\nthreads = [2]\nthreads_per_core = [1]", "at cores 2, .*: threads and threads_per_core say the same"),
        ("[axes]\nthreads_per_core = [2]", "at threads_per_core 2: threads_per_core needs cores"),
        ("[fixed]\ncores = 2\n[axes]\ncores = [1]", r"cores is in \[axes\] and in \[fixed\]: leave it in one of them"),
        ("seeds = 0\n[axes]\ncores = [1]", "seeds must be 1 to 1,000, not 0"),
        ("seeds = 'many'\n[axes]\ncores = [1]", "seeds must be a whole number, not 'many'"),
        (
            "x = 'variant'\n[axes]\nvariant = ['wakeq']\ncores = [1, 2]",
            r"x must be an axis of several numbers \(cores\), not",
        ),
        ("[axes\n", "not TOML"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path, text, words):
    with pytest.raises(UserError, match=rf"sweep {tmp_path}/s.toml: {words}"):
        plan(tmp_path, text)
