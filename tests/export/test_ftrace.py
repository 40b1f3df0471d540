"""A run as the kernel's own text: read by the shape of its lines, its waits and holds are those of the report."""

import re
from collections import Counter

import pytest

from emu.trace.record import Kind

LINE = re.compile(
    r"^ *(?P<comm>.{1,16}?)-(?P<pid>\d+) +\[(?P<cpu>\d{3})\] [.dhs]{5} +(?P<at>\d+\.\d{9}): (?P<event>\w+): (?P<rest>.*)$"
)
SHAPES = {
    "sched_switch": r"prev_comm=.+ prev_pid=\d+ prev_prio=120 prev_state=[RS] ==> next_comm=.+ next_pid=\d+ next_prio=120",
    "sched_waking": r"comm=.+ pid=\d+ prio=120 target_cpu=\d{3}",
    "sched_wakeup": r"comm=.+ pid=\d+ prio=120 target_cpu=\d{3}",
    "contention_begin": r"[0-9a-f]{16} \(flags=SPIN\)",
    "contention_end": r"[0-9a-f]{16} \(ret=0\)",
    "lock_acquired": r"[0-9a-f]{16} .+",
    "lock_release": r"[0-9a-f]{16} .+",
    "reschedule_entry": r"vector=253",
    "reschedule_exit": r"vector=253",
    "local_timer_entry": r"vector=239",
    "local_timer_exit": r"vector=239",
    "ipi_send_cpu": r"cpu=\d+ callsite=\S+ callback=0x0",
    "cpu_idle": r"state=(1|4294967295) cpu_id=\d+",
}


@pytest.fixture(scope="module")
def lines(traced, tmp_path_factory) -> list[re.Match[str]]:
    text = traced.export("ftrace", tmp_path_factory.mktemp("ftrace") / "out").read_text()
    assert text.startswith("# tracer: nop\n")
    found = [LINE.match(line) for line in text.splitlines() if not line.startswith("#")]
    assert all(found)
    return found  # type: ignore[return-value]


def at(line: re.Match[str]) -> int:
    return int(line["at"].replace(".", ""))


def test_every_line_has_the_shape_of_its_event(lines):
    assert {line["event"] for line in lines} <= set(SHAPES)
    for line in lines:
        assert re.fullmatch(SHAPES[line["event"]], line["rest"]), line[0]


def test_lines_are_in_order(lines):
    assert [at(line) for line in lines] == sorted(at(line) for line in lines)


def test_waits_and_holds_are_those_of_the_report(lines, traced):
    names = {line["rest"][:16]: line["rest"][17:].split(" of ")[0] for line in lines if line["event"] == "lock_acquired"}
    begun, taken = dict[tuple[str, str], int](), dict[str, int]()
    waits, holds, contended, acquired = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for line in lines:
        lock = line["rest"][:16]
        match line["event"]:
            case "contention_begin":
                begun[lock, line["cpu"]] = at(line)
                contended[names[lock]] += 1
            case "contention_end":
                waits[names[lock]] += at(line) - begun.pop((lock, line["cpu"]))
            case "lock_acquired":
                taken[lock] = at(line)
                acquired[names[lock]] += 1
            case "lock_release":
                holds[names[lock]] += at(line) - taken.pop(lock)
    for lock, since in taken.items():  # held at the end of the run
        holds[names[lock]] += traced.result.cycles - since
    assert not begun
    for name, use in traced.result.locks.items():
        counted = acquired[name], contended[name], waits[name], holds[name]
        assert counted == (use.acquisitions, use.contended, use.wait_cycles, use.hold_cycles), name


def test_switches_follow_each_other_and_who_sleeps_is_woken_before_it_runs_again(lines, traced):
    running = dict[str, str]()
    away = dict[str, str]()  # by task: its state when it was switched away from
    wakeups = 0
    for line in lines:
        pid = re.search(r"\bpid=(\d+)", line["rest"])
        if line["event"] == "sched_wakeup" and pid:
            wakeups += 1
            assert away.get(pid[1], "S") == "S", "who is woken while it is away slept"
            away.pop(pid[1], None)
        if line["event"] != "sched_switch":
            assert line["pid"] == running.get(line["cpu"], "0")
            continue
        before, state, after = re.search(r"prev_pid=(\d+) .*prev_state=(.) .*next_pid=(\d+)", line["rest"]).groups()  # type: ignore[union-attr]
        assert running.get(line["cpu"], "0") == before != after
        assert away.pop(after, "R") == "R", "who was not woken had not slept"
        running[line["cpu"]] = after
        assert (before, state) != ("0", "S")
        if before != "0":
            away[before] = state
    assert wakeups == traced.result.wakeups.total


def test_interrupts_nest(lines, traced):
    open_on = Counter[str]()
    entered = 0
    for line in lines:
        if line["event"].endswith("_entry"):
            open_on[line["cpu"]] += 1
            entered += 1
        elif line["event"].endswith("_exit"):
            open_on[line["cpu"]] -= 1
            assert open_on[line["cpu"]] >= 0
    records = traced.trace.records()
    assert entered == int((records["kind"] == int(Kind.INTERRUPT)).sum()) > 0
    assert not any(open_on.values())
