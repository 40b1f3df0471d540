"""Edges and cycles: how they are read, what is refused and why, names, normal rotation, and all cycles of a size."""

import re
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.diy.cycle import close, cycles, fault
from emu.diy.edge import PLAIN, Access, merge, parse_edges, parse_relaxations
from emu.errors import LimitReached, UserError

PUBLIC = Path(__file__).parents[3] / "shared" / "litmus"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("PodWR Fre PodWR Fre", "SB"),
        ("Fre PodWW Rfe PodRR", "MP"),
        ("PodRW Rfe PodRW Rfe", "LB"),
        ("PodWW Rfe PodRW Coe", "S"),
        ("PodWW Wse PodWR Fre", "R"),
        ("PodWW Coe PodWW Coe", "2+2W"),
        ("Rfe PodRW Rfe PodRR Fre", "WRC"),
        ("PodWR Fre Rfe PodRR Fre", "RWC"),
        ("Rfe PodRR Fre Rfe PodRR Fre", "IRIW"),
        ("Rfe PodRW Coe PodWR Fre", "WRW+WR"),
        ("PodWW Rfe PodRW Rfe PodRR Fre", "ISA2"),
        ("PodWW Coe PodWW Rfe PodRW Coe", "Z6.1"),
        ("PodWR Fre MFencedWR Fre", "SB+mfence+po"),
        ("MFencedWR Fre MFencedWR Fre", "SB+mfences"),
        ("Rfi PodRR Fre Rfi PodRR Fre", "SB+rfi-pos"),
        ("PodWW Rfe PodRW Rfi PodRR Fre", "MP+po+po-rfi-po"),
        ("PodWW Rfe PodRR PodRR Fre", "MP+po+poR-po"),
        ("PodWW Rfe PodRW PodWR Fre", "MP+po+poW-po"),
        ("PodWW Rfe Rmw PodWR Fre", "MP+po+rmw-po"),
        ("PodWW Rfe Rmw.Xadd PodWR Fre", "MP+po+rmw.xadd-po"),
        ("PosWR Fre PosWR Fre", "SB+poss"),
        ("Rfe PosRR Fre", "CoRR"),
        ("Rfe PodRR Fre PodWR Fre PodWR Fre", "W+RR+WR+WR"),
        ("FrePA PodWR FrePA PodWRAP", "SB+poaps"),
        ("RfeAP PodRR FrePA RfeAP PodRR Fre", "IRIW+AA"),
        ("RfeAP PodRR Fre Rfe PodRR FrePA", "IRIW+PA"),
        ("Rfib0P PodRR Fre Rfib0P PodRR Fre", "SB+rfib0p-pos"),
    ],
)
def test_names(text, name):
    assert close(parse_edges(text)).name == name


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="no public litmus tests in ../shared/litmus")
def test_names_are_those_of_diy():
    """Except for older spellings: numbers in place of directions, wsi for coi, names of families that are not of diy."""
    agree = differ = 0
    for path in sorted(PUBLIC.glob("*/*.litmus")):
        orig = re.search(r"^Orig=(.*)$", path.read_text(), re.MULTILINE)
        if orig is None or "Hat" in orig[1] or len(re.findall("Rfe|Fre|Wse|Coe", orig[1])) < 2:
            continue
        got = re.sub(r"(po|pos|mfence)[RW](?=-)", r"\1", close(parse_edges(orig[1])).name)
        wanted = re.sub(r"00\d$", "", path.stem).replace("wsi", "coi")
        if sorted(got.split("+")) == sorted(wanted.split("+")):
            agree += 1
        else:
            differ += 1
    assert (agree, differ) == (390, 11)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("PodWR Fre PodWW Fre", "PodWW ends at a store, Fre begins at a load"),
        ("PodWR Rfe", "PodWR ends at a load, Rfe begins at a store"),
        ("PodWR Fre", "it has 1 of the edges Rfe, Fre and Coe"),
        ("PodWR PodRW", "it has 0 of the edges"),
        ("PodWR Fre PosWR Fre", "PodWR leads to another location and no edge leads back"),
        ("Coe Coe", "it needs an edge of program order"),
        ("Rfe Fri Coe", "it needs an edge of program order"),
        (" ".join(["PodWR Fre"] * 7), "it has 7 threads; the most is 6"),
        ("FrePb0 PodWRb1P Fre PodWR", "FrePb0 and PodWRb1P disagree on the access between them"),
        ("FrePb0 PodWR Freb1P PodWRb0b0", "the ends of Freb1b0 touch no byte in common"),
        ("Rfeb0b1 PodRR Fre PodWW", "the ends of Rfeb0b1 touch no byte in common"),
        ("PodWW Rfe Rmwb0b1 PodWR Fre", "both ends of Rmwb0b1 are one instruction"),
        ("PodWW Rfe Rmw PodWRAP Fre", "the store is already that of a locked instruction"),
    ],
)
def test_what_is_no_cycle(text, message):
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        close(parse_edges(text))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "wanted the edges of a cycle"),
        ("PodXR Fre", "unknown edge 'PodXR'"),
        ("Pod*R Fre", "one R or W in place of each star"),
        ("Rmw.Sub", "the locked instructions are"),
        ("PodWRb4P", "'b4' is no part of 4 bytes"),
        ("PodWRh1P", "'h1' is no part of 4 bytes"),
        ("PodWRPA", "A is a store by xchg"),
        ("RmwPA", "A is a store by xchg"),
        ("fre", "unknown edge 'fre'"),
    ],
)
def test_what_is_no_edge(text, message):
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        close(parse_edges(text))
    assert "\n" not in str(caught.value)


