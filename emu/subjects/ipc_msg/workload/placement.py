"""Where the two members of each pair of pmsg-shared run: pinned to a core, or where fork balancing has put them.

Pair k of P pairs on a machine of C cores:

- `cross-module`: members on cores k and k + C/2, modulo C: half the machine apart; or on the next core after that which lies in
  another module.
- `same-module`: both in one module, half of it apart, one module after the other.
- `same-core`: both on core k modulo C. sem-pingpong's "intra-cpu" loop.
- `pingpong`: members on CPUs k and k + P, as the "inter-cpu" loop of sem-pingpong.cpp pins them (ipcscale, the nearest source that
  is available). A CPU that the machine has not got leaves its thread unpinned: the program does not notice the error. So on
  four cores one pair shares a module, two pairs lie across the modules, and of four pairs the second members are unpinned.
- `unpinned`: nobody is pinned.

A placement that the machine cannot give is refused: one module has no two that a pair could lie across. Where nobody says, it is
the first of `PLACEMENTS` that the machine can give.
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


def possible(cores: int, cores_per_module: int) -> tuple[str, ...]:
    """The placements that a machine can give."""
    modules = _modules(cores, cores_per_module)
    given = {"cross-module": len(modules) > 1, "same-module": len(modules[0]) > 1}
    return tuple(placement for placement in PLACEMENTS if given.get(placement, True))


def places(placement: str, *, pairs: int, cores: int, cores_per_module: int, seed: int) -> list[Place]:
    """One place for each thread, the two members of a pair side by side, in a placement that `checked` has passed."""
    modules = _modules(cores, cores_per_module)
    pinned = [_pinned_core(placement, pair, second, pairs, modules) for pair in range(pairs) for second in (False, True)]
    starts = _fork_balanced(pinned, modules, placement_words(seed))
    everywhere = (1 << cores) - 1
    return [Place(start, everywhere if core is None else 1 << core) for core, start in zip(pinned, starts, strict=True)]


def checked(placement: str | None, cores: int, cores_per_module: int) -> str:
    """A placement that the machine can give, or a `UserError` that says which those are; None: the default."""
    known = possible(cores, cores_per_module)
    if placement is None:
        return known[0]
    if placement not in PLACEMENTS:
        raise UserError(f"placement must be one of {', '.join(PLACEMENTS)}, not {placement!r}")
    if placement not in known:
        had = f"{cores} core{'s' if cores > 1 else ''}, {cores_per_module} a module"
        raise UserError(f"placement {placement} is impossible with {had}: it can be {', '.join(known)}")
    return placement


def _modules(cores: int, cores_per_module: int) -> list[range]:
    """The cores of each module; the last may have fewer."""
    return [range(first, min(first + cores_per_module, cores)) for first in range(0, cores, cores_per_module)]


def _pinned_core(placement: str, pair: int, second: bool, pairs: int, modules: Sequence[range]) -> int | None:
    """Core that a member of a pair is pinned to; None for a thread that is not."""
    cores = modules[-1].stop
    match placement:
        case "cross-module":
            first = pair % cores
            return _far_from(first, modules) if second else first
        case "same-module":
            shared = [module for module in modules if len(module) > 1]
            turn, index = divmod(pair, len(shared))
            half = len(shared[index]) // 2
            return shared[index][turn % (len(shared[index]) - half) + second * half]
        case "same-core":
            return pair % cores
        case "pingpong":
            core = pair + second * pairs
            return core if core < cores else None
        case _:
            return None


def _far_from(core: int, modules: Sequence[range]) -> int:
    """The first core from half the machine away on that is in another module."""
    cores = modules[-1].stop
    own = next(module for module in modules if core in module)
    return next(other for step in range(cores) if (other := (core + cores // 2 + step) % cores) not in own)


def _fork_balanced(pinned: Sequence[int | None], modules: Sequence[range], words: Iterator[int]) -> Iterator[int]:
    """Core on which each thread starts: its own, or in their order the least loaded of the least loaded module.

    That is where fork balancing puts threads that busily wait for their start (find_idlest_group on the level of all cores, then
    on that of a module; Linux 4.8, kernel/sched/fair.c), and what the ticks before the start leave alone. Cores or modules that
    are equal are a tie, and the seed decides: the real one depends on what ran there before.
    """
    load = [pinned.count(core) for core in range(modules[-1].stop)]
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
