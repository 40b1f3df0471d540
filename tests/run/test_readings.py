"""Every reading of pmsg-shared runs to its end in both variants: messages delivered, queues empty, counts as planned."""

from dataclasses import replace
from itertools import product

import pytest

from emu.run.experiment import drive_to_end, prepare
from emu.run.experiment_spec import Experiment
from emu.subjects.ipc_msg.workload.placement import PLACEMENTS, possible
from emu.subjects.ipc_msg.workload.pmsg_shared import QUEUES, TYPES

MESSAGES = 64


def run(**changed):
    return drive_to_end(prepare(Experiment(messages=MESSAGES, **changed)))  # which checks the guest's end


@pytest.mark.parametrize("threads", [2, 8, pytest.param(16, marks=pytest.mark.deep)])
@pytest.mark.parametrize(("placement", "queues", "types"), list(product(PLACEMENTS, QUEUES, TYPES)))
def test_it_ends(placement, queues, types, threads):
    for variant in ("baseline", "wakeq"):
        result = run(variant=variant, threads=threads, placement=placement, queues=queues, types=types)
        assert result.messages == MESSAGES
        assert (result.placement, result.queues, result.types) == (placement, queues, types)


@pytest.mark.parametrize(("placement", "cores"), [(each, cores) for cores in (1, 2, 3, 8) for each in possible(cores, 2)])
def test_it_ends_on_other_machines(placement, cores):
    assert run(cores=cores, threads=6, placement=placement).messages == MESSAGES


@pytest.mark.parametrize("queues", [pytest.param("shared", marks=pytest.mark.deep), "pair"])  # 512 in one queue wait for each other
def test_as_many_threads_as_there_may_be(queues):
    """512 threads: as many queues as the one layer of the id tree has places, and 30 KiB of memory each."""
    assert drive_to_end(prepare(Experiment(cores=64, threads=512, messages=512, queues=queues))).messages == 512


def test_a_queue_a_pair_leaves_nothing_to_contend_for():
    shared, each = (run(threads=8, queues=queues, variant="baseline").locks["q_perm.lock"] for queues in QUEUES)
    assert shared.contended / shared.acquisitions > 0.5
    assert each.contended / each.acquisitions < 0.05


def test_any_partner_takes_a_token_that_is_like_all_others():
    """With own types a pair's token never leaves it; with common ones the first receiver in line gets it."""
    setups = [prepare(Experiment(threads=8, messages=400, placement="unpinned", types=types)) for types in TYPES]
    for setup in setups:
        drive_to_end(setup)
    own, common = (
        [setup.guest.kernel.record("task_struct", task.task_struct)["wakee_flips"] for task in setup.guest.tasks]
        for setup in setups
    )
    assert max(own) <= 1, "each task wakes its partner only"
    assert max(common) > 1


def test_where_an_unpinned_task_starts_is_the_seed_s():
    results = [run(threads=2, placement="unpinned", seed=seed) for seed in range(1, 7)]
    busy = {tuple(core.idle < core.total * 0.9 for core in result.cycles_by_core_and_state) for result in results}
    assert len(busy) > 1
    for cores in busy:
        assert sum(cores[:2]) == sum(cores[2:]) == 1, "in different modules"


def test_an_unpinned_task_goes_where_the_scheduler_sends_it():
    """Six tasks on four cores: somebody is moved, and idle cores take work."""
    setup = prepare(Experiment(threads=6, messages=2000, placement="unpinned", seed=1))
    drive_to_end(setup)
    kernel = setup.guest.kernel
    moved = [kernel.record("task_struct", task.task_struct)["se.nr_migrations"] for task in setup.guest.tasks]
    assert any(moved)


def test_no_balance_of_an_idle_core_comes_due():
    """The path without load_balance is the real one here: no core is idle for half a millisecond on average."""
    for placement, threads in product(("unpinned", "pingpong"), (2, 8)):
        setup = prepare(Experiment(threads=threads, messages=400, placement=placement))
        drive_to_end(setup)
        assert setup.machine.counts("marks.counts")[setup.text.mark("newidle_balance")] == 0


def test_the_seed_moves_the_phase_of_the_timer():
    ticking = Experiment(messages=40, tick_hz=20_000)
    clocks = [[int(core["irq"]["arrival"][0xEF]) for core in prepare(replace(ticking, seed=seed)).machine.cores] for seed in (1, 2)]
    assert clocks[0] != clocks[1]
    for arrivals in clocks:
        assert len(set(arrivals)) == 1, "without skew_tick all cores tick together"
        assert 1 <= arrivals[0] <= 3_500_000_000 // 20_000
    assert prepare(Experiment(messages=40)).machine.cores["irq"]["timer_period"].max() == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_arguments_give_the_same_digest(seed):
    first, second = (run(threads=8, placement="pingpong", types="common", seed=seed).trace_digest for _ in range(2))
    assert first == second
