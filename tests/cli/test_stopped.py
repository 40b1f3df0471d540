"""Ctrl-C: every command prints what it has, in one piece, and exits with 130."""

import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from bench.report.canned_kernel_path import kernel_path
from bench.report.canned_path import path_comparison
from emu.calibrate import native, steps, suite
from emu.calibrate.benchmark import Measurement
from emu.calibrate.host_facts import Facts
from emu.cli.main import main
from emu.description import load_machine
from emu.description.instruction_table import InstructionTable
from emu.litmus.batch import Batch
from emu.trace.file import TraceFile

TEST = "X86 {name}\n{{ x=0; }}\n P0 ;\n MOV [x],$1 ;\nexists (x=1)\n"


def emu(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_litmus(tmp_path: Path, capsys, monkeypatch) -> None:
    for name in "abc":
        (tmp_path / f"{name}.litmus").write_text(TEST.format(name=name))
    whole = Batch.run

    def interrupted(self: Batch, index: int):
        if index == 2:
            raise KeyboardInterrupt
        return whole(self, index)

    monkeypatch.setattr(Batch, "run", interrupted)
    code, out, err = emu(capsys, "litmus", str(tmp_path), "--json")
    assert (code, err) == (130, "emu: interrupted\n")
    assert [json.loads(line)["name"] for line in out.splitlines()] == ["a", "b"]


def steps_until(last: int):
    """Stands in for the benchmarks of a suite: each call measures a figure, and the last one is interrupted."""

    def steps(*arguments):
        known, _ = arguments[-2:]
        for done in range(1, last):
            known[f"figure {done}"] = Measurement(f"figure {done}", "g", 4.0, 4.0, 4.0)
            yield done, 10
        raise KeyboardInterrupt

    return steps


def test_calibrate(capsys, monkeypatch) -> None:
    real = steps.steps_of(load_machine("a10-7800")).values()
    those = {each.name: replace(each, run=lambda emulated: [4.0]) for each in list(real)[:4]}
    *_, interrupted, never = those
    those[interrupted] = replace(those[interrupted], run=lambda emulated: os.kill(os.getpid(), signal.SIGINT) or [4.0])
    monkeypatch.setattr(suite, "steps_of", lambda machine: those)
    monkeypatch.setattr(steps, "_prepared", lambda name, digest: (None, those))
    code, out, err = emu(capsys, "calibrate", "a10-7800", "--json")
    assert (code, err) == (130, "emu: interrupted\n")
    plain = json.loads(out)
    assert plain["partial"]
    assert {*those} - {interrupted, never} <= {row["name"] for row in plain["rows"]} <= {*those} - {never}
    code, out, _ = emu(capsys, "calibrate", "a10-7800")
    assert (code, out.splitlines()[0]) == (130, "PARTIAL  stopped early: the figures that were done")


def test_calibrate_host_writes_no_machine_that_lacks_figures(tmp_path: Path, capsys, monkeypatch) -> None:
    class Host:
        facts = Facts("a processor", (0,), {0: ()}, {0: frozenset()})
        loops = ()
        ticks_a_second = ticks_a_cycle = staticmethod(lambda: 1.0)

        def __init__(self, table: InstructionTable) -> None:
            """Costs play no part."""

    monkeypatch.setattr(native, "Host", Host)
    monkeypatch.setattr(native, "_steps", steps_until(2))
    code, out, err = emu(capsys, "calibrate", "host", "--out", str(tmp_path / "h.toml"), "--json")
    assert (code, err) == (130, "emu: interrupted\n")
    plain = json.loads(out)
    assert (plain["partial"], plain["file"], len(plain["rows"])) == (True, None, 1)
    assert list(tmp_path.iterdir()) == []


def test_path(capsys, monkeypatch) -> None:
    lengths = path_comparison().lengths
    answers = iter([replace(lengths, partial=True), None])
    monkeypatch.setattr("emu.run.path_run.path_lengths", lambda *arguments: next(answers))
    code, out, err = emu(capsys, "path", "wakeq")
    assert (code, err) == (130, "emu: interrupted\n")
    assert out.splitlines()[1].startswith("PARTIAL  stopped early")
    said = "emu: interrupted before a message in steady state had been looked at\n"
    assert emu(capsys, "path", "wakeq") == (130, "", said)


def test_path_of_a_kernel(tmp_path: Path, capsys, monkeypatch) -> None:
    answers = iter([kernel_path(beside=False, partial=True), None])
    monkeypatch.setattr("emu.run.kernel_path.kernel_path", lambda *arguments: next(answers))
    code, out, err = emu(capsys, "path", "--kernel", str(tmp_path))
    assert (code, err) == (130, "emu: interrupted\n")
    assert out.splitlines()[1].startswith("PARTIAL  the region was not over")
    said = "emu: interrupted before a whole call had been looked at\n"
    assert emu(capsys, "path", "--kernel", str(tmp_path)) == (130, "", said)


def test_a_walk_is_of_the_part_that_was_walked(tmp_path: Path, capsys, monkeypatch) -> None:
    """`path_lengths` itself: asked to stop once the run is over, it measures what it has walked."""
    from emu.run.path_run import experiment, path_lengths

    asked = 0

    def should_stop() -> bool:
        nonlocal asked
        asked += 1
        return walking and asked > 6

    walking = False
    opened = TraceFile.chunks

    def chunks(self: TraceFile):
        nonlocal walking, asked
        walking, asked = True, 0
        return opened(self)

    monkeypatch.setattr(TraceFile, "chunks", chunks)
    lengths = path_lengths(experiment("wakeq", "a10-7800", 120, 1), None, should_stop)
    assert lengths is not None
    assert lengths.partial
    assert 0 < lengths.messages < 60


def test_coverage_counts_the_variants_that_were_run(capsys, monkeypatch) -> None:
    """Nobody waits for the others to be assembled."""
    steps = iter([None, KeyboardInterrupt] * 2)

    def cover_experiment(experiment, record) -> None:
        if stop := next(steps, KeyboardInterrupt):
            raise stop

    monkeypatch.setattr("emu.run.coverage.cover_experiment", cover_experiment)
    arguments = ("coverage", "--variant", "wakeq", "--variant", "baseline", "--workload", "pmsg-shared", "--workload", "signals")
    code, out, err = emu(capsys, *arguments, "--json")
    assert (code, json.loads(out)["variants"], json.loads(out)["partial"]) == (130, ["wakeq"], True)
    assert err == "emu: interrupted before everything was run; counted are the branches of wakeq\n"
    assert emu(capsys, *arguments)[1].startswith("PARTIAL  ended early: what was run until then\n")
    code, out, err = emu(capsys, *arguments)
    assert (code, out, err) == (130, "", "emu: interrupted before everything was run\n")
