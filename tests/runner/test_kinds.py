"""Every kind of calls whose answers are kept: what is read back is what was made, and what it hangs on is among what is asked."""

from dataclasses import replace
from pathlib import Path, PurePosixPath
from shutil import copyfile

import pytest

from bench.litmus.texts import MP, SB, UNKNOWN, write
from bench.report.canned_kernels import region
from emu.boot.full.measured import Lengths
from emu.boot.guest_files import GuestFile
from emu.boot.marks import parse_mark
from emu.boot.spec import BootSpec
from emu.calibrate.steps import BENCHMARK
from emu.compare.kernel_runs import REGION, RegionRun
from emu.litmus.suite import TESTS, Conditions, find_tests, run_suite
from emu.run.experiment_spec import Experiment, Limits, Stall
from emu.run.explore_run import SCENARIO, ExplorePlan, explore, scenarios
from emu.run.extent import Extent
from emu.run.run_kind import RUN
from emu.runner.kind import Kind
from emu.runner.local import Local
from emu.runner.runner import Runner, silent
from emu.runner.store import Question, Store
from emu.stress.plan import Plan
from emu.stress.rounds import ROUNDS, run_plan
from emu.subjects.kernel.detail import WORK_END, RegionSpec
from emu.subjects.kernel.lock_names import joined_lengths

EXPERIMENT = Experiment(variant="wakeq", threads=2, messages=10)
STALLED = replace(EXPERIMENT, stalls=(Stall("handoff_window", 100),), overrides=(("latencies.remote_line", 400),))
TSO = Conditions("a10-7800", "tso", 4, 10_000)
KNOWN = scenarios()


def plan(variant: str, schedules: int = 200) -> ExplorePlan:
    return ExplorePlan(variant, (KNOWN["two-on-a-core"],), "a10-7800", Extent("random", schedules=schedules))


def without_the_last(answer):
    if isinstance(answer, list):
        return [without_the_last(answer[0])]
    return {name: answer[name] for name in list(answer)[:-1]}


def twice(folder: Path, kind: Kind, run) -> tuple[list[object], list[object]]:
    """What there is of two runs with a store between them; the second one has nothing to do."""
    found = []
    for _ in range(2):
        runner = Runner(Local(1), Store(folder))
        found.append(list(run(runner)))
    assert runner.tally.done == 0
    for entry in list(Store(folder).entries()):  # of which another program has taken a figure away, and put the checksum right
        with pytest.raises(ValueError, match="its answer is none: "):
            kind.keeping.answer(without_the_last(entry.answer))
    assert runner.tally.kept == runner.tally.calls > 0
    again = Runner(Local(1), Store(folder), verify=1.0)
    assert list(run(again)) and again.tally.again == again.tally.calls
    assert again.tally.differences == []
    return found[0], found[1]


def test_runs(tmp_path):
    first, second = twice(tmp_path, RUN, lambda runner: (each.result() for each in runner.run(RUN, [EXPERIMENT, STALLED])))
    assert first == second
    assert repr(first) == repr(second)  # the order of figures is shown, too


def test_litmus_tests_and_refusals(tmp_path):
    paths = find_tests([write(tmp_path / "tests", sb=SB, mp=MP, unknown=UNKNOWN)])
    first, second = twice(tmp_path / "store", TESTS, lambda runner: run_suite(paths, TSO, runner))
    assert first == second


@pytest.mark.parametrize("variant", ["wakeq", "wakeq-release"], ids=["nothing found", "a find"])
def test_explored_scenarios(tmp_path, variant):
    first, second = twice(tmp_path, SCENARIO, lambda runner: explore(plan(variant), runner, silent))
    assert first == second


def test_rounds_of_stress(tmp_path):
    def run(runner):
        yield replace(run_plan(Plan(machine="a10-7800", operations=10_100), runner), seconds=0.0)

    first, second = twice(tmp_path, ROUNDS, run)
    assert first == second


def test_a_region_of_a_kernel_is_read_back(tmp_path):
    store, made = Store(tmp_path), region()
    lengths = joined_lengths([Lengths((1, 2), (3,)), Lengths((), (4,))])
    made = replace(made, locks=(replace(made.locks[0], lengths={"do_msgsnd+0x4": lengths}), *made.locks[1:]))
    store.put(Question("region", 1), REGION.keeping.write(made))
    (entry,) = store.entries()
    found = REGION.keeping.answer(entry.answer)
    assert repr(found) == repr(made)
    with pytest.raises(ValueError, match="its answer is none: measured"):
        REGION.keeping.answer({**entry.answer, "measured": without_the_last(entry.answer["measured"])})


