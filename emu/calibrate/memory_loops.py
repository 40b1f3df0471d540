"""Pointer chases over footprints, over pages, and stores that are loaded again."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from emu.calibrate.benchmark import LINE_BYTES, PAGE_BYTES, Layout, Loop
from emu.calibrate.routine import Routine, timed

CHASES, PAGES, FORWARDING = "pointer chases", "TLB reach", "store forwarding"
FOOTPRINTS_KIB = tuple(4 << each for each in range(15))  # 4 KiB to 64 MiB
LINES_A_PAGE = PAGE_BYTES // LINE_BYTES
GROUP_PAGES = 32  # no more than any first-level TLB holds
COPIES = 16  # loads in one iteration
MEASURED = 2048  # loads of the short run
FORWARDED, FORWARD_FAILS = "store forwarded to the load behind it", "forwarding fails: load wider than store"
L2_LINES = 4096  # 256 KiB
L1_TLB_MISS, BOTH_TLBS_MISS = "L1 DTLB miss: 128 pages", "L1 and L2 DTLB miss: 4096 pages"
L1_CHASE, RANDOM_CHASE = "chase, 4 KiB", "chase, 64 MiB, another page each time"


def chase_name(kib: int) -> str:
    """A chase's name by its footprint."""
    return f"chase, {kib} KiB" if kib < 1024 else f"chase, {kib >> 10} MiB"


def packed_name(lines: int) -> str:
    """A chase over lines side by side, all in a random order."""
    return f"chase, {lines} lines side by side"


def loops(cache_lines: int) -> Iterator[Loop]:
    """Chases inside pages, over pages, and what only a difference shows; no cache of the emulated machine has more lines."""
    for kib in FOOTPRINTS_KIB:
        yield _chase(chase_name(kib), CHASES, kib << 10, _inside_pages(kib << 10), cache_lines)
    yield _chase(RANDOM_CHASE, CHASES, 64 << 20, _any_line(64 << 20), cache_lines)
    for pages, name in ((32, "DTLB hit: 32 pages"), (128, L1_TLB_MISS), (L2_LINES, BOTH_TLBS_MISS)):
        packed = packed_name(pages)
        yield _chase(packed, PAGES, pages * LINE_BYTES, _any_line(pages * LINE_BYTES), cache_lines)
        yield _chase(name, PAGES, pages * PAGE_BYTES, _a_line_a_page(pages), cache_lines, ((packed, -1),))
    yield from _forwarding()


def _chase(
    name: str,
    group: str,
    footprint: int,
    order: NDArray[np.int64],
    cache_lines: int,
    add: tuple[tuple[str, float], ...] = (),
) -> Loop:
    routine = timed(_label(name), (), ("mov rdi, qword ptr [rdi]",) * COPIES)
    rounds = min(len(order), 2 * cache_lines) // COPIES  # then all that was there before is gone
    short = max(MEASURED // COPIES, 1)
    return Loop(
        name=name,
        group=group,
        routine=routine,
        operations=COPIES,
        lengths=(short, 3 * short),
        warm=max(rounds, short),
        native_warm=max(len(order) // COPIES, short),
        data_bytes=footprint,
        layout=_ring(order),
        place=lambda done: int(order[COPIES * done % len(order)]),
        add=add,
    )


def _label(name: str) -> str:
    return "m_" + "".join(each if each.isalnum() else "_" for each in name)


def _ring(order: NDArray[np.int64]) -> Layout:
    """Each of these lines points to the next, the last to the first."""

    def lay(words: NDArray[np.uint64], address: int, chance: np.random.Generator) -> None:
        words[order // 8] = (address + np.roll(order, -1)).astype(np.uint64)

    return lay


def _inside_pages(footprint: int) -> NDArray[np.int64]:
    """All lines of a few pages in a random order, then those of the next: TLB misses do not count, prefetchers see no pattern."""
    group = min(footprint, GROUP_PAGES * PAGE_BYTES)
    groups = footprint // group
    lines = np.random.default_rng(1).permuted(np.tile(np.arange(group // LINE_BYTES), (groups, 1)), axis=1)
    return np.asarray((lines * LINE_BYTES + np.arange(groups)[:, None] * group).ravel())


def _any_line(footprint: int) -> NDArray[np.int64]:
    """All lines in a random order."""
    return np.asarray(np.random.default_rng(2).permutation(footprint // LINE_BYTES) * LINE_BYTES)


def _a_line_a_page(pages: int) -> NDArray[np.int64]:
    """One line of each page in a random order, over all sets of the caches: only the translations are more than side by side."""
    page = np.arange(pages)
    line = (page + page // 32) % LINES_A_PAGE
    return np.asarray(np.random.default_rng(3).permutation(page * PAGE_BYTES + line * LINE_BYTES))


def _forwarding() -> Iterator[Loop]:
    chains = (
        (FORWARDED, ("mov qword ptr [rdi], rax", "mov rax, qword ptr [rdi]"), ()),
        (FORWARD_FAILS, ("mov dword ptr [rdi], eax", "mov rax, qword ptr [rdi]"), ((FORWARDED, -1.0),)),
    )
    for name, pair, add in chains:
        yield Loop(
            name=name,
            group=FORWARDING,
            routine=_chain(_label(name), pair),
            operations=COPIES,
            lengths=(32, 96),
            warm=32,
            add=add,
            native_factor=50,
        )


def _chain(label: str, pair: tuple[str, str]) -> Routine:
    return timed(label, ("xor eax, eax",), pair * COPIES)
