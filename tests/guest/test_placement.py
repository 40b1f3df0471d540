"""Where pairs run: every placement that a machine can give, 2 to 16 threads, 1 to 9 cores in modules of 1 to 8."""

from collections import Counter
from itertools import product

import pytest

from emu.errors import UserError
from emu.subjects.ipc_msg.workload.placement import Place, checked, places, possible

THREADS, CORES = (2, 4, 6, 8, 16), (1, 2, 3, 4, 6, 8)
SHAPES = list(product(range(1, 10), (1, 2, 3, 4, 8)))  # cores, and how many of them make a module


def seats(placement: str, threads: int, cores: int, seed: int = 1, cores_per_module: int = 2) -> list[Place]:
    return places(placement, pairs=threads // 2, cores=cores, cores_per_module=cores_per_module, seed=seed)


def pairs(placement: str, threads: int, cores: int) -> list[tuple[int | None, int | None]]:
    """Core that each member is pinned to; None: to none."""
    found = [seat.core if seat.cpus_allowed == 1 << seat.core else None for seat in seats(placement, threads, cores)]
    return list(zip(found[::2], found[1::2], strict=True))


@pytest.mark.parametrize(
    ("placement", "threads", "cores"),
    [(placement, threads, cores) for threads in THREADS for cores in CORES for placement in possible(cores, 2)],
)
def test_everybody_has_a_core_and_may_run_there(placement: str, threads: int, cores: int) -> None:
    for seed in range(5):
        found = seats(placement, threads, cores, seed)
        assert len(found) == threads
        for seat in found:
            assert 0 <= seat.core < cores
            assert seat.cpus_allowed in (1 << seat.core, (1 << cores) - 1)


@pytest.mark.parametrize(("threads", "cores"), list(product(THREADS, CORES)))
def test_unpinned_threads_are_spread_evenly_over_cores(threads: int, cores: int) -> None:
    for seed in range(10):
        load = Counter(dict.fromkeys(range(cores), 0))
        load.update(seat.core for seat in seats("unpinned", threads, cores, seed))
        if cores % 2 == 0:  # a module of one core gets less than half of what a module of two gets
            assert max(load.values()) - min(load.values()) <= 1, (seed, load)
        modules = [sum(load[core] for core in (first, first + 1)) for first in range(0, cores, 2)]
        if cores % 2 == 0:
            assert max(modules) - min(modules) <= 1, (seed, modules)


def test_unpinned_threads_join_the_least_loaded_beside_pinned_ones() -> None:
    """Four pairs on four cores as sem-pingpong would place them: one pinned and one unpinned thread a core."""
    orders = set()
    for seed in range(40):
        found = seats("pingpong", 8, 4, seed)
        assert [seat.cpus_allowed for seat in found] == [1, 15, 2, 15, 4, 15, 8, 15]
        assert sorted(seat.core for seat in found[1::2]) == [0, 1, 2, 3]
        orders.add(tuple(seat.core for seat in found[1::2]))
    assert len(orders) > 5, "the seed decides which"
    assert all(order[0] // 2 != order[1] // 2 and order[2] // 2 != order[3] // 2 for order in orders), "modules in turn"


@pytest.mark.parametrize(
    ("threads", "cores", "expected"),
    [
        (2, 4, [(0, 1)]),  # one module
        (4, 4, [(0, 2), (1, 3)]),  # across modules
        (6, 4, [(0, 3), (1, None), (2, None)]),
        (8, 4, [(0, None), (1, None), (2, None), (3, None)]),
        (10, 4, [(0, None), (1, None), (2, None), (3, None), (None, None)]),
        (8, 8, [(0, 4), (1, 5), (2, 6), (3, 7)]),
        (2, 1, [(0, None)]),
    ],
)
def test_pingpong_pins_as_the_source_does(threads: int, cores: int, expected: list[tuple[int | None, int | None]]) -> None:
    if cores == 1:
        assert [seat.core for seat in seats("pingpong", threads, cores)] == [0, 0]
    else:
        assert pairs("pingpong", threads, cores) == expected


@pytest.mark.parametrize(
    ("placement", "threads", "cores", "expected"),
    [
        ("cross-module", 8, 4, [(0, 2), (1, 3), (2, 0), (3, 1)]),
        ("cross-module", 8, 3, [(0, 2), (1, 2), (2, 0), (0, 2)]),
        ("same-module", 6, 4, [(0, 1), (2, 3), (0, 1)]),
        ("same-module", 4, 3, [(0, 1), (0, 1)]),
        ("same-core", 4, 4, [(0, 0), (1, 1)]),
        ("same-core", 10, 4, [(0, 0), (1, 1), (2, 2), (3, 3), (0, 0)]),
        ("unpinned", 4, 4, [(None, None), (None, None)]),
    ],
)
def test_the_others(placement: str, threads: int, cores: int, expected: list[tuple[int | None, int | None]]) -> None:
    assert pairs(placement, threads, cores) == expected


@pytest.mark.parametrize("placement", ["cross-module", "same-module", "same-core"])
def test_a_seed_moves_nobody_who_is_pinned(placement: str) -> None:
    assert len({tuple(seats(placement, 8, 4, seed)) for seed in range(20)}) == 1


@pytest.mark.parametrize(("cores", "cores_per_module"), SHAPES)
def test_what_a_machine_can_give_it_gives_to_every_pair(cores: int, cores_per_module: int) -> None:
    """Asked of all pairs of cores, not of the rule: somewhere two lie so, or the placement is refused."""
    apart = {(a, b): a // cores_per_module != b // cores_per_module for a, b in product(range(cores), repeat=2) if a != b}
    given = possible(cores, cores_per_module)
    assert ("cross-module" in given) == any(apart.values())
    assert ("same-module" in given) == (not all(apart.values()))
    assert checked(None, cores, cores_per_module) == given[0]
    for placement, across in (("cross-module", True), ("same-module", False)):
        if placement not in given:
            with pytest.raises(UserError, match=f"placement {placement} is impossible with {cores} core"):
                checked(placement, cores, cores_per_module)
            continue
        found = [seat.core for seat in seats(placement, 16, cores, cores_per_module=cores_per_module)]
        assert all(apart[pair] is across for pair in zip(found[::2], found[1::2], strict=True))


def test_the_pairs_of_a_wide_module_have_all_its_cores() -> None:
    found = [seat.core for seat in seats("same-module", 8, 8, cores_per_module=8)]
    assert found == [0, 4, 1, 5, 2, 6, 3, 7]


def test_what_is_refused() -> None:
    with pytest.raises(
        UserError, match="placement must be one of cross-module, same-module, same-core, pingpong, unpinned, not 'x'"
    ):
        checked("x", 2, 4)
    with pytest.raises(UserError) as refused:
        checked("cross-module", 2, 2)
    said = "placement cross-module is impossible with 2 cores, 2 a module: it can be same-module, same-core, pingpong, unpinned"
    assert str(refused.value) == said
