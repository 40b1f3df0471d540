"""`emu bench`: shipped locks keep cores apart, wrong ones are shown with their steps, figures hang together."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from bench.broken_locks import NOT_ATOMIC
from bench.explore.lock_contest import LockContest
from bench.export.lines import moved_lines, traced_lines
from emu.cli.main import main
from emu.description import load_machine
from emu.errors import GuestFault, UserError
from emu.report.bench_report import render_bench
from emu.run.bench import arguments, run_bench
from emu.subjects.bench.lock_file import find_lock, shipped
from emu.subjects.bench.measure import measure, prepare_contest
from emu.subjects.bench.plan import Plan, Section, parse_section
from emu.subjects.bench.result import BenchResult
from emu.trace.file import TraceFile

LOCKS = ("clh", "mcs", "qspinlock", "rwlock", "tas", "ticket", "ttas")
PLAN = Plan(lock="ticket", machine="a10-7800", cores=4, rounds=40, section=Section(2, 50), think=200)
RECORDS = 10**6
NEVER_RELEASED = """\
acquire:
    mov eax, 0x1
    xchg dword ptr [rdi], eax
    test eax, eax
    jne acquire
    ret
release:
    ret
"""


def run(plan: Plan) -> BenchResult:
    return measure(prepare_contest(plan, find_lock(plan.lock), load_machine(plan.machine)))


def written(folder: Path, text: str) -> str:
    path = folder / "my-lock v2.S"  # anything that a file may be called
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize(
    ("text", "section"),
    [("4lines:100", Section(4, 100)), ("1line:20", Section(1, 20)), ("3lines", Section(3, 0)), ("250", Section(0, 250))],
)
def test_a_section_is_lines_and_work(text: str, section: Section) -> None:
    assert parse_section(text) == section


@pytest.mark.parametrize("text", ["", ":", "4lines:", ":100", "4 lines", "-1lines", "257lines", "1lines:1000001", "x"])
def test_another_section_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="section"):
        parse_section(text)


def test_the_shipped_locks_are_these_and_say_where_they_are_from() -> None:
    assert tuple(shipped()) == LOCKS
    assert all("// Source: " in path.read_text() for path in shipped().values())


@pytest.mark.parametrize("lock", LOCKS)
def test_a_shipped_lock_keeps_cores_apart_and_its_figures_hang_together(lock: str) -> None:
    result = run(replace(PLAN, lock=lock))
    assert result.fault is None
    assert not result.partial
    assert PLAN.rounds_wanted <= result.rounds < PLAN.rounds_wanted + PLAN.cores
    assert len(result.rounds_by_core) == PLAN.cores
    assert 0 <= result.fairness <= 1
    assert result.spin_iterations > 0
    for parts in (result.think, result.wait, result.hold):
        assert PLAN.rounds_wanted <= parts.count <= PLAN.rounds_wanted + PLAN.cores
        assert list(parts.percentiles) == sorted(parts.percentiles)
        assert parts.percentiles[-1] <= parts.cycles_max
    parts = (result.think, result.wait, result.hold)
    in_rounds = sum(part.cycles + sum(part.unfinished) for part in parts)
    assert 0.95 * PLAN.cores * result.cycles < in_rounds <= PLAN.cores * result.cycles, "the rest is between two parts"
    if result.word is not None:
        assert PLAN.rounds_wanted <= result.word.acquisitions <= PLAN.rounds_wanted + PLAN.cores
        assert result.word.hold_cycles <= result.cycles, "one holds it at a time"


def test_readers_share_a_lock_and_writers_do_not() -> None:
    alone, shared = (run(replace(PLAN, lock="rwlock", section=Section(1, 2000), shared=share)) for share in (0, 100))
    assert (alone.shared_rounds, shared.shared_rounds) == (0, shared.rounds)
    assert alone.fault is shared.fault is None
    assert shared.rounds_per_second > 2 * alone.rounds_per_second
    mixed = run(replace(PLAN, lock="rwlock", shared=50))
    assert mixed.fault is None
    assert 0 < mixed.shared_rounds < mixed.rounds


def test_a_lock_that_lets_two_in_is_shown_with_its_steps(tmp_path: Path) -> None:
    result = run(replace(PLAN, lock=written(tmp_path, NOT_ATOMIC), cores=2))
    assert result.fault == "my-lock v2 lets two cores into the section on 2 cores"
    inside = [step for step in result.schedule if step.endswith("is inside")][-2:]
    assert {step.split()[2] for step in inside} == {"0", "1"}
    between = result.schedule[result.schedule.index(inside[0]) : result.schedule.index(inside[1])]
    assert not any("calls release" in step for step in between)
    assert any("loads 0x0 at lock+0x0 (my-lock v2.S:2)" in step for step in result.schedule)


def test_a_lock_that_lets_nobody_in_is_shown_with_its_steps(tmp_path: Path) -> None:
    result = run(replace(PLAN, lock=written(tmp_path, NEVER_RELEASED), cores=2))
    assert result.fault is not None
    assert result.fault.startswith("my-lock v2 never lets anybody in on 2 cores: nobody has acquired it for ")
    assert "its word is 0x1; core 0 at my-lock v2.S:" in result.fault
    assert any("calls release" in step for step in result.schedule)
    assert sum(" times" in step for step in result.schedule) == 2, "both cores try, and try again"


def test_a_bound_is_no_fault_of_the_lock() -> None:
    result = run(replace(PLAN, max_cycles=20_000))
    assert result.fault is None
    assert result.bound is not None
    assert result.bound.startswith(f"{result.lock} on {PLAN.cores} cores: 20,000 cycles (--max-cycles) passed with ")
    assert f" of {PLAN.rounds_wanted:,} rounds done; its word is " in result.bound


def test_the_qspinlock_costs_what_the_one_of_the_kernel_costs() -> None:
    """Four cores that do nothing but take it: always a queue, so what a round costs is the lock and its lines."""
    cycles, kernels = LockContest(4, rounds=10**9).race(400_000)
    result = run(replace(PLAN, lock="qspinlock", rounds=500, section=Section(0, 0), think=0))
    assert result.word is not None
    ours = asdict(result.word)
    for figure, of in (("hold_cycles", "acquisitions"), ("wait_cycles", "contended")):
        assert ours[figure] / ours[of] == pytest.approx(kernels[figure] / kernels[of], rel=0.03), figure
    between = (result.cycles - ours["hold_cycles"]) / ours["acquisitions"]
    assert between == pytest.approx((cycles - kernels["hold_cycles"]) / kernels["acquisitions"], rel=0.03)


WRONG = {
    "acquire:\n    mov eax, 10\n    ret\nrelease:\n    ret\n": "my-lock v2.S:2: write 10 in hex as 0xa",
    "acquire:\n    ret\n": "it must have the label release:, and has acquire",
    "": "it must have the label acquire:, and has no labels",
    "acquire:\n    frob eax\n    ret\nrelease:\n    ret\n": "my-lock v2.S:2: ",
    "acquire:\n    call helper\n    ret\nrelease:\n    ret\n": "my-lock v2.S:2: helper is not defined",
    "// Lock word: futex\nacquire:\n    ret\nrelease:\n    ret\n": "my-lock v2.S:1: the lock word must be one of queued, ticket",
    "acquire:\n    ret\nrelease:\n    ret\nacquire_shared:\n    ret\n": "acquire_shared and release_shared belong together",
}


@pytest.mark.parametrize("text", WRONG, ids=WRONG.values())
def test_a_file_that_is_no_lock_is_refused_with_its_place(text: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"my-lock v2\.S") as refused:
        run(replace(PLAN, lock=written(tmp_path, text)))
    assert WRONG[text] in str(refused.value)


def test_a_lock_that_faults_says_where(tmp_path: Path) -> None:
    path = written(tmp_path, "acquire:\n    xor eax, eax\n    jmp rax\nrelease:\n    ret\n")
    with pytest.raises(GuestFault, match=r"core \d jumps to where there is no code \(0x0\) at my-lock v2\.S:3"):
        run(replace(PLAN, lock=path))


def test_the_same_plan_is_the_same_run_and_a_trace_changes_nothing(tmp_path: Path) -> None:
    plain, again, other = run(PLAN), run(PLAN), run(replace(PLAN, seed=2))
    assert plain.trace_digest == again.trace_digest != other.trace_digest
    path = tmp_path / "t.trace"
    traced = run_bench(PLAN, find_lock(PLAN.lock), trace=path, trace_records=RECORDS)
    assert traced.trace_digest == plain.trace_digest
    assert traced_lines(TraceFile(path)) == moved_lines(traced.coherence)
    header = TraceFile(path).header
    assert header.arguments == arguments(PLAN)
    assert [lock.name for lock in header.locks] == ["lock"]
    assert {"acquire", "release", "bench_core"} == {symbol.name for symbol in header.symbols}


def test_the_command_answers_in_json_and_in_text_and_judges(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["bench", "tas", "mcs", "--cores", "1,2", "--rounds", "20"]
    assert main([*words, "--json", "--plot", str(tmp_path / "p.svg")]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "emu-bench/1"
    assert [(each["lock"], each["cores"]) for each in answer["runs"]] == [("tas", 1), ("tas", 2), ("mcs", 1), ("mcs", 2)]
    assert (tmp_path / "p.svg").read_text().startswith("<?xml")
    path = written(tmp_path, NOT_ATOMIC)
    assert main(["bench", path, "--cores", "1,2,4", "--rounds", "50"]) == 1
    told = capsys.readouterr()
    assert "WRONG: my-lock v2 lets two cores into the section on 2 cores" in told.out
    assert told.err == "emu: my-lock v2 lets two cores into the section on 2 cores\n"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["nosuch"], "a lock is one of clh, mcs, qspinlock, rwlock, tas, ticket, ttas or the path of a file"),
        (["./nosuch.S"], "cannot be read"),
        (["mcs", "--shared", "10"], "it has no acquire_shared"),
        (["mcs", "--cores", "0"], "cores must be 1 to 64, not 0"),
        (["mcs", "--rounds", "0"], "rounds must be 1 to"),
        (["mcs", "tas", "--trace", "t.trace"], "a trace is of one run, and these are 6"),
        (["mcs", "--trace-limit", "5"], "--trace-limit has no meaning without --trace"),
    ],
)
def test_what_cannot_be_is_refused(words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", *words]) == 2
    assert complaint in capsys.readouterr().err


def test_a_core_that_starves_is_named() -> None:
    result = run(replace(PLAN, lock="ttas"))
    assert max(result.wait.unfinished) > result.wait.cycles_max
    assert "a core had waited" in render_bench([result])
    fair = run(replace(PLAN, lock="mcs"))
    assert "a core had waited" not in render_bench([fair])
