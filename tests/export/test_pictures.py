"""A run drawn in other programs' formats, read back: its sums are those of the run's report, to the cycle."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict

import pytest

from bench.export.lines import moved_lines
from bench.export.picture import Picture, Slice, read_chrome, read_perfetto
from emu.trace.record import Kind, Transfer
from emu.trace.words import TRANSFERS

READERS = {"perfetto": read_perfetto, "chrome": read_chrome}


@pytest.fixture(scope="session", params=READERS)
def picture(request, traced, tmp_path_factory) -> Picture:
    return READERS[request.param](traced.export(request.param, tmp_path_factory.mktemp("picture") / "out"))


def by_class(picture: Picture, ending: str) -> tuple[Counter[str], Counter[str]]:
    """How many slices there are on the tracks of each class of locks, and for how long."""
    count, cycles = Counter[str](), Counter[str]()
    for each in picture.slices:
        if picture.groups[each.track] == "locks" and each.track.endswith(ending):
            name = each.track.split(" of ")[0].split(": ")[0]
            count[name] += 1
            cycles[name] += each.cycles
    return count, cycles


def test_everything_that_begins_ends(picture):
    assert not any(picture.open.values())


def test_each_core_spends_its_cycles_in_the_states_of_the_report(picture, traced):
    for core, states in enumerate(traced.result.cycles_by_core_and_state):
        found = Counter[str]()
        for each in picture.slices:
            if each.track == f"core {core}" and len(each.names) == 2:
                found[each.names[1]] += each.cycles
        wanted = {name.replace("_", " "): cycles for name, cycles in states.to_dict().items() if cycles}
        wanted["spin"] = wanted.pop("message spin", 0)
        assert found == Counter(wanted)
        assert sum(found.values()) == traced.result.cycles


def test_holds_are_those_of_the_report(picture, traced):
    count, cycles = by_class(picture, ": held")
    for name, use in traced.result.locks.items():
        assert (count[name], cycles[name]) == (use.acquisitions, use.hold_cycles), name
    assert sum(count.values()) > 50


def test_waits_are_those_of_the_report(picture, traced):
    count, cycles = by_class(picture, " waits")
    for name, use in traced.result.locks.items():
        assert (count[name], cycles[name]) == (use.contended, use.wait_cycles), name
    assert sum(count.values()) > 5
    waited = [each.about["waited"] for each in picture.slices if each.track.endswith(": held")]
    assert sum(waited) == sum(use.wait_cycles for use in traced.result.locks.values())


def test_transfers_are_those_of_the_report(picture, traced):
    records = traced.trace.records()
    transfers = records[records["kind"] == int(Kind.LINE_TRANSFER)]
    shown = [each for each in picture.instants if each.track.endswith("line transfers")]
    assert sum(each.about["cycles"] for each in shown) == int(transfers["value"].sum())
    for kind in Transfer:
        wanted = moved_lines(asdict(traced.result.coherence))[kind]
        assert sum(each.name.endswith(TRANSFERS[kind]) for each in shown) == wanted > 0, kind
    for core in range(traced.result.cores):
        counted = sum(value for _, value in picture.counters[f"core {core} transfers a us"])
        assert counted == int((transfers["core"] == core).sum())


def test_instructions_are_those_of_the_report(picture, traced):
    values = [picture.counters[f"core {core} instructions a us"] for core in range(traced.result.cores)]
    assert sum(value for core in values for _, value in core) == traced.result.instructions
    for core in values:
        times = [at for at, _ in core]
        assert times == sorted(set(times)), "one value a time, in order"
        assert core[-1][1] == 0


def test_tasks_run_where_the_cores_say(picture):
    on_cores, of_tasks = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for each in picture.slices:
        if picture.groups[each.track].startswith("cores") and len(each.names) == 1 and each.track.count(" ") == 1:
            on_cores[each.names[0], each.track] += each.cycles
        elif picture.groups[each.track] == "tasks" and each.names[0].startswith("running on "):
            of_tasks[each.track, each.names[0].removeprefix("running on ")] += each.cycles
    assert of_tasks == Counter({key: cycles for key, cycles in on_cores.items() if key[0] != "idle"})
    assert len(of_tasks) >= 2


def test_arrows_lead_from_wakeups_to_who_runs_and_from_holders_to_who_waited(picture, traced):
    arriving = {each.arrives: each for each in picture.slices if each.arrives}
    wakeups = {each.leaves: each for each in picture.instants if each.leaves}
    hands_over = {each.leaves: each for each in picture.slices if each.leaves}
    assert arriving.keys() <= wakeups.keys() | hands_over.keys()
    assert len(wakeups) == traced.result.wakeups.total
    for number, woken in arriving.items():
        if number in wakeups:
            assert wakeups[number].name == f"wakes {woken.names[0]}"
            assert woken.begin >= wakeups[number].at
        else:
            assert (woken.track, woken.about["waited"] > 0) == (hands_over[number].track, True)
            assert woken.begin >= hands_over[number].end
    assert 0 < len(arriving.keys() & wakeups.keys()) <= len(wakeups)
    assert {each.begin for number, each in arriving.items() if number in hands_over} == set(handed_over(picture))
    assert len(set(handed_over(picture))) > 5


def handed_over(picture: Picture) -> Iterator[int]:
    """When a hold began that somebody had waited for since before the last one ended."""
    before = dict[str, Slice]()
    for each in picture.slices:
        if each.track.endswith(": held"):
            if each.about["waited"] and each.begin - each.about["waited"] <= before[each.track].end:
                yield each.begin
            before[each.track] = each


def test_interrupts_are_there(picture, traced):
    records = traced.trace.records()
    shown = [each for each in picture.slices if each.track.endswith(" interrupts")]
    assert len(shown) == int((records["kind"] == int(Kind.INTERRUPT)).sum()) > 0
