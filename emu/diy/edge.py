"""Edges of a cycle of memory accesses, read from the names that diy of herdtools uses, and three of our own."""

import re
from dataclasses import dataclass, replace
from itertools import pairwise, product

from emu.errors import UserError

WORD = 4  # bytes of a location
_SIZES = {"b": 1, "h": 2, "w": 4}
_LOCKED = {"": "xchg", ".Xadd": "xadd", ".Cas": "cmpxchg", ".Inc": "inc"}
_FENCES = {"MFence": "mfence", "LFence": "lfence", "SFence": "sfence"}
_COMMUNICATION = {"Rf": "WR", "Fr": "RW", "Co": "WW", "Ws": "WW"}
_ANNOTATION = r"(?:P|A?[bhw]\d|A)"
_EDGE = re.compile(
    r"(?P<communication>Rf|Fr|Co|Ws)(?P<side>[ie])"
    r"|(?:(?P<fence>[MLS]Fence)d(?P<fenced_place>[sd]?)|Po(?P<place>[sd]))(?P<ends>[RW*]{2})"
    r"|Rmw(?P<instruction>\.[A-Z][a-z]+)?"
)
_ANNOTATED = re.compile(rf"(?P<edge>.+?)(?P<first>{_ANNOTATION})(?P<second>{_ANNOTATION})")
HELP = "an edge is Rfe, Fre, Coe, Rfi, Fri, Coi, PodWR, PosWR, MFencedWR, MFencedsWR, LFencedRR, SFencedWW, Rmw, Rmw.Xadd, \
Rmw.Cas or Rmw.Inc (see `emu diy --help`)"


@dataclass(frozen=True, slots=True)
class Access:
    """How an event touches its location: `locked` is a store done by xchg; the part from byte `offset` on of `size` bytes."""

    locked: bool = False
    size: int = WORD
    offset: int = 0

    def __str__(self) -> str:
        """As an annotation; P for an access without anything special."""
        part = "" if self.size == WORD else f"{'.bh'[self.size]}{self.offset}"
        return ("A" if self.locked else "") + part or "P"


PLAIN = Access()


@dataclass(frozen=True, slots=True)
class Edge:
    """From one event to the next of a cycle.

    `kind` is rf, fr, co, po, the name of a fence, or rmw (both ends are one locked instruction, `instruction`); `ends` are the
    directions of both events; `external` edges lead to another thread, `same` ones stay at the location.
    """

    text: str
    kind: str
    ends: str
    external: bool = False
    same: bool = True
    instruction: str = ""
    first: Access = PLAIN
    second: Access = PLAIN

    @property
    def source(self) -> str:
        """R or W: the event it comes from."""
        return self.ends[0]

    @property
    def target(self) -> str:
        """R or W: the event it leads to."""
        return self.ends[1]

    @property
    def program_order(self) -> bool:
        """Whether the ends are only ordered by their thread, with or without a fence."""
        return self.kind == "po" or self.kind in _FENCES.values()

    @property
    def name(self) -> str:
        """As a part of the name of a test, without annotations: po, pos, mfence, rfi, rmw."""
        if self.program_order:
            return self.kind + ("s" if self.same else "")
        return self.text.lower()

    @property
    def annotations(self) -> str:
        """Of both ends, nothing if there is none: AP for a locked store and then a plain access."""
        return "" if self.first == self.second == PLAIN else f"{self.first}{self.second}"

    def __str__(self) -> str:
        """As it is typed, in the canonical spelling."""
        return self.text + self.annotations


def parse_edges(text: str) -> tuple[Edge, ...]:
    """The edges of a cycle, with blanks between them; raises `UserError` for one that is none."""
    edges = tuple(_expand_one(word) for word in text.split())
    if not edges:
        raise UserError(f'wanted the edges of a cycle as in "PodWR Fre PodWR Fre", got {text!r}')
    return edges


