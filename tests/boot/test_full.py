"""A real kernel in full detail: every cycle accounted, every lock found, and the same run however it is looked at."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.export.lines import moved_lines, traced_lines
from emu.boot.ending import End
from emu.boot.marks import parse_mark
from emu.boot.run import Watchers, boot
from emu.boot.spec import BootSpec
from emu.cli.boot_detail import region_dict
from emu.cli.main import main
from emu.description import load_machine
from emu.errors import UserError
from emu.export.lock_book import LockBooks
from emu.html.sides import read_sides
from emu.html.write import page_of
from emu.subjects.kernel.detail import WORK_END, DetailRun, RegionSpec, run_detail
from emu.subjects.kernel.lock_names import NamedLock
from emu.subjects.kernel.result import DetailResult
from emu.subjects.kernel.roles import is_lock_code
from emu.trace.file import TraceFile
from emu.trace.record import Kind
from emu.units import PAGE_BYTES

PAIRS, ROUNDS = 2, 40
MESSAGES = PAIRS * ROUNDS
STRESS = "SB=40 VM=10 CROSS=40 JIT=40 THREADS=4 ALIAS=20 SIGS=1 SHOW=0"
SYS_MSGSND, SYS_MSGRCV = 69, 70
USER = parse_mark("--from", "user")


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Boots and decoded instructions are kept apart from those of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def run(spec: BootSpec, region: RegionSpec) -> DetailRun:
    return run_detail(spec, region, load_machine(spec.machine), Watchers())


def detail_of(found: DetailRun) -> DetailResult:
    assert found.detail is not None
    return found.detail


@pytest.fixture(scope="module")
def spec(shared: Path) -> BootSpec:
    """The kernel as it is packed: its boot is one of those that are kept."""
    return spec_of(shared, "wakeq")


def spec_of(shared: Path, kernel: str) -> BootSpec:
    return BootSpec(
        kernel=shared / f"bzImage-small-{kernel}",
        cpus=2,
        program=shared / "pmsg",
        arguments=("--marks", str(PAIRS), str(ROUNDS), "cross"),
    )


@pytest.fixture(scope="module")
def region(shared: Path) -> RegionSpec:
    return RegionSpec(parse_mark("--from", "work_begin"), WORK_END, MESSAGES, shared / "System.map-small-wakeq")


@pytest.fixture(scope="module")
def traced(spec: BootSpec, region: RegionSpec, tmp_path_factory: pytest.TempPathFactory) -> tuple[DetailRun, TraceFile]:
    """The region with a trace of it."""
    path = tmp_path_factory.mktemp("trace") / "region.trace"
    return run(spec, replace(region, trace=path)), TraceFile(path)


@pytest.fixture(scope="module")
def found(spec: BootSpec, region: RegionSpec) -> DetailRun:
    return run(spec, region)


def queue_lock(detail: DetailResult) -> NamedLock:
    return next(lock for lock in detail.locks if any(site.site.startswith("do_msgsnd+") for site in lock.sites))


def test_a_region_ends_at_its_mark(found: DetailRun) -> None:
    assert found.boot.ended.how == End.MARK
    assert detail_of(found).measured.instructions > 200_000


def test_every_cycle_has_a_state(found: DetailRun) -> None:
    measured = detail_of(found).measured
    assert all(sum(core.values()) == measured.cycles for core in measured.cycles_by_core)
    assert all(measured.cycles_by_state[state] > 0 for state in ("user", "kernel", "scheduler", "lock_wait", "interrupt"))


def test_the_queue_lock_is_taken_twice_a_message(found: DetailRun) -> None:
    sites = {site.site.split("+")[0]: site.use.acquisitions for site in queue_lock(detail_of(found)).sites}
    assert sites == {"do_msgsnd": MESSAGES, "do_msgrcv.constprop.0": MESSAGES}


def test_a_lock_is_taken_where_the_outermost_routine_that_takes_it_is_called(
    found: DetailRun, traced: tuple[DetailRun, TraceFile]
) -> None:
    """A run queue's by who calls raw_spin_rq_lock_nested, which calls _raw_spin_lock: in the report, and counted from a trace."""
    spins = [lock for lock in detail_of(found).locks if lock.kind == "spinlock"]
    sites = {site.site.split("+")[0] for lock in spins for site in lock.sites}
    assert {"try_to_wake_up", "__schedule"} <= sites
    assert not any(is_lock_code(site) for site in sites)
    header = traced[1].header
    places = {header.symbol_at(place)[0] for book in LockBooks(traced[1]).read(lambda done, of: None) for place in book.sites}
    assert places == sites


