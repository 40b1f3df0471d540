"""Where the two members of each pair of pmsg-shared run: pinned to a core, or where fork balancing has put them.

Pair k of P pairs on a machine of C cores:

- `cross-module`: members on cores k and k + C/2, modulo C: half the machine apart.
- `same-module`: both in one module, one module after the other.
- `same-core`: both on core k modulo C. sem-pingpong's "intra-cpu" loop.
- `pingpong`: members on CPUs k and k + P, as the "inter-cpu" loop of sem-pingpong.cpp pins them (ipcscale, the nearest source that
  is available). A CPU that the machine has not got leaves its thread unpinned: the program does not notice the error. So on
  four cores one pair shares a module, two pairs lie across the modules, and of four pairs the second members are unpinned.
- `unpinned`: nobody is pinned.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from emu.errors import UserError
from emu.guest.chance import placement_words

PLACEMENTS = ("cross-module", "same-module", "same-core", "pingpong", "unpinned")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a task starts, and the cores on which it may run, as a bit mask."""

    core: int
    cpus_allowed: int


def places(placement: str, *, pairs: int, cores: int, cores_per_module: int, seed: int) -> list[Place]:
    """One place for each thread, the two members of a pair side by side; an unknown placement is a `UserError`."""
    if placement not in PLACEMENTS:
        raise UserError(f"placement must be one of {', '.join(PLACEMENTS)}, not {placement!r}")
    pinned = [
        _pinned_core(placement, pair, second, pairs, cores, cores_per_module) for pair in range(pairs) for second in (False, True)
    ]
    starts = _fork_balanced(pinned, cores, cores_per_module, placement_words(seed))
    everywhere = (1 << cores) - 1
    return [Place(start, everywhere if core is None else 1 << core) for core, start in zip(pinned, starts, strict=True)]


def _pinned_core(placement: str, pair: int, second: bool, pairs: int, cores: int, cores_per_module: int) -> int | None:
    """Core that a member of a pair is pinned to; None for a thread that is not."""
    match placement:
        case "cross-module":
            return (pair + second * (cores // 2)) % cores
        case "same-module":
            first = pair * cores_per_module % cores // cores_per_module * cores_per_module
            return min(first + second * (cores_per_module - 1), cores - 1)
        case "same-core":
            return pair % cores
        case "pingpong":
            core = pair + second * pairs
            return core if core < cores else None
        case _:
            return None


def _fork_balanced(pinned: Sequence[int | None], cores: int, cores_per_module: int, words: Iterator[int]) -> Iterator[int]:
    """Core on which each thread starts: its own, or in their order the least loaded of the least loaded module.

    That is where fork balancing puts threads that busily wait for their start (find_idlest_group on the level of all cores, then
    on that of a module; Linux 4.8, kernel/sched/fair.c), and what the ticks before the start leave alone. Cores or modules that
    are equal are a tie, and the seed decides: the real one depends on what ran there before.
    """
    load = [pinned.count(core) for core in range(cores)]
    modules = [range(first, min(first + cores_per_module, cores)) for first in range(0, cores, cores_per_module)]
    for core in pinned:
        if core is None:
            module = _least([sum(load[each] for each in cores_of) / len(cores_of) for cores_of in modules], words)
            core = modules[module][_least([load[each] for each in modules[module]], words)]
            load[core] += 1
        yield core


def _least(loads: Sequence[float], words: Iterator[int]) -> int:
    """Index of the smallest; one of them by chance, if there are several."""
    candidates = [index for index, load in enumerate(loads) if load == min(loads)]
    return candidates[next(words) % len(candidates)]
