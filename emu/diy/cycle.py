"""Critical cycles: edges that close, cut into threads, in one normal rotation with one name, and all of them up to a size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from emu.diy.edge import Edge, merge, overlap
from emu.errors import LimitReached, UserError

THREADS_MAX = 6

Relaxation = tuple[Edge, ...]

# First and last event of each thread -> the name that the literature has for the family.
_FAMILIES = {
    "WR+WR": "SB", "WW+RR": "MP", "RW+RW": "LB", "WW+RW": "S", "WW+WR": "R", "WW+WW": "2+2W",
    "W+RW+RR": "WRC", "W+RR+WR": "RWC", "W+RW+RW": "WWC", "W+RR+WW": "WRR+2W", "W+RW+WW": "WRW+2W", "W+RW+WR": "WRW+WR",
    "WW+RW+RR": "ISA2", "WW+RR+WR": "W+RWC", "WW+RW+WR": "Z6.0", "WW+WW+RW": "Z6.1", "WW+RW+RW": "Z6.2", "WW+WW+RR": "Z6.3",
    "WW+WR+WR": "Z6.4", "WW+WW+WR": "Z6.5", "WR+WR+WR": "3.SB", "RW+RW+RW": "3.LB", "WW+WW+WW": "3.2W",
    "W+RR+W+RR": "IRIW", "W+RR+W+RW": "IRRWIW", "W+RW+W+RW": "IRWIW",
    "WR+WR+WR+WR": "4.SB", "RW+RW+RW+RW": "4.LB", "WW+WW+WW+WW": "4.2W",
}  # fmt: skip
_COHERENCE_FAMILIES = {"W+RR": "CoRR", "W+RW": "CoRW2", "WR+W": "CoWR"}
_ENDS_ORDER = ("W", "WW", "RR", "RW", "WR", "R")


@dataclass(frozen=True, slots=True)
class Cycle:
    """A cycle in its normal rotation. Make it with `close`; the first edge leaves the first event of thread 0."""

    edges: tuple[Edge, ...]

    @property
    def threads(self) -> tuple[tuple[Edge, ...], ...]:
        """The edges of each thread: the last one of each is the external edge that leaves it."""
        return _threads(self.edges)

    @property
    def one_location(self) -> bool:
        """Whether all events touch the same location."""
        return all(edge.same for edge in self.edges)

    @property
    def name(self) -> str:
        """The family, and what its threads do where that is more than plain program order: SB+mfence+po."""
        family = _family(self.threads, self.one_location)
        parts = [_thread_name(thread) for thread in self.threads if len(thread) > 1]
        lone = _lone_accesses(self.threads)
        if len(set(parts)) == 1:
            plain = parts[0] == "po" or parts == ["pos"]
            parts = [] if plain else parts if len(parts) == 1 else [parts[0] + "s"]
        return "+".join([family, *parts, *lone])

    def __str__(self) -> str:
        """As it is typed."""
        return " ".join(map(str, self.edges))


def close(edges: Sequence[Edge]) -> Cycle:
    """The cycle of these edges; raises `UserError` that says why they are none."""
    found = fault(edges)
    if found:
        raise UserError(f'"{" ".join(map(str, edges))}" is not a cycle: {found}')
    return _normal(_agreed(edges))


def fault(edges: Sequence[Edge]) -> str | None:
    """What keeps edges from being a cycle that can become a test."""
    for before, after in zip(edges, (*edges[1:], edges[0]), strict=True):
        if before.target != after.source:
            return f"{before} ends at a {_event(before.target)}, {after} begins at a {_event(after.source)}"
        if merge(before.second, after.first) is None:
            return f"{before} and {after} disagree on the access between them"
    return _threads_fault(edges) or _locations_fault(edges) or _locked_fault(edges) or _bytes_fault(_agreed(edges))


def cycles(relaxations: Sequence[Relaxation], size: int, threads: int, limit: int) -> list[Cycle]:
    """All cycles of at most `size` relaxations and `threads` threads, each once, by size and name.

    Edges that would melt into one are left out unless a group holds them together: two of program order, and Coe Coe, Rfe Fre,
    Fre Coe, which are Coe, Coe and Fre. More than `limit` cycles are `LimitReached`.
    """
    found: dict[Cycle, None] = {}
    for chosen in _necklaces(relaxations, size, threads):
        edges = tuple(edge for relaxation in chosen for edge in relaxation)
        if fault(edges) is None:
            found[_normal(_agreed(edges))] = None
            if len(found) > limit:
                raise LimitReached(f"more than {limit} cycles: take fewer edges, a smaller size or a higher --limit")
    return sorted(found, key=lambda cycle: (len(cycle.threads), len(cycle.edges), cycle.name, str(cycle)))


def _necklaces(relaxations: Sequence[Relaxation], size: int, threads: int) -> Iterator[list[Relaxation]]:
    """Closed chains; of the rotations of a chain only those that begin with the relaxation that comes first in the list."""

    def extend(chosen: list[int], external: int) -> Iterator[list[Relaxation]]:
        last = relaxations[chosen[-1]][-1]
        if external >= 2 and _may_follow(last, relaxations[chosen[0]][0]):
            yield [relaxations[number] for number in chosen]
        if len(chosen) == size:
            return
        for number in range(chosen[0], len(relaxations)):
            more = external + sum(edge.external for edge in relaxations[number])
            if more <= threads and _may_follow(last, relaxations[number][0]):
                yield from extend([*chosen, number], more)

    for number, relaxation in enumerate(relaxations):
        yield from extend([number], sum(edge.external for edge in relaxation))


def _may_follow(before: Edge, after: Edge) -> bool:
    if before.target != after.source or merge(before.second, after.first) is None:
        return False
    if before.program_order and after.program_order:
        return False
    return (before.kind, after.kind) not in (("co", "co"), ("rf", "fr"), ("fr", "co"))


def _event(direction: str) -> str:
    return "load" if direction == "R" else "store"


def _threads_fault(edges: Sequence[Edge]) -> str | None:
    external = sum(edge.external for edge in edges)
    if external < 2:
        return f"it has {external} of the edges Rfe, Fre and Coe, which lead to another thread, and needs two or more"
    if external > THREADS_MAX:
        return f"it has {external} threads; the most is {THREADS_MAX}"
    return None


def _locations_fault(edges: Sequence[Edge]) -> str | None:
    changes = [edge for edge in edges if not edge.same]
    if len(changes) == 1:
        return f"{changes[0]} leads to another location and no edge leads back: use two or more such edges, or none"
    if not changes and not any(edge.program_order for edge in edges):
        return "it needs an edge of program order, as PodWR or PosRR"
    return None


def _locked_fault(edges: Sequence[Edge]) -> str | None:
    """A locked instruction is two events that nothing comes between; one edge cannot hold two of them."""
    for before, after in zip(edges, (*edges[1:], edges[0]), strict=True):
        if before.kind == "rmw" and after.first.locked:
            return f"{before} and {after}: the store is already that of a locked instruction"
        if after.kind == "rmw" and before.kind == "rmw":
            return f"{before} and {after}: one instruction cannot begin inside another"
    return None


def _bytes_fault(edges: Sequence[Edge]) -> str | None:
    for edge in edges:
        if edge.kind in ("rf", "fr", "co") and not overlap(edge.first, edge.second):
            return f"the ends of {edge} touch no byte in common"
        if edge.kind == "rmw" and edge.first != edge.second:
            return f"both ends of {edge} are one instruction and touch the same bytes"
    return None


def _agreed(edges: Sequence[Edge]) -> tuple[Edge, ...]:
    """Both edges at an event say the same about it."""
    accesses = [merge(edges[number - 1].second, edge.first) for number, edge in enumerate(edges)]
    known = [access for access in accesses if access is not None]
    return tuple(
        replace(edge, first=first, second=second) for edge, first, second in zip(edges, known, (*known[1:], known[0]), strict=True)
    )


def _threads(edges: Sequence[Edge]) -> tuple[tuple[Edge, ...], ...]:
    ends = [-1, *(number for number, edge in enumerate(edges) if edge.external)]
    return tuple(tuple(edges[begin + 1 : end + 1]) for begin, end in pairwise(ends))


def _normal(edges: tuple[Edge, ...]) -> Cycle:
    """The rotation that the names of families are made for."""
    starts = (number + 1 for number, edge in enumerate(edges) if edge.external)
    return Cycle(min((edges[start:] + edges[:start] for start in starts), key=_rotation_key))


def _rotation_key(edges: tuple[Edge, ...]) -> tuple[object, ...]:
    threads = _threads(edges)
    return (
        [_ENDS_ORDER.index(_ends(thread)) for thread in threads],
        [(len(thread), _thread_name(thread)) for thread in threads],
        list(map(str, edges)),
    )


def _ends(thread: Sequence[Edge]) -> str:
    """Directions of the first and the last event of a thread."""
    return thread[0].source + thread[-1].source if len(thread) > 1 else thread[0].source


def _family(threads: Sequence[Sequence[Edge]], one_location: bool) -> str:
    signature = "+".join(_ends(thread) for thread in threads)
    if one_location and signature in _COHERENCE_FAMILIES:
        return _COHERENCE_FAMILIES[signature]
    return _FAMILIES.get(signature, signature)


def _thread_name(thread: Sequence[Edge]) -> str:
    """Its internal edges; a load or store between two edges of program order is named, as nothing else tells it."""
    parts = []
    for edge, after in pairwise(thread):
        target = edge.target if edge.program_order and after.program_order else ""
        parts.append(edge.name + target + edge.annotations.lower())
    return "-".join(parts)


def _lone_accesses(threads: Sequence[Sequence[Edge]]) -> list[str]:
    """The annotations of threads with a single event, if they have any."""
    lone = [str(thread[0].first) for thread in threads if len(thread) == 1]
    return ["".join(lone)] if any(access != "P" for access in lone) else []
