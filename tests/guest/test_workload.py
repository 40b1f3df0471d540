"""The plan of pmsg-shared: pairs, placement, token passes, and what is refused."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.errors import UserError
from emu.guest.plan import TaskPlan
from emu.subjects.ipc_msg.workload.placement import PLACEMENTS
from emu.subjects.ipc_msg.workload.pmsg_shared import QUEUES, TYPES, plan_pmsg_shared
from emu.subjects.ipc_msg.workload.workload import Workload


def pairs_of(workload: Workload) -> list[tuple[TaskPlan, TaskPlan]]:
    """Both members of each pair."""
    return list(zip(workload.tasks[::2], workload.tasks[1::2], strict=True))


@given(
    cores=st.integers(3, 64),
    pairs=st.integers(1, 32),
    messages=st.integers(1, 10**6),
    placement=st.sampled_from(PLACEMENTS),
    queues=st.sampled_from(QUEUES),
    seed=st.integers(0, 2**64 - 1),
)
def test_every_send_has_its_receive(cores: int, pairs: int, messages: int, placement: str, queues: str, seed: int) -> None:
    plan = plan_pmsg_shared(cores=cores, threads=2 * pairs, messages=messages, placement=placement, queues=queues, seed=seed)
    assert sum(task.sends for task in plan.tasks) == messages
    for first, second in pairs_of(plan):
        assert (first.sends, first.receives) == (second.receives, second.sends)
        assert first.sends - second.sends in (0, 1)
        assert first.starts_first == (first.sends > 0) and not second.starts_first
        assert (first.own_type, first.partner_type) == (second.partner_type, second.own_type)
    assert len({task.own_type for task in plan.tasks}) == plan.threads
    assert all(task.own_type >= 1 and 0 <= task.core < cores and task.cpus_allowed >> task.core & 1 for task in plan.tasks)


def test_tokens_are_split_evenly() -> None:
    plan = plan_pmsg_shared(cores=4, threads=6, messages=10)
    assert [first.sends + second.sends for first, second in pairs_of(plan)] == [4, 3, 3]


def test_default_is_one_thread_a_core_rounded_up_to_a_pair() -> None:
    assert [plan_pmsg_shared(cores=cores).threads for cores in (1, 2, 3, 4, 8)] == [2, 2, 4, 4, 8]


@pytest.mark.parametrize("types", TYPES)
@pytest.mark.parametrize("threads", range(2, 17, 2))
def test_a_queue_a_pair_or_one_for_all(threads: int, types: str) -> None:
    shared = plan_pmsg_shared(cores=4, threads=threads, queues="shared", types=types)
    assert {task.queue for task in shared.tasks} == {0}
    each = plan_pmsg_shared(cores=4, threads=threads, queues="pair", types=types)
    assert [task.queue for task in each.tasks] == [index // 2 for index in range(threads)]
    assert (shared.queues, shared.types, each.queues) == ("shared", types, "pair")


def test_common_types_are_two_and_make_tokens_of_a_shared_queue_alike() -> None:
    common = plan_pmsg_shared(cores=4, threads=8, types="common")
    assert [(task.own_type, task.partner_type) for task in common.tasks] == [(1, 2), (2, 1)] * 4
    assert all(task.fungible for task in common.tasks)
    assert not any(task.fungible for task in plan_pmsg_shared(cores=4, threads=8, types="common", queues="pair").tasks)
    assert not any(task.fungible for task in plan_pmsg_shared(cores=4, threads=8).tasks)


@pytest.mark.parametrize(("messages", "planned"), [(1, 2), (7, 8), (8, 8), (401, 402)])
def test_tokens_that_are_all_alike_go_to_and_fro_in_whole_rounds(messages: int, planned: int) -> None:
    plan = plan_pmsg_shared(cores=4, threads=6, messages=messages, types="common")
    assert plan.messages == planned == sum(task.sends for task in plan.tasks)
    assert all(task.sends == task.receives for task in plan.tasks)


def test_the_seed_moves_start_delays_and_nobody_who_is_pinned() -> None:
    plans = [plan_pmsg_shared(cores=4, threads=8, seed=seed) for seed in range(20)]
    delays = [tuple(task.start_delay for task in plan.tasks) for plan in plans]
    assert len(set(delays)) == len(plans)
    assert delays[1] == tuple(task.start_delay for task in plan_pmsg_shared(cores=4, threads=8, seed=1).tasks)
    for one, other in pairwise(plans):
        assert [task.sends for task in one.tasks] == [task.sends for task in other.tasks]
        assert [task.core for task in one.tasks] == [task.core for task in other.tasks]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"cores": 0}, "cores must be 1 to 64, not 0"),
        ({"cores": 65}, "cores must be 1 to 64, not 65"),
        ({"threads": 3}, "threads must be an even number from 2, not 3"),
        ({"threads": 0}, "threads must be an even number from 2, not 0"),
        ({"threads": 514}, "threads must be at most 512, not 514"),
        ({"messages": 0}, "messages must be 1 to"),
        (
            {"placement": "nowhere"},
            "placement must be one of cross-module, same-module, same-core, pingpong, unpinned, not 'nowhere'",
        ),
        ({"queues": "two"}, "queues must be shared or pair, not 'two'"),
        ({"types": "none"}, "types must be own or common, not 'none'"),
        ({"seed": -1}, "seed must be 0 to"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        plan_pmsg_shared(**({"cores": 4} | wrong))  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
