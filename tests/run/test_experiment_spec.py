"""What is refused before anything is started."""

import pytest

from emu.description.machine_file import machine_path
from emu.errors import UserError
from emu.run.experiment_spec import Experiment, Limits, Stall


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"cores": -1}, "cores must be 1 to 64, not -1"),
        ({"cores": 65}, "cores must be 1 to 64, not 65"),
        ({"threads": 3}, "threads must be an even number from 2, not 3"),
        ({"threads": -2}, "threads must be an even number from 2, not -2"),
        ({"messages": 0}, "messages must be 1 to"),
        ({"placement": "moon"}, "placement must be one of cross-module"),
        ({"placement": "cross-module", "cores": 2}, "placement cross-module is impossible with 2 cores, 2 a module"),
        ({"seed": -1}, "seed must be"),
        ({"tick_hz": -1}, "tick must be 0 (off) to"),
        ({"stalls": (Stall("p", 1), Stall("p", 2))}, "point p is stalled twice"),
    ],
)
def test_refused(fields, words):
    with pytest.raises(UserError) as refused:
        Experiment(**fields)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("modules", "cores_per_module", "cores", "placement"),
    [
        (2, 2, 4, "cross-module"),
        (1, 8, 8, "same-module"),
        (4, 1, 4, "cross-module"),
        (1, 1, 1, "same-core"),
        (2, 64, 64, "same-module"),
    ],
)
def test_default_cores_and_placement_are_the_machines(tmp_path, modules, cores_per_module, cores, placement):
    text = machine_path("a10-7800").read_text()
    path = tmp_path / "mine.toml"
    own = text.replace("modules = 2", f"modules = {modules}").replace(
        "cores_per_module = 2", f"cores_per_module = {cores_per_module}"
    )
    path.write_text(own)
    experiment = Experiment(machine=str(path))
    assert experiment.cores == cores
    assert experiment.plan(cores_per_module).placement == placement


@pytest.mark.parametrize(("cores", "threads"), [(1, 2), (2, 2), (3, 4), (4, 4), (64, 64)])
def test_default_threads_are_one_a_core_in_pairs(cores, threads):
    assert Experiment(cores=cores).threads == threads


@pytest.mark.parametrize(
    ("text", "stall"),
    [
        ("w:20000:10", Stall("w", 20_000, 10)),
        ("w:5", Stall("w", 5, 1)),
        ("handoff_window:1:1", Stall("handoff_window", 1)),
    ],
)
def test_stall(text, stall):
    assert Stall.parse(text) == stall
    assert Stall.parse(str(stall)) == stall


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("w", "POINT:CYCLES or POINT:CYCLES:EVERY"),
        ("w:1:2:3", "POINT:CYCLES or POINT:CYCLES:EVERY"),
        ("handoff_window:x", "must be whole numbers, not 'x'"),
        ("w:-1", "must be whole numbers, not '-1'"),
        ("w:²", "must be whole numbers"),
        ("w:0", "cycles must be 1 to"),
        ("w:1:0", "EVERY must be 1 to 1,000,000,000, not 0"),
        ("w:1:9999999999", "EVERY must be 1 to 1,000,000,000"),
        ("w:" + "9" * 5000, "stall w: CYCLES or EVERY is too large: a number of 5000 digits"),
        (":5", "needs the name of a point"),
    ],
)
def test_stall_refused(text, words):
    with pytest.raises(UserError) as refused:
        Stall.parse(text)
    assert words in str(refused.value)


def test_bounds():
    assert Experiment(limits=Limits(cycles=7)).cycles_bound == 7
    assert Experiment(messages=10).cycles_bound < Experiment(messages=20).cycles_bound
    assert Experiment().cycles_bound < Experiment(stalls=(Stall("p", 10**6),)).cycles_bound
    for bad in ({"cycles": 0}, {"trace_records": 0}):
        with pytest.raises(UserError, match="bound"):
            Limits(**bad)