def test_wake_queues_move_the_wakeups_out_of_the_lock(found: DetailRun, shared: Path, region: RegionSpec) -> None:
    after = detail_of(found)
    before = detail_of(run(spec_of(shared, "baseline"), replace(region, symbols=shared / "System.map-small-baseline")))
    assert queue_lock(after).use.wakeups == 0
    assert queue_lock(before).use.wakeups >= MESSAGES - 2 * PAIRS
    assert after.wakeups >= MESSAGES - 2 * PAIRS


def test_no_instruction_accesses_memory_out_of_turn(found: DetailRun) -> None:
    assert detail_of(found).measured.counts["unordered"] == 0


@pytest.mark.parametrize(
    "how", ["again, without a kept boot", "no core runs ahead", "without interpreter", "short slices", "traced"]
)
def test_the_run_is_the_same_however_it_is_carried_out(
    how: str, found: DetailRun, spec: BootSpec, region: RegionSpec, request: pytest.FixtureRequest
) -> None:
    match how:
        case "no core runs ahead":
            other = run(spec, replace(region, run_ahead=False))
        case "without interpreter":
            other = run(spec, replace(region, interpret=False))
        case "short slices":
            other = run(spec, replace(region, slice_cycles=10_007))
        case "traced":
            other = request.getfixturevalue("traced")[0]
        case _:
            other = run(replace(spec, cache=False), region)
    one, two = detail_of(found).to_dict(), detail_of(other).to_dict()
    for host in ("host_seconds", "mips", "counts"):
        del one[host], two[host]
    assert two == one


def test_the_page_of_a_region_has_its_trace_and_its_figures_as_one_run(traced: tuple[DetailRun, TraceFile], tmp_path: Path) -> None:
    """Counted from the trace, cycles by core and state are those of the report, or the two would be refused."""
    saved = tmp_path / "region.json"
    saved.write_text(json.dumps(region_dict(traced[0].boot, detail_of(traced[0]))))
    (side,) = read_sides([traced[1].path, saved], lambda done, total: None)
    assert side.counts is not None
    assert side.items == MESSAGES
    counted = {name: use.acquisitions for name, use in side.counts.locks.items()}
    spins = {lock.name: lock.use.acquisitions for lock in detail_of(traced[0]).locks if lock.kind == "spinlock"}
    assert counted == spins
    assert "items a second" in page_of([side])
    numbers = [span.number for span in side.timeline.spans] if side.timeline is not None else []
    assert MESSAGES // 2 < len(set(numbers)) == len(numbers) <= MESSAGES
    assert max(numbers) <= MESSAGES, "each is one of the messages"
    assert side.told is not None
    assert sum(side.told.states.values()) == sum(side.told.causes.values()) == side.counts.cycles * len(side.counts.cores)


def test_a_trace_has_every_instruction(traced: tuple[DetailRun, TraceFile]) -> None:
    measured, trace = detail_of(traced[0]).measured, traced[1]
    records = trace.records()
    executed = records[records["kind"] == int(Kind.INSTRUCTION)]
    assert tuple(np.bincount(executed["core"], minlength=measured.cores)) == measured.instructions_by_core
    assert trace.trace_digest == measured.digest
    assert traced_lines(trace) == moved_lines(measured.coherence)
    assert ((records["address"] & np.uint64(PAGE_BYTES - 1)) + records["size"] <= PAGE_BYTES).all()  # one across two is two
    kernel = np.unique(executed["pc"][executed["pc"] >> np.uint64(63) == 1]).tolist()
    assert {hex(each) for each in kernel} <= {hex(each) for each in trace.header.instructions}
    assert [hex(each) for each in kernel if trace.header.symbol_at(each)[0] == hex(each)] == []


def test_a_trace_knows_the_tasks_their_calls_and_their_locks(traced: tuple[DetailRun, TraceFile]) -> None:
    records, header = traced[1].records(), traced[1].header
    calls = records[(records["kind"] == int(Kind.MARK)) & (records["detail"] == header.marks.index("system_calls"))]
    sends, receives = (calls["task"][calls["value"] == number] for number in (SYS_MSGSND, SYS_MSGRCV))
    assert len(sends) == MESSAGES
    assert len(receives) == MESSAGES
    assert {header.task_name(task).partition("/")[0] for task in sends.tolist()} == {"pmsg"}
    assert np.bincount(sends).max() == ROUNDS // 2  # of each task, for the two of a pair take turns
    taken = records["detail"][records["kind"] == int(Kind.LOCK_ACQUIRED)].tolist()
    assert sum("do_msgsnd" in header.locks[lock].name for lock in taken) == 2 * MESSAGES


