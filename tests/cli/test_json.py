"""docs/json.md names the keys that the commands print with `--json`: all of them, and no others.

Below each heading `emu COMMAND` of the page stands a table whose first column has the keys: `a.b`, `rows[]` for what is in a
list, `locks.*` for what has names of its own, `{a, b}` for several at once. Here are samples that between them have every key.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from bench.export.small import contended_trace
from bench.report.canned import PARTIAL, STALLED, WAKEQ, write_trace
from bench.report.canned_compare import COUNTED, comparison, row, sensitivity
from bench.report.canned_explore import EXPLORED, REPLAYED
from bench.report.canned_kernel import MEASURED, places
from bench.report.canned_kernel_explore import FIND, searched
from bench.report.canned_kernel_path import kernel_path_report
from bench.report.canned_kernels import COMPARISON as COMPARED_KERNELS
from bench.report.canned_path import path_comparison
from bench.report.canned_sweep import TEXT, TEXT_OF_KERNELS, sweep_of
from emu.boot.ending import End, Ended
from emu.boot.result import BootResult
from emu.boot.run import COUNTS
from emu.boot.spec import BootSpec
from emu.calibrate.benchmark import Measurement
from emu.calibrate.figures import expectations
from emu.calibrate.host_facts import Facts
from emu.calibrate.native import HostResult
from emu.calibrate.suite import Calibration, rows_of
from emu.cli.boot_detail import region_dict
from emu.cli.main import app, main
from emu.compare.expectation import OF_KERNELS, OF_VARIANTS, figures_of_kernels, figures_of_rows, judge_all, parse
from emu.compare.section_lines import FoundLine, Transfers, section_lines
from emu.description import load_machine
from emu.report.explore_report import explored_json, replayed_json
from emu.run.stuck.facts import Call, CoreFacts, Stuck, TaskFacts
from emu.runner.store import Question, Store
from emu.subjects.bench.plan import Plan
from emu.subjects.bench.result import SCHEMA as BENCH_SCHEMA
from emu.subjects.bench.result import BenchResult, Distribution, WordUse
from emu.subjects.kernel.explore.search import replay_dict
from emu.subjects.kernel.result import detail_result

PAGE = Path(__file__).parents[2] / "docs" / "json.md"
Emu = Callable[..., dict[str, Any]]
SAMPLES: dict[str, Callable[[Emu, Path], list[dict[str, Any]]]] = {}
Sample = Callable[[Emu, Path], list[dict[str, Any]]]


def sample(heading: str) -> Callable[[Sample], Sample]:
    def add(function: Sample) -> Sample:
        SAMPLES[heading] = function
        return function

    return add


@pytest.fixture
def emu(capsys) -> Emu:
    def ask(*arguments: str) -> dict[str, Any]:
        main([*arguments, "--json"])
        return json.loads(capsys.readouterr().out)

    return ask


@sample("emu run")
def run(emu, tmp_path):
    at = {"task": "t", "policy": "p", "place": "do_msgrcv+0x1", "source": "do_msgrcv.S:1", "inside": ["wake_up"]}
    spin = {"core": 0, "spin_cycles": 1, "spin_iterations": 1, "lock": "q_perm.lock", "spinning": at, "preempted": at}
    task = TaskFacts("t", "p", 0, "running", "", "", "", (Call("do_msgrcv", "do_msgrcv+0x1", "do_msgrcv.S:1", False),), ("e",))
    stuck = Stuck(
        kind="livelock",
        summary="why",
        words=("Why.",),
        tasks=(task,),
        cores=(CoreFacts(0, "t", "runs"),),
        details=spin | {"last_instructions": ["nop"]},
    )
    return [each.to_dict() for each in (COUNTED, STALLED, PARTIAL, replace(WAKEQ, stuck=stuck, overrides=(("l1d.ways", 2),)))]


@sample("emu run --script")
def script(emu, tmp_path):
    path = tmp_path / "s.script"
    path.write_text(
        "tasks 3\nt1: recv -> blocks\nt2: send type=1 size=8 -> EINVAL\nt3: stat while t2 at handoff_window\nt2: stat\n"
    )
    return [emu("run", "--script", str(path))]


@sample("emu compare")
def compare(emu, tmp_path):
    lines = section_lines({("rq", 0): FoundLine(Transfers(2, 0))}, {("rq", 0): FoundLine(Transfers(0, 2))}, seed=1, messages=2)
    others = [
        comparison(replace(row(), lines=lines)).to_dict(),
        comparison(row()).to_dict(),
        comparison(row(), overrides={"l1d.ways": 2}, partial=True).to_dict(),
    ]
    expected = judge_all([parse("difference > 0", OF_VARIANTS)], figures_of_rows(comparison(row())))
    return [each | {"expectations": [judged.to_dict() for judged in expected]} for each in others]


@sample("emu compare --from")
def compare_kernels(emu, tmp_path):
    compared = COMPARED_KERNELS.to_dict()
    for side in "ab":
        for region in compared[side]["seeds"]:
            assert region.keys() == {"seed", *detail_result(MEASURED, places()).to_dict()}, "as the page says of `emu boot --from`"
            for key in region.keys() - {"seed"}:
                del region[key]
    expected = judge_all([parse("difference > 0", OF_KERNELS)], figures_of_kernels(COMPARED_KERNELS))
    return [compared | {"expectations": [judged.to_dict() for judged in expected]}]


@sample("emu compare --sensitivity")
def compare_sensitivity(emu, tmp_path):
    return [sensitivity(overrides={"latencies.remote_line": 400}).to_dict()]


@sample("emu bench")
def bench(emu, tmp_path):
    spent = Distribution(1, 2, 3, (4, 5, 6), (7,))
    counts = {"rounds_by_core": (1, 1), "shared_rounds": 0, "spin_iterations": 1, "coherence": {"transfers_within_module": 1}}
    times = {"clock_hz": 1, "cycles": 1, "instructions": 1, "host_seconds": 0.0, "think": spent, "wait": spent, "hold": spent}
    plan = Plan(lock="tas", machine="m", cores=2, overrides=(("l1d.ways", 2),))
    result = BenchResult(plan=plan, lock="tas", machine="m", trace_digest="d", word=WordUse(1, 1, 1, 1, 1, 1), **counts, **times)
    return [{"schema": BENCH_SCHEMA, "runs": [result.to_dict()]}]


def booted() -> BootResult:
    spec = BootSpec(kernel=Path("vmlinux"), cpus=1)
    counts = dict.fromkeys(COUNTS, 0)
    return BootResult(spec, Ended(End.EXITED, 7), b"hello\n", 2, (2,), 2, None, 0.1, 2, "d", counts, ("core 0: halted",))


@sample("emu boot")
def boot(emu, tmp_path):
    return [booted().to_dict()]


@sample("emu boot --from")
def boot_from(emu, tmp_path):
    return [region_dict(booted(), detail_result(MEASURED, places(), items=1600))]


@sample("emu boot --explore")
def boot_explore(emu, tmp_path):
    return [searched().to_dict()]


@sample("emu explore")
def explore(emu, tmp_path):
    how = {"machine": "m", "strategy": "auto", "budget": "60s"}
    of_lock = {"lock": "mcs", "cores": 3, "rounds": [1, 2], "word": 0}
    return [explored_json(EXPLORED, {**how, **asked}) for asked in ({"variant": "v", "preempt": "none"}, of_lock)]


@sample("emu replay")
def replay(emu, tmp_path):
    return [replay_dict("kernel", FIND), replayed_json(REPLAYED, "ipc-msg", "emu1:ipc-msg:x")]


@sample("emu path")
def path(emu, tmp_path):
    return [path_comparison().to_dict(), replace(path_comparison(), reference=None).to_dict()]


@sample("emu path --kernel")
def path_kernel(emu, tmp_path):
    return [kernel_path_report(beside=beside).to_dict() for beside in (True, False)]


@sample("emu calibrate")
def calibrate(emu, tmp_path):
    machine = load_machine("a10-7800")
    expected, judge = expectations("a10-7800", machine)
    measured = [Measurement(name, "g", 4.0, 4.0, 4.0) for name in ("chase, 4 KiB", "of no source")]
    rows = rows_of(measured, expected, judge=judge)
    return [Calibration("a10-7800", 1, "published", rows, {(0, 1): 40.0}, {"HLT": "why"}).to_dict()]


@sample("emu calibrate host")
def calibrate_host(emu, tmp_path):
    facts = Facts("a processor", (0, 1), {0: (), 1: ()}, {0: frozenset(), 1: frozenset()})
    result = HostResult(facts, 1, 1, [Measurement("chase, 4 KiB", "g", 5.0, 4.9, 5.2, 9)], {(0, 1): 200.0}, {})
    return [result.to_dict() | {"file": "host.toml"}]


@sample("emu litmus")
def litmus(emu, tmp_path):
    path = tmp_path / "SB.litmus"
    path.write_text(
        "X86 SB\n{ x=0; y=0; }\n P0 | P1 ;\n MOV [x],$1 | MOV [y],$1 ;\n MOV EAX,[y] | MOV EAX,[x] ;\nexists (0:EAX=0)\n"
    )
    endless = tmp_path / "E.litmus"
    endless.write_text("X86 E\n{ x=0; }\n P0 ;\n L: MOV EAX,[x] ;\n CMP EAX,$1 ;\n JNE L ;\nexists (0:EAX=1)\n")
    return [emu("litmus", str(each), "--jobs", "1") for each in (path, endless)]


@sample("emu diy")
def diy(emu, tmp_path):
    return [emu("diy", "PodWR Fre PodWR Fre")]


@sample("emu diy --all")
def diy_all(emu, tmp_path):
    return [emu("diy", "--all", "--edges", "Pod**,Rfe,Fre,Coe", "--output", str(tmp_path / "tests"))]


@sample("emu stress")
def stress(emu, tmp_path):
    return [emu("stress", "--operations", "200")]


@sample("emu stress --replay")
def stress_replay(emu, tmp_path):
    path = tmp_path / "c.case"
    sizes = "cores 2\nl1 64 4\nl2 2048 16\nmodule 2\nbuffer 24 8\n"
    path.write_text(f"machine a10-7800\n{sizes}0 0 store 0x1003e 4 0xf8538153\n")
    return [emu("stress", "--replay", str(path))]


@sample("emu coverage")
def coverage(emu, tmp_path):
    record, exceptions = tmp_path / "b.json", tmp_path / "e.toml"
    record.write_text('{"format": 1, "files": {}}')
    exceptions.write_text('[[exception]]\nroutine = "_raw_spin_lock"\nlabel = ".Lcontended"\ndirection = "taken"\nreason = "why"\n')
    variant = ("--variant", "baseline", "--routine", "_raw_spin_lock")
    return [emu("coverage", *variant, "--read", str(record), "--exceptions", str(exceptions))]


@sample("emu trace show")
def trace_show(emu, tmp_path):
    file = str(write_trace(tmp_path / "t.trace"))
    return [emu("trace", "show", file, *more) for more in ((), ("--outline",), ("--hand-off", "1", "--event", "all"))]


@sample("emu trace diff")
def trace_diff(emu, tmp_path):
    a, b = (str(write_trace(tmp_path / name, name)) for name in ("baseline", "wakeq"))
    return [emu("trace", "diff", *arguments) for arguments in ((a, b), (b, a, "--hand-off", "1"))]


@sample("emu trace locks")
def trace_locks(emu, tmp_path):
    return [emu("trace", "locks", str(contended_trace(tmp_path / "t.trace")))]


@sample("emu trace lines")
def trace_lines(emu, tmp_path):
    return [emu("trace", "lines", str(contended_trace(tmp_path / "t.trace")))]


@sample("emu annotate")
def annotate(emu, tmp_path):
    return [emu("annotate", "do_msgsnd", "--read", str(contended_trace(tmp_path / "t.trace")))]


@sample("emu compare --shard")
def compare_shard(emu, tmp_path):
    few = ("--threads", "2", "--messages", "8", "--seeds", "1", "--jobs", "1")
    return [emu("compare", "baseline", "wakeq", *few, "--store", str(tmp_path / "store"), "--shard", "1/2")]


@sample("emu sweep")
def sweep(emu, tmp_path):
    return [sweep_of(TEXT).to_dict(), sweep_of(TEXT_OF_KERNELS).to_dict()]


@sample("emu store")
def store(emu, tmp_path):
    kept = Store(tmp_path / "store")
    kept.put(Question("of a later emu", 1), 1)
    kept.put(Question("of a later emu", 2), 2)
    kept.path_of(Question("of a later emu", 2)).write_text("")
    return [emu("store", "list", str(tmp_path / "store"))]


@sample("emu variants")
def variants(emu, tmp_path):
    return [emu("variants"), emu("variants", "list")]


@sample("emu variants show")
def variants_show(emu, tmp_path):
    return [emu("variants", "show", "wakeq")]


@sample("emu machines")
def machines(emu, tmp_path):
    return [emu("machines"), emu("machines", "list")]


@sample("emu machines show")
def machines_show(emu, tmp_path):
    return [emu("machines", "show", name) for name in ("a10-7800", "zen2-8c")]


SECTIONS = {part.splitlines()[0].strip("`"): part for part in PAGE.read_text().split("\n## ")[1:]}


def keys_of(section: str) -> set[str]:
    """What the first column of its table names."""
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {key for cell in cells for text in re.findall(r"`([^`]+)`", cell) for key in expand(text)}


def expand(text: str) -> Iterator[str]:
    """`a.{b, c}` is `a.b` and `a.c`."""
    parts = re.split(r"\{([^}]*)\}", text)
    choices = [[part] if place % 2 == 0 else part.split(", ") for place, part in enumerate(parts)]
    return ("".join(each) for each in product(*choices))


def printed(value: Any, documented: set[str], at: str = "") -> Iterator[str]:
    """The keys of a value; those of a table whose names are its own, as the page says, are `*`."""
    if isinstance(value, dict):
        named = any(key.startswith(f"{at}.*") for key in documented)
        for name, inner in value.items():
            key = f"{at}.{'*' if named else name}".lstrip(".")
            yield key
            yield from printed(inner, documented, key)
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, dict | list):
                yield from printed(inner, documented, f"{at}[]")


@pytest.mark.parametrize("heading", SAMPLES)
def test_the_page_has_every_key_and_no_other(emu, tmp_path, heading):
    documented = keys_of(SECTIONS[heading])
    values = SAMPLES[heading](emu, tmp_path)
    found = {key for value in values for key in printed(value, documented)}
    assert found - documented == set(), "printed, and not on the page"
    assert documented - found == set(), "on the page, and not printed"
    assert all(f"| `schema` | `{value['schema']}` |" in SECTIONS[heading] for value in values)


def test_every_section_has_samples():
    assert set(SECTIONS) == set(SAMPLES)


def commands_with_json(command: Any, name: str) -> Iterator[str]:
    if any("--json" in parameter.opts for parameter in command.params):
        yield name
    for each, inner in getattr(command, "commands", {}).items():
        yield from commands_with_json(inner, f"{name} {each}")


def test_every_command_with_json_has_a_section():
    names = {name.removesuffix(" list") for name in commands_with_json(get_command(app), "emu")}
    assert names == {re.sub(r" (--\w+|host)$", "", heading) for heading in SAMPLES}