@pytest.fixture
def kernels(shared: Path, tmp_path: Path) -> dict[str, Path]:
    """A kernel by two names, beside a System.map and not; another one, and two programs."""
    small, other = shared / "bzImage-small-wakeq", shared / "bzImage-small-baseline"
    maps = shared / "System.map-small-wakeq", shared / "System.map-rich-wakeq"
    files = {
        "kernel": small, "alone/kernel": small, "other": other, "program": shared / "pmsg", "another": shared / "exit7",
        "System.map": maps[0], "map": maps[1],
    }  # fmt: skip
    (tmp_path / "alone").mkdir()
    return {name: Path(copyfile(source, tmp_path / name)) for name, source in files.items()}


def test_whatever_a_region_of_a_kernel_hangs_on_makes_another_question(kernels):
    spec = BootSpec(kernels["alone/kernel"], 2, program=kernels["program"], arguments=("40",))
    whole = RegionSpec(parse_mark("--from", "work_begin"), WORK_END, 80)
    changes = {
        "kernel": kernels["other"], "cpus": 1, "memory_mib": 128, "append": "quiet", "program": kernels["another"],
        "arguments": ("41",), "machine": "zen2-8c", "identity": "generic", "quantum": 7, "seed": 3, "max_instructions": 10**6,
        "files": (GuestFile(kernels["map"], PurePosixPath("/map")),),
    }  # fmt: skip
    of_region = {
        "start": parse_mark("--from", "user"), "stop": None, "items": 81, "symbols": kernels["map"], "max_instructions": 5,
        "seed": 1,
    }  # fmt: skip
    calls = [RegionRun(spec, whole), RegionRun(replace(spec, kernel=kernels["kernel"]), whole)]
    calls += [RegionRun(replace(spec, **{name: value}), whole) for name, value in changes.items()]
    calls += [RegionRun(spec, replace(whole, **{name: value})) for name, value in of_region.items()]
    calls += [RegionRun(spec, whole, (("latencies.memory", 9),))]
    digests = [REGION.question(each).digest for each in calls]
    assert len(set(digests)) == len(calls)
    assert REGION.question(calls[0]).digest == digests[0]
    copyfile(kernels["map"], kernels["System.map"])
    assert REGION.question(calls[1]).digest != digests[1]


OTHERS = [
    *((RUN, EXPERIMENT, replace(EXPERIMENT, **{name: value})) for name, value in (
        ("variant", "baseline"), ("machine", "zen2-8c"), ("cores", 2), ("workload", "many-to-one"), ("preempt", "rt"),
        ("threads", 4), ("messages", 11), ("seed", 2), ("placement", "same-core"), ("queues", "pair"), ("types", "common"),
        ("tick_hz", 100),
        ("stalls", (Stall("handoff_window", 9),)), ("overrides", (("latencies.remote_line", 1),)), ("limits", Limits(cycles=10**9)),
    )),
    *((SCENARIO, (plan("wakeq"), 0, 1.0), (each, 0, 1.0)) for each in (
        plan("baseline"), plan("wakeq", 201), replace(plan("wakeq"), off=frozenset({"fault"})),
        replace(plan("wakeq"), preempt="rt"), replace(plan("wakeq"), machine="zen2-8c"),
        replace(plan("wakeq"), scenarios=(KNOWN["two-receivers"],)),
    )),
    *((ROUNDS, (Plan(machine="a10-7800"), 0), (each, number)) for each, number in (
        (Plan(machine="zen2-8c"), 0), (Plan(machine="a10-7800", seed=2), 0), (Plan(machine="a10-7800", lines=2), 0),
        (Plan(machine="a10-7800", cores=2), 0), (Plan(machine="a10-7800"), 1),
    )),
    *((BENCHMARK, ("a10-7800", "one way, other module"), each) for each in (
        ("zen2-8c", "one way, other module"), ("a10-7800", "one way, same module"),
    )),
    *((TESTS, ([Path("a")], TSO), ([Path(path)], each)) for path, each in (
        ("b", TSO), ("a", replace(TSO, model="sc")), ("a", replace(TSO, machine="zen2-8c")), ("a", replace(TSO, cores_max=2)),
        ("a", replace(TSO, states_max=9)),
    )),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "one", "other"), OTHERS)
def test_whatever_an_answer_hangs_on_makes_another_question(kind: Kind, one, other):
    assert kind.question(one).digest != kind.question(other).digest
    assert kind.question(one) == kind.question(one)


def test_every_field_of_an_experiment_is_asked_or_makes_no_difference():
    asked = set(RUN.question(EXPERIMENT).asks)
    renamed = {"limits": "max_cycles"}
    of_traces = {"trace", "overwrite"}
    assert {renamed.get(name, name) for name in Experiment.__dataclass_fields__} - of_traces <= asked


def test_files_of_ones_own_count_by_their_content(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, test=SB)
    litmus = TESTS.question(([Path("test.litmus")], TSO))
    write(tmp_path, test=MP)
    assert TESTS.question(([Path("test.litmus")], TSO)).digest != litmus.digest
