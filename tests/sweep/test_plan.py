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
    run = last.call
    assert (run.variant, run.machine, run.cores, run.threads, run.messages) == ("wakeq", "zen2-8c", 4, 8, 10)
    assert run.overrides == (("latencies.memory", 100), ("latencies.remote_line", 200))
    assert run.stalls == (Stall("handoff_window", 20, 3),)
    assert [(each.cores, each.seed) for each in found.calls()[:3]] == [(2, 1), (2, 2), (2, 1)]


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
        ("speed = 3\n[axes]\ncores = [1]", "there is no 'speed' in a sweep: wanted title, seeds, x, fixed, axes, symbols"),
        ("[axes]\ncore = [1]", r"\[axes\] has no 'core': wanted variant, machine, "),
        ("[axes]\nper = [3]", "per has no meaning here: it is of kernels, and none is named; wanted variant, "),
        ("[axes]\ncores = [1]\n[symbols]\na = 'b'", r"\[symbols\] is of kernels, and none is named"),
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


KERNELS = """
[fixed]
program = "SHARED/pmsg --marks {threads} 20 '{cores} cores'"
from = "work_begin"
per_thread = 20
set.latencies.memory = 100
[axes]
kernel = ["SHARED/bzImage-small-baseline", "SHARED/bzImage-small-wakeq"]
cores = [2, 4]
threads = [2, 4]
[symbols]
"SHARED/bzImage-small-wakeq" = "SHARED/System.map-small-wakeq"
"""


@pytest.fixture
def of_kernels(shared: Path) -> str:
    return KERNELS.replace("SHARED", str(shared))


def test_kernels_are_an_axis_too(tmp_path, shared, of_kernels):
    found = plan(tmp_path, of_kernels)
    assert (found.x, len(found.points), len(found.calls())) == ("cores", 8, 40)
    first, last = found.points[0].call, found.points[-1].call
    assert (first.spec.kernel, first.spec.cpus, first.spec.program) == (shared / "bzImage-small-baseline", 2, shared / "pmsg")
    assert last.spec.arguments == ("--marks", "4", "20", "4 cores")
    assert (first.region.symbols, last.region.symbols) == (None, shared / "System.map-small-wakeq")
    assert (first.region.items, last.region.items) == (40, 80)
    assert (str(last.region.start), str(last.region.stop)) == ("work_begin", "work_end")
    assert first.overrides == (("latencies.memory", 100),)
    assert [each.region.seed for each in found.calls()[:6]] == [1, 2, 3, 4, 5, 1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("per_thread = 20", "per = 0"), "per must be 1 or more, not 0"),
        (("per_thread = 20\n", ""), "a kernel needs per, how many items the program does from mark to mark, or per_thread"),
        (("per_thread = 20", "per_thread = 20\nper = 2"), "a kernel needs per, .* or per_thread, how many each thread"),
        (("threads = [2, 4]\n", ""), "program: there is no {threads}: wanted {cores}"),
        (("--marks {threads}", "--marks 2"), "threads of a kernel's program have an effect only where it is told of them"),
        (("'{cores} cores'", "'"), "program .*: No closing quotation"),
        (('from = "work_begin"\n', ""), "a kernel needs from: a mark, such as work_begin"),
        (("work_begin", "worm_begin"), "from must be user, text:STRING, "),
        (("SHARED/pmsg", "SHARED/nothing"), "nothing"),
        (("bzImage-small-baseline", "pmsg"), "pmsg"),
        (
            ('= "SHARED/System.map-small-wakeq"', '= "SHARED/nothing"'),
            "symbols .*nothing: there is no such file; give the System.map",
        ),
        (("latencies.memory", "latencies.nothing"), "latencies.nothing"),
        (("cores = [2, 4]", "cores = [2, 65]"), "65"),
    ],
)
def test_what_is_wrong_with_a_kernel_is_said_with_the_point(tmp_path, shared, of_kernels, change, words):
    old, new = (each.replace("SHARED", str(shared)) for each in change)
    with pytest.raises(UserError, match=rf"sweep {tmp_path}/s.toml: at .*: .*{words}"):
        plan(tmp_path, of_kernels.replace(old, new, 1))


def test_what_is_of_variants_is_not_of_kernels(tmp_path, of_kernels):
    with pytest.raises(
        UserError, match="placement has no meaning here: kernels are named, and it is of variants; wanted kernel, machine"
    ):
        plan(tmp_path, of_kernels.replace("per_thread = 20", 'per_thread = 20\nplacement = "unpinned"'))
    with pytest.raises(UserError, match=r"\[symbols\] must be a table of files by kernel, such as "):
        plan(tmp_path, of_kernels.replace("[symbols]", "[symbols]\na = 3"))
