"""The command that a trace records runs the same experiment again."""

import shlex
from dataclasses import fields, replace

import pytest

from emu.cli import main as command_line
from emu.cli.main import main
from emu.description.machine_file import machine_path
from emu.run.experiment_spec import Experiment, Limits, Stall
from emu.run.trace_setup import command

OTHER = {
    "variant": "./two words",
    "machine": "./mine.toml",
    "cores": 2,
    "workload": "rt-livelock",
    "preempt": "rt",
    "threads": 8,
    "messages": 7,
    "seed": 3,
    "placement": "same-core",
    "queues": "pair",
    "types": "common",
    "stalls": (Stall("handoff_window", 5, 2), Stall("there", 1)),
    "tick_hz": 250,
    "overrides": (("latencies.remote_line", 4),),
}
NOT_RECORDED = {
    "trace": "the file itself",
    "overwrite": "what was there before it",
    "limits": "a run that has ended does not depend on them",
}


def test_every_field_is_considered():
    assert OTHER.keys() | NOT_RECORDED.keys() == {field.name for field in fields(Experiment)}
    assert command(replace(Experiment(), limits=Limits(5, 6))) == command(Experiment())


@pytest.mark.parametrize("name", OTHER)
def test_it_runs_the_same_again(monkeypatch, tmp_path, name):
    asked = []
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(machine_path("a10-7800").read_text())
    monkeypatch.setattr(command_line.run.__globals__["options"], "_refuse_unknown", lambda spec: None)
    monkeypatch.setitem(command_line.run.__globals__, "execute", lambda spec, title: asked.append(spec) or exit(9))
    experiment = replace(Experiment(threads=8), **{name: OTHER[name]})
    with pytest.raises(SystemExit):
        main(shlex.split(command(experiment)))
    assert asked == [experiment]
