"""`emu diy`: litmus tests from cycles of edges, one or all of a kind."""

import json
from pathlib import Path
from typing import Annotated

import typer

from emu.cli import options, terminal, together
from emu.errors import UserError
from emu.whole import within

SCHEMA = "emu-diy/1"
SET_SCHEMA = "emu-diy-set/1"
ARCHITECTURES = ("X86", "X86_64")
EDGES_DEFAULT = "Pod**,Rfe,Fre,Coe,MFencedWR,[Rfi,PodRR]"
SIZE_MAX = 24

OF_SETS = ("--edges", "--size", "--threads", "--limit", "--output", "--overwrite")


@together.declare(
    together.Apart("CYCLE", ("--all",), "one cycle is printed, or a set is written"),
    together.Needs(OF_SETS, "--all", "one cycle is printed"),
    together.Needs(("--all",), "--output", "the tests go into a folder"),
    together.Together(
        (*OF_SETS, "--all", "--architecture", "--json"), "which cycles there are, and how and where their tests are written"
    ),
)
def diy(
    cycle: Annotated[str | None, typer.Argument(metavar="CYCLE", help="The edges of a cycle, in quotes.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All cycles of --edges, into the folder --output.")] = False,
    edges: Annotated[
        str | None,
        typer.Option(metavar="LIST", help=f"What cycles are made of; a star is R and W, a group one step ({EDGES_DEFAULT})."),
    ] = None,
    size: Annotated[str | None, typer.Option(metavar="N", help="Edges or groups of a cycle at most (default: 4).")] = None,
    threads: Annotated[str | None, typer.Option(metavar="N", help="Threads at most, 2 to 6 (default: 4).")] = None,
    limit: Annotated[str | None, typer.Option(metavar="N", help="Stop at more cycles than this (default: 10000).")] = None,
    output: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for the tests of --all.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace tests in DIR that have other content.")] = False,
    architecture: Annotated[str, typer.Option(metavar="NAME", help="X86 (Intel order) or X86_64 (AT&T order).")] = "X86_64",
    as_json: options.Json = False,
) -> None:
    """Make litmus tests from cycles of memory accesses, with the names and edges of diy of herdtools.

    \b
    Edges, from one event to the next around the cycle:
      Rfe Fre Coe    to another thread: a load reads this store; a store
                     comes after what this load read; a store comes after
                     this one (Wse is Coe)
      Rfi Fri Coi    the same within a thread
      PodWR PosWR    program order, store then load, to a different or the
                     same location
      MFencedWR      with a fence between (MFencedsWR: the same location);
                     LFenced and SFenced too
      Rmw            a load and the store of one xchg; Rmw.Xadd, Rmw.Cas and
                     Rmw.Inc are lock xadd, lock cmpxchg and lock inc

    Both ends can be annotated, as in PodWRAP or Rfib0P: P plain, A a store by xchg, b0 to b3, h0 and h2 a byte or two of the
    location's four (Ab0: both).

    \b
    Examples:
      emu diy "PodWR Fre PodWR Fre" > SB.litmus
      emu diy "MFencedWR Fre Rfi PodRR Fre" --architecture X86
      emu diy --all --edges "Pod**,Fre,Rfe,Coe,MFencedWR" --size 6 --output tests
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    if cycle is None and not every:
        raise UserError('wanted one cycle, as in emu diy "PodWR Fre PodWR Fre", or --all; see `emu diy --help`')
    if architecture not in ARCHITECTURES:
        raise UserError(f"architecture must be X86 or X86_64, not {architecture!r}")
    if cycle is not None:
        _one(cycle, architecture, as_json)
        return
    assert output is not None
    _all(
        EDGES_DEFAULT if edges is None else edges,
        (
            _within("size", "4" if size is None else size, 2, SIZE_MAX),
            _within("threads", "4" if threads is None else threads, 2, 6),
            _within("limit", "10000" if limit is None else limit, 1, 1_000_000),
        ),
        architecture,
        output,
        overwrite=overwrite,
        as_json=as_json,
    )


def _within(name: str, text: str, least: int, most: int) -> int:
    return within(name, options.whole(name, text), least, most)


def _one(text: str, architecture: str, as_json: bool) -> None:
    from emu.diy.cycle import close
    from emu.diy.edge import parse_edges
    from emu.diy.generate import render

    cycle = close(parse_edges(text))
    test = render(cycle, architecture)
    if as_json:
        found = {"schema": SCHEMA, "name": cycle.name, "cycle": str(cycle), "architecture": architecture, "text": test}
        terminal.show(json.dumps(found, indent=2))
    else:
        terminal.show(test)


def _all(edges: str, bounds: tuple[int, int, int], architecture: str, output: Path, *, overwrite: bool, as_json: bool) -> None:
    from emu.diy.cycle import cycles
    from emu.diy.edge import parse_relaxations
    from emu.diy.folder import check_folder, write_tests
    from emu.diy.generate import render_all

    check_folder(output)
    texts, refused = render_all(cycles(parse_relaxations(edges), *bounds), [architecture])
    if not texts:
        raise UserError(f"no cycle of at most {bounds[0]} of these edges closes: {edges}")
    written = write_tests(output, texts, overwrite)
    if as_json:
        found = {
            "schema": SET_SCHEMA,
            "edges": edges,
            **dict(zip(("size", "threads", "limit"), bounds, strict=True)),
            "architecture": architecture,
            "output": str(output),
            "tests": list(texts),
            "written": written,
            "left_out": [str(each) for each in refused],
        }
        terminal.show(json.dumps(found, indent=2))
        return
    terminal.show(f"{len(texts)} tests in {output}, {written} of them written now")
    if refused:
        terminal.show(f"left out: {len(refused)}; the first: {refused[0]}")
