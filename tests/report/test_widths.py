"""Every report at every width: no line is longer, no figure is cut, and what the widest page says stands on the narrowest."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from rich.cells import cell_len

from bench.export.small import contended_trace
from bench.report.canned import PARTIAL, STALLED, WAKEQ, write_trace
from bench.report.canned_compare import comparison, row, sensitivity
from bench.report.canned_coverage import BRANCHES, GONE
from bench.report.canned_explore import EXPLORED, REPLAYED
from bench.report.canned_kernel import MEASURED, places
from bench.report.canned_kernel_explore import FIND, searched
from bench.report.canned_kernel_path import kernel_path_report
from bench.report.canned_kernels import COMPARISON as COMPARED_KERNELS
from bench.report.canned_path import like
from bench.report.canned_sweep import sweep_of
from emu.assembly.variants import differing_files, get_variant, variants
from emu.calibrate.benchmark import Measurement
from emu.calibrate.figures import expectations
from emu.calibrate.instruction_loops import GROUP
from emu.calibrate.suite import Calibration, rows_of
from emu.compare.expectation import OF_VARIANTS, figures_of_rows, parse
from emu.compare.section_lines import FoundLine, Transfers, section_lines
from emu.description import load_machine
from emu.export.annotation import annotate
from emu.export.line_census import LineCensus
from emu.export.lock_book import LockBooks
from emu.litmus.verdict import Verdict
from emu.report import grid as grid_module
from emu.report.annotate_report import render_annotation
from emu.report.bench_report import render_bench
from emu.report.calibrate_report import render_calibration, render_host
from emu.report.catalogue_report import (
    Catalogue,
    Entry,
    Point,
    VariantFacts,
    instruction_lines,
    list_lines,
    machine_lines,
    variant_lines,
)
from emu.report.compare_report import render_comparison
from emu.report.coverage_report import judge, render_coverage
from emu.report.expectation_report import render_expectations
from emu.report.explore_report import render_explored, render_replayed
from emu.report.grid import Beside, grid
from emu.report.kernel_compare_report import render_kernel_comparison
from emu.report.kernel_explore_report import render_find, render_search
from emu.report.kernel_path_report import render_kernel_path
from emu.report.kernel_report import render_kernel
from emu.report.line_report import render_lines
from emu.report.litmus_report import Run as LitmusRun
from emu.report.litmus_report import render_line, render_summary, render_test
from emu.report.lock_percentiles import render_lock_percentiles
from emu.report.page import adding_up, fold, page
from emu.report.path_check import PathComparison
from emu.report.path_report import render_path
from emu.report.run_report import render_run
from emu.report.sensitivity_report import render_sensitivity
from emu.report.store_report import Shelf, render_shelves
from emu.report.stress_report import render_stress
from emu.report.stuck_report import render_stuck
from emu.report.sweep_report import render_sweep
from emu.report.trace_diff import diff_lines
from emu.report.trace_text import outline_lines, trace_lines
from emu.run.result import LockUse, RunResult
from emu.run.stuck.facts import Call, Stuck, TaskFacts
from emu.sources import code_digest
from emu.stress.plan import Plan
from emu.stress.rounds import Result
from emu.subjects.bench.plan import Plan as BenchPlan
from emu.subjects.bench.result import BenchResult, Distribution, WordUse
from emu.subjects.ipc_msg.hand_off import find_hand_off
from emu.subjects.ipc_msg.path.reference import reference_of
from emu.subjects.kernel.result import detail_result
from emu.trace.diff import diff_traces
from emu.trace.file import TraceFile
from emu.trace.select import select

FORMS_OF_OTHERS = {"json_lines", "lock_stat_lines", "perf_lock_lines", "render_junit"}  # as wide as those have them
WIDTHS = (60, 80, 100, 140)
WIDEST = 400
HUGE = 10**12
A10 = load_machine("a10-7800")


def big(result: RunResult) -> RunResult:
    """With numbers of a long run on a big machine, and errors."""
    use = LockUse(*[HUGE] * 7)
    core = replace(result.cycles_by_core_and_state[0], user=HUGE)
    return replace(
        result,
        messages=10**9,
        cycles=HUGE,
        instructions=HUGE,
        cycles_by_core_and_state=(core,) * 4,
        locks=dict.fromkeys(("q_perm.lock", "pi_lock", "rq.lock"), use),
        outcomes={**result.outcomes, "under_way": 12, "EINTR": 1234567, "EIDRM": HUGE},
        wakeups=replace(result.wakeups, total=HUGE, to_idle=HUGE, under_way=7),
    )


def path(name: str) -> PathComparison:
    reference = reference_of("wakeq")
    assert reference is not None
    return PathComparison(name, "a10-7800", like(reference), reference if name == "wakeq" else None)


def calibration(judged: bool = True) -> Calibration:
    expected, _ = expectations("a10-7800", A10)
    measured = [
        Measurement(name, GROUP if ": " in name else "memory", 1.3 * each.value, each.value, 2 * each.value, 7)
        for name, each in expected.items()
    ]
    heat_map = {(a, b): 1234.5 + a + b for a in range(16) for b in range(a + 1, 16)}
    unmeasured = {"a form": "a reason that is rather long, and says why in so many words that it needs a second line"}
    return Calibration("a10-7800", 3_500_000_000, "published", rows_of(measured, expected, judge=judged), heat_map, unmeasured)


def host(width: int) -> str:
    measured = [each.measured for each in calibration().rows]
    return render_host(measured, {(0, 1): 120.5}, {"processor": "a long name of a processor " * 4}, width=width, colour=False)


def stress(width: int) -> str:
    names = (
        "operations loads stores atomics crossings drains forwards full_stalls swapped releases transfers_within_module "
        "transfers_across_modules upgrades memory_reads write_backs"
    )
    plan = Plan(machine="a10-7800", operations=10**9, cores=8, lines=None, seed=2**63 - 1)
    return render_stress(Result(plan, 123_456, Counter(dict.fromkeys(names.split(), HUGE)), 1.5, None, True), width=width)


def bench(width: int) -> str:
    times = Distribution(HUGE, HUGE**2, HUGE, (HUGE, HUGE, HUGE), (2 * HUGE,))
    lines = dict.fromkeys(("transfers_within_module", "transfers_across_modules", "upgrades"), HUGE)
    plan = BenchPlan(lock="my.own.S", machine="a10-7800", cores=64, shared=7)
    result = BenchResult(
        plan=plan, lock="my.own", machine="a10-7800", clock_hz=3_500_000_000,
        cycles=HUGE, rounds_by_core=(1000, 3), shared_rounds=7, instructions=HUGE, host_seconds=1.5, trace_digest="0", think=times,
        wait=times, hold=times, spin_iterations=HUGE, coherence=lines, word=WordUse(*[HUGE] * 6), two_inside=3, lost_counts=12,
        schedule=("  1234567 core 0: takes the lock at acquire+0x12, my.own.S:34, and so on and on",), partial=True,
    )  # fmt: skip
    return render_bench([result, result], width=width)


def stuck() -> Stuck:
    calls = tuple(
        Call("try_to_wake_up", f"rt_spin_lock_slowlock+0x{n:x}", f"firmware/preempt_rt/rt_spin_lock_slowlock.S:{n}", True)
        for n in range(120, 124)
    )
    events = tuple(f"{n:,} contended q_perm.lock of queue 1: first failed attempt, {n + 7}" for n in range(10**9, 10**9 + 3))
    waits = "q_perm.lock of queue 1, which many-to-one/3 on core 2 holds since cycle 1234567890123"
    tasks = tuple(
        TaskFacts(
            f"many-to-one/{n}", "SCHED_FIFO 50", n % 4, "INTERRUPTIBLE", "q_receivers of queue 1", "NULL", waits, calls, events
        )
        for n in range(20)
    )
    words = ("many-to-one/3 has spun on a NULL r_msg on core 0 for 20,000,123 cycles, " * 2,)
    return Stuck(kind="livelock", summary="stuck", words=words, tasks=tasks, cores=())


def verdict() -> Verdict:
    condition = " /\\ ".join(f"{thread}:RAX={thread}" for thread in range(12))
    states = tuple((n,) * 12 for n in range(3))
    shown = tuple(" ".join(f"{thread}:RAX={n};" for thread in range(12)) for n in range(3))
    ways = ("0 0 1 1 0d 1d " * 12,) * 3
    where = "litmus/x86/a/long/way/down/ISA2+big.litmus"
    return Verdict(where, "ISA2+big", "exists", f"({condition})", (), states, shown, (True,) * 3, ways, (), (), 34, 5, 1.25)


def litmus(width: int) -> str:
    summary = render_summary([verdict()] * 7, LitmusRun("tso", 64, 3, 1.5))
    return fold(render_test(verdict(), schedules=True) + render_line(verdict()) + "\n" + summary, width)


def catalogue(width: int) -> str:
    machine = [*machine_lines(A10.model_dump(), width=width), *instruction_lines(A10.instructions, width=width)]
    found = [each for name in variants() for each in variant_lines(facts(name), width=width)]
    entries = [Entry(name, each.summary) for name, each in variants().items()] + [Entry("x", broken="a reason " * 20)]
    return "\n".join([*machine, *found, *list_lines(Catalogue("variants", entries), width=width)])


def facts(name: str) -> VariantFacts:
    each = get_variant(name)
    points = [Point("handoff_window", "do_msgsnd_with_a_long_name", "do_msgsnd.S", 1234)]
    return VariantFacts(name, each.summary, each.description, each.extends, "queued", name, differing_files(each), points)


def expected(width: int) -> str:
    rows = figures_of_rows(COMPARISONS["all"])
    texts = ("difference >= 50%", "b.hold_cycles_mean < 0.0012345 at 4")
    judged = [parse(text, OF_VARIANTS, (2, 4, 8)).judge(row) for text in texts for row in rows]
    return render_expectations(judged, width=width)


def of_trace(render: Callable[..., str], read: Callable[[TraceFile], Any]) -> Callable[[int], str]:
    """Of a trace of a few records."""

    def report(width: int) -> str:
        with TemporaryDirectory() as folder:
            trace = TraceFile(contended_trace(Path(folder) / "t"))
            return render(read(trace), trace.header, width=width)

    return report


def silent(done: int, total: int) -> None:
    """No progress."""


def rendered(render: Callable[..., str], value: Any) -> Callable[[int], str]:
    return lambda width: render(value, width=width)


RUNS = {"stuck": replace(PARTIAL, stuck=stuck()), "wakeq": WAKEQ, "stalled": STALLED, "partial": PARTIAL, "big": big(STALLED)}
LINE = FoundLine(Transfers(11_234_567, 1_234_567, 1, 1), Counter({f"se.avg.last_update_time{part}": 9 for part in range(5)}))
MOVED = section_lines({("task_struct", 64): LINE}, {("task_struct", 64): FoundLine(Transfers(0, 31_234_567))}, seed=1, messages=9)
COMPARISONS = {
    "all": comparison(row(2), row(4), row(8)),
    "lines": comparison(replace(row(2), lines=MOVED), row(4)),
    "one seed": comparison(row(2), seeds=(1,), published_source=None, overrides={"latencies.remote_line": 400}),
}
REPORTS: dict[str, Callable[[int], str]] = {
    **{f"run {name}": rendered(render_run, result) for name, result in RUNS.items()},
    **{f"compare {name}": rendered(render_comparison, each) for name, each in COMPARISONS.items()},
    "sensitivity": rendered(render_sensitivity, sensitivity()),
    "sweep": rendered(render_sweep, sweep_of()),
    "store": rendered(render_shelves, [Shelf("scenario", "0123456789abcdef", HUGE), Shelf("run", code_digest(), 1)]),
    "expectations": expected,
    "lock percentiles": of_trace(render_lock_percentiles, lambda trace: LockBooks(trace).read(silent)),
    "contended lines": of_trace(render_lines, lambda trace: LineCensus(trace).read(silent)),
    "annotated routine": of_trace(render_annotation, lambda trace: annotate(trace, "do_msgsnd", silent)),
    "path beside the real one": rendered(render_path, path("wakeq")),
    "kernel path beside ours": rendered(render_kernel_path, kernel_path_report()),
    "kernel path alone": rendered(render_kernel_path, kernel_path_report(beside=False, partial=True)),
    "path alone": rendered(render_path, path("wakeq-release-fixed")),
    "coverage": rendered(render_coverage, judge(BRANCHES, GONE, [], set())),
    "calibrate": lambda width: render_calibration(calibration(), width=width, colour=False),
    "calibrate host": host,
    "stress": stress,
    "bench": bench,
    "kernel": rendered(render_kernel, detail_result(MEASURED, places(), ("a reason " * 20,), items=1600)),
    "two kernels": rendered(render_kernel_comparison, COMPARED_KERNELS),
    "explored": lambda width: render_explored("wakeq-release", EXPLORED, width=width),
    "replayed": rendered(render_replayed, REPLAYED),
    "replayed in vain": rendered(render_replayed, replace(REPLAYED, finding=None)),
    "kernel explored": rendered(render_search, searched()),
    "kernel explored in vain": rendered(render_search, searched(None)),
    "kernel's find": rendered(render_find, FIND),
    "stuck": lambda width: render_stuck(stuck(), "after 64 of 2,000 messages", width=width),
    "litmus": litmus,
    "catalogue": catalogue,
}


def traced(a: TraceFile, b: TraceFile, width: int) -> str:
    """A trace in every form, and two compared."""
    cuts = [select(each.header, cut=find_hand_off(each, 1)) for each in (a, b)]
    return "\n".join(
        [
            *trace_lines(a, cuts[0], width=width),
            *outline_lines(a, cuts[0], width=width),
            *diff_lines(diff_traces(a, b, *cuts), width=width),
        ]
    )


def figures(text: str) -> Counter[str]:
    """Every word with a digit in it, bare of the marks around it."""
    return Counter(word.strip(".,;:()[]") for word in re.findall(r"\S*\d\S*", text))


def check(render: Callable[[int], str], width: int, figures: Callable[[str], Counter[str]] = figures) -> None:
    text, widest = render(width), render(WIDEST)
    longest = max(text.splitlines(), key=cell_len)
    assert cell_len(longest) <= width, longest
    assert not re.findall(r"\S*\d\S*…|…\S*\d\S*", text)
    assert not figures(widest) - figures(text)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", REPORTS)
def test_nothing_is_cut(name: str, width: int) -> None:
    check(REPORTS[name], width)


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_cut_of_traces(width: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    a, b = TraceFile(write_trace(Path("a.trace"))), TraceFile(write_trace(Path("b.trace"), "wakeq"))
    # Names of routines are shortened in their middle; the digits behind them are not.
    check(lambda columns: traced(a, b, columns), width, lambda text: Counter(re.findall(r"\d+", text)))


def test_every_report_is_among_these() -> None:
    sources = Path(grid_module.__file__).parent.glob("*.py")
    printers = re.compile(r"^def (render_\w+|[a-z]\w*_lines)\(", re.MULTILINE)
    names = {name for each in sources for name in printers.findall(each.read_text())}
    assert names - FORMS_OF_OTHERS <= set(globals())


def lines(part: Any, width: int) -> list[str]:
    return page([part], width=width).splitlines()


def test_bars_go_first_then_details_then_words_wrap_then_columns_go_on_below() -> None:
    table = grid("what it is of", "cycles", "=", "+core 0", "+core 1", title="Cycles")
    table.add_row("a long name of it", "1,234", "█████", "12.3 %", "45.6 %")
    shapes = {width: lines(table, width) for width in (80, 50, 30, 20)}
    assert shapes[80][4] == " a long name of it   1,234  █████                     12.3 %  45.6 %"
    assert shapes[50][4] == " a long name of it   1,234  12.3 %  45.6 %"
    assert [line for line in shapes[30] if "," in line or "%" in line] == [
        " a long name of it   1,234",
        " a long name   12.3 %  45.6 %",
    ]
    assert [line for line in shapes[20] if "," in line or "%" in line] == [
        " a long       1,234",
        " a long      12.3 %",
        " a long      45.6 %",
    ]


def test_a_group_of_columns_keeps_its_name_wherever_it_goes() -> None:
    table = grid("lock", "wait|mean", "wait|max", "hold|mean", "hold|max")
    table.add_row("rq.lock", "1", "22", "333", "4,444")
    assert lines(table, 60)[:2] == ["          wait        hold", " lock     mean   max  mean    max"]
    assert [line for line in lines(table, 24) if "ai" in line or "ol" in line or "mean" in line] == [
        "          wait",
        " lock     mean   max",
        "          hold",
        " lock     mean    max",
    ]


def test_two_tables_are_side_by_side_where_both_fit() -> None:
    left, right = grid("one", "count"), grid("other", "count")
    left.add_row("a", "1")
    right.add_row("b", "2")
    assert [line.split() for line in lines(Beside(left, right), 60)[2:]] == [["a", "1", "b", "2"], []]
    assert [line.split() for line in lines(Beside(left, right), 20) if line.endswith(("1", "2"))] == [["a", "1"], ["b", "2"]]


def test_whole_numbers_that_add_up() -> None:
    values = [0.4, 0.4, 0.4, 1.5, 0.0, 2.3]
    found = adding_up(values)
    assert sum(found) == round(sum(values))
    assert all(abs(whole - value) < 1 for whole, value in zip(found, values, strict=True))
    assert found[4] == 0
