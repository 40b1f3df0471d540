"""What is in the folder `generated`: which cycles, and which of the two dialects each is written in."""

from pathlib import Path

from emu.diy.cycle import Cycle, cycles
from emu.diy.edge import parse_relaxations
from emu.diy.generate import render_all

FOLDER = Path(__file__).parents[2] / "litmus" / "generated"

# Edges, relaxations of a cycle at most, threads at most.
SETS = (
    ("Pod**,Rfe,Fre,Coe,MFencedWR,[Rfi,PodRR]", 6, 3),
    ("Pod**,Rfe,Fre,Coe", 8, 4),
    ("PodWR,PodWW,Fre,Coe,MFencedWR,[Rfi,PodRR]", 8, 4),
    ("Pod**,Rfe,Fre,Coe,LFencedRR,LFencedWR,SFencedWW,SFencedWR,MFencedW*", 4, 2),
    ("PodWR,PodWW,PodRR,PodRW,Rfe,Fre,Coe,[Rfi,PodRR],[PodRR,Fri],[PodWW,Coi],[Coi,PodWR],[Fri,PodWR],[PosRR,PodRR]", 4, 2),
    ("Pod**,Rfe,Fre,Coe,[PodRW,PodWR],[PodWR,PodRR],[PodWW,PodWR],[PodRR,MFencedRR]", 4, 2),
    ("Pos**,Rfe,Fre,Coe", 6, 3),
    ("Pod**,Rfe,Fre,Coe,[Rmw,PodW*],[PodRR,Rmw],[PodWR,Rmw]", 4, 2),
    ("Pod**,Rfe,Fre,Coe,[Rmw.Xadd,PodW*],[Pod*R,Rmw.Cas],[PodWR,Rmw.Inc],[Rmw.Inc,PodWR]", 4, 2),
    ("Rfe,Fre,Coe,Rmw,Rmw.Xadd,PodWR,PodRR", 6, 3),
    ("PodWR,PodWW,PodRR,FrePA,CoePA,Rfe,RfeAP,Fre,PodWRAP,PodWWAP,PodWWPA", 4, 2),
    ("PodRR,PodWR,PodWW,Fre,FrePb1,[Rfib1P,PodRR],[Rfi,PodRR],[Rfih0P,PodRR],FrePh0,Rfeb0P,Rfe,Coe", 4, 2),
    ("PodRR,PodWRb0P,PodWR,FrePb0,Fre,Freb3P,Freb3h2,RfePb3,Rfe,PodWW,Coeb0P,CoePb0", 4, 2),
    ("[Rmwb0b0,PodWR],[PodWR,Rmw.Xaddh2h2],[Rmw.Casb0b0,PodWR],PodWW,PodWR,Rfe,Rfeh0P,FrePb0,Fre,CoePb0", 4, 2),
)
CYCLES_MAX = 1000


def chosen() -> list[Cycle]:
    """Every cycle of the sets, once."""
    found: dict[Cycle, None] = {}
    for edges, size, threads in SETS:
        found.update(dict.fromkeys(cycles(parse_relaxations(edges), size, threads, CYCLES_MAX)))
    return list(found)


def generated_texts() -> dict[str, str]:
    """Name and text of every test; the dialects take turns."""
    texts, _ = render_all(chosen(), ("X86_64", "X86"))
    return texts