def parse_relaxations(text: str) -> tuple[tuple[Edge, ...], ...]:
    """What cycles are made of: edges, a star for R and W, and groups as in [Rfi,PodRR] that stay together."""
    found: dict[tuple[Edge, ...], None] = {}
    for word in re.findall(r"\[[^\]]*\]|[^\s,\[\]]+", text):
        parts = [part for part in re.split(r"[\s,]+", word.strip("[]")) if part]
        for group in product(*(_expand(part) for part in parts)):
            if all(one.target == other.source for one, other in pairwise(group)):
                found[group] = None
    if not found:
        raise UserError(f'wanted edges as in "PodWR,PodRR,Fre,Rfe", got {text!r}')
    return tuple(found)


def _expand_one(word: str) -> Edge:
    edges = _expand(word)
    if len(edges) > 1:
        raise UserError(f"edge {word!r}: a cycle has one R or W in place of each star")
    return edges[0]


def _expand(word: str) -> list[Edge]:
    """The edge of that name; all of them if it has stars."""
    whole = _EDGE.fullmatch(word)
    annotated = None if whole else _ANNOTATED.fullmatch(word)
    match = whole or (_EDGE.fullmatch(annotated["edge"]) if annotated else None)
    if match is None:
        raise UserError(f"unknown edge {word!r}: {HELP}")
    if not match["ends"]:
        edges = [_communication(match, word)]
    else:
        directions = ("RW" if end == "*" else end for end in match["ends"])
        edges = [_program_order(match, source + target) for source, target in product(*directions)]
    if annotated is None:
        return edges
    return [_annotate(edge, annotated["first"], annotated["second"], word) for edge in edges]


def _communication(match: re.Match[str], word: str) -> Edge:
    kind, side = match["communication"], match["side"]
    if kind is not None:
        kind = kind.replace("Ws", "Co")
        return Edge(kind + side, kind.lower(), _COMMUNICATION[kind], external=side == "e")
    instruction = match["instruction"] or ""
    if instruction not in _LOCKED:
        raise UserError(f"unknown edge {word!r}: the locked instructions are Rmw (xchg), Rmw.Xadd, Rmw.Cas and Rmw.Inc")
    return Edge("Rmw" + instruction, "rmw", "RW", instruction=_LOCKED[instruction])


def _program_order(match: re.Match[str], ends: str) -> Edge:
    if match["fence"]:
        same = match["fenced_place"] == "s"
        return Edge(f"{match['fence']}d{'s' * same}{ends}", _FENCES[match["fence"]], ends, same=same)
    return Edge(f"Po{match['place']}{ends}", "po", ends, same=match["place"] == "s")


def _annotate(edge: Edge, first: str, second: str, word: str) -> Edge:
    accesses = []
    for text, direction in ((first, edge.source), (second, edge.target)):
        size = _SIZES[text[-2]] if text[-1].isdigit() else WORD
        offset = int(text[-1]) if text[-1].isdigit() else 0
        if offset % size or offset + size > WORD:
            raise UserError(f"edge {word!r}: {text!r} is no part of {WORD} bytes; parts are b0 to b3, h0, h2 and w0")
        if text[0] == "A" and (direction == "R" or edge.kind == "rmw"):
            raise UserError(f"edge {word!r}: A is a store by xchg: write Rmw for a locked instruction whose load counts")
        accesses.append(Access(text[0] == "A", size, offset))
    return replace(edge, first=accesses[0], second=accesses[1])


def overlap(one: Access, other: Access) -> bool:
    """Whether two accesses of a location have a byte in common."""
    return one.offset < other.offset + other.size and other.offset < one.offset + one.size


def merge(one: Access, other: Access) -> Access | None:
    """What an event is that one edge leads to and another comes from; None if they contradict each other."""
    if PLAIN in (one, other):
        return other if one == PLAIN else one
    if one.locked != other.locked and WORD in (one.size, other.size):
        part = other if one.size == WORD else one
        return Access(True, part.size, part.offset)
    return one if one == other else None