def test_spellings():
    assert [str(edge) for edge in parse_edges("Wse Wsi MFenceddWR MFencedWR MFencedsWR PodWRPP FrePw0")] == [
        "Coe", "Coi", "MFencedWR", "MFencedWR", "MFencedsWR", "PodWR", "Fre",
    ]  # fmt: skip


def test_relaxations():
    found = [" ".join(map(str, group)) for group in parse_relaxations("Pod*W, Fre [Rfi,PodR*]")]
    assert found == ["PodRW", "PodWW", "Fre", "Rfi PodRR", "Rfi PodRW"]
    with pytest.raises(UserError, match="wanted edges"):
        parse_relaxations(" , ")


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (PLAIN, Access(True), Access(True)),
        (Access(True), Access(False, 1, 2), Access(True, 1, 2)),
        (Access(True, 1, 2), Access(False, 1, 2), None),
        (Access(False, 1, 2), Access(False, 1, 3), None),
    ],
)
def test_merge(one, other, both):
    assert merge(one, other) == merge(other, one) == both


ALL = [group[0] for group in parse_relaxations("Pos**,Pod**,Rfe,Fre,Coe,Rfi,Fri,Coi,MFenced**,Rmw,FrePb1")]


@given(st.lists(st.sampled_from(ALL), min_size=2, max_size=8), st.integers(0, 7))
def test_every_rotation_is_the_same_cycle(edges, by):
    by %= len(edges)
    rotated = edges[by:] + edges[:by]
    assert (fault(edges) is None) == (fault(rotated) is None)
    if fault(edges) is None:
        assert close(edges) == close(rotated)
        assert parse_edges(str(close(edges))) == close(edges).edges or "P" in str(close(edges))


def test_all_cycles_against_plain_enumeration():
    relaxations = parse_relaxations("Pod**,Rfe,Fre,Coe,MFencedWR")
    found = cycles(relaxations, 4, 4, 1000)
    names = [cycle.name for cycle in found]
    assert len(set(found)) == len(found) == len(set(names))
    singles = [group[0] for group in relaxations]
    plain = {
        close(edges)
        for size in (2, 3, 4)
        for edges in product(singles, repeat=size)
        if fault(edges) is None and not any(melts(*pair) for pair in zip(edges, (*edges[1:], edges[0]), strict=True))
    }
    assert set(found) == plain
    assert names == ["2+2W", "LB", "MP", "R", "R+po+mfence", "S", "SB", "SB+mfence+po", "SB+mfences"]


def melts(one, other) -> bool:
    pairs = {("co", "co"), ("rf", "fr"), ("fr", "co")}
    return (one.program_order and other.program_order) or (one.kind, other.kind) in pairs


def test_bounds_of_an_enumeration():
    relaxations = parse_relaxations("Pod**,Rfe,Fre,Coe")
    assert {len(cycle.threads) for cycle in cycles(relaxations, 6, 2, 1000)} == {2}
    assert max(len(cycle.threads) for cycle in cycles(relaxations, 6, 3, 1000)) == 3
    with pytest.raises(LimitReached, match="more than 3 cycles"):
        cycles(relaxations, 6, 3, 3)