def test_a_seed_makes_another_run(found: DetailRun, spec: BootSpec, region: RegionSpec) -> None:
    other = detail_of(run(spec, replace(region, seed=1)))
    assert other.measured.digest != detail_of(found).measured.digest
    assert queue_lock(other).use.acquisitions == 2 * MESSAGES


def test_a_region_from_a_snapshot_is_the_same(found: DetailRun, spec: BootSpec, region: RegionSpec, tmp_path: Path) -> None:
    path = tmp_path / "user.snapshot"
    boot(replace(spec, checkpoint=path, at=USER, until=USER), Watchers())
    other = run(replace(spec, restore=path), region)
    assert detail_of(other).measured.digest == detail_of(found).measured.digest


def test_a_kernel_without_symbols_has_addresses(
    spec: BootSpec, region: RegionSpec, found: DetailRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emu.subjects.kernel.detail.kernel_symbols", lambda kernel, elf: None)
    detail = detail_of(run(spec, replace(region, symbols=None)))
    assert any("no symbols" in line for line in detail.unrecognised)
    assert detail.measured.digest == detail_of(found).measured.digest
    assert max(lock.use.acquisitions for lock in detail.locks) >= 2 * MESSAGES


def test_a_mark_that_does_not_come_says_how_far_it_got(spec: BootSpec, region: RegionSpec) -> None:
    found = run(replace(spec, max_instructions=20_000_000), region)
    assert (found.detail, found.boot.ended.how) == (None, End.LIMIT)
    bounded = run(spec, replace(region, stop=None, max_instructions=100_000, slice_cycles=20_000))
    assert bounded.boot.ended.how == End.LIMIT
    assert detail_of(bounded).measured.instructions >= 100_000


def test_too_much_memory_is_refused(spec: BootSpec, region: RegionSpec) -> None:
    with pytest.raises(UserError, match="--memory must be at most"):
        run(replace(spec, memory_mib=4096), region)


def test_json_has_what_its_readers_ask_for(capsys: pytest.CaptureFixture[str], spec: BootSpec, region: RegionSpec) -> None:
    options = ["--cpus", "2", "--symbols", str(region.symbols), "--from", "work_begin", "--per", str(MESSAGES), "--json"]
    code = main(["boot", str(spec.kernel), *options, "--", str(spec.program), *spec.arguments])
    found = json.loads(capsys.readouterr().out)
    assert (code, found["schema"], found["ended"]) == (0, "emu-boot-detail/1", "mark")
    assert sum(found["cycles_by_state"].values()) == found["cores"] * found["cycles"]
    assert 0 <= found["estimated_cost_share"] < 0.02
    assert found["items_per_second"] == pytest.approx(MESSAGES / found["seconds"])
    sites = [site["site"] for lock in found["locks"] for site in lock["call_sites"]]
    assert any(site.startswith("do_msgsnd+0x") for site in sites)
    assert found["wakeups"]["total"] <= found["context_switches"] + MESSAGES
    waits = {task["comm"]: task["queue_wait_cycles"] for task in found["tasks"]}
    assert waits["pmsg"] > 0
    assert {waits[idle] for idle in waits if idle.startswith("swapper/")} == {0}


def said(console: bytes) -> list[str]:
    """What the test program says, without what varies with time."""
    lines = [line.strip() for line in console.decode().splitlines() if line.startswith("INIT:")]
    return [
        line.split(" took ")[0].split(" after ")[0].split(" pid ")[0].split(" on cpu ")[0] for line in lines if "SB" not in line
    ]


@pytest.mark.deep
@pytest.mark.parametrize("cpus", [2, 4])
def test_a_guest_under_stress_finds_nothing_wrong(cpus: int, shared: Path) -> None:
    """Neighbouring PTEs, split locks, accesses across pages, changed code, signals; and SB, whose weak outcome shows here alone."""
    spec = BootSpec(kernel=shared / "bzImage-small-wakeq", cpus=cpus, program=shared / "stress-init", append=STRESS)
    full = run(spec, RegionSpec(USER))
    text = full.boot.console.decode()
    litmus = next(line for line in text.splitlines() if "SB litmus" in line)
    assert int(litmus.split("0/0 seen ")[1].split(",")[0]) > 0
    assert "with mfence 0 " in litmus
    assert detail_of(full).measured.counts["unordered"] == 0
    assert said(full.boot.console) == said(boot(spec, Watchers()).console)
    assert "40 rounds, 0 bad" in text
    assert "garbage 0 bad, lost 0 bad" in text
