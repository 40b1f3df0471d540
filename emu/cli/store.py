"""`emu store`: what a folder of results holds, and its results as a table for other programs."""

import json
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from emu.cli import options, terminal, together
from emu.errors import CheckFailed, UserError
from emu.files import Output
from emu.runner.kind import Keeping, Kind
from emu.runner.store import Store

app = typer.Typer(
    help="Results that --store has kept: what there is, and tables of it.", no_args_is_help=True, add_completion=False
)
LIST_SCHEMA = "emu-store-list/1"
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder that --store was given.")]


@app.command(name="list", cls=together.Command)
def show(folder: Folder, as_json: options.Json = False) -> None:
    """How many results of which kind a store holds, by which emu, and what of it is damaged.

    Exit code 1: an entry is damaged. It can be deleted, and the next command that wants it makes it anew.
    """
    from emu.report.store_report import Shelf, render_shelves, shelves_of

    store = Store.existing(folder)
    shelves, damaged = shelves_of(store, _kept())
    if as_json:
        plain = [Shelf.to_dict(each) for each in shelves]
        lost = [{"path": str(each.path), "why": each.why} for each in damaged]
        terminal.show(json.dumps({"schema": LIST_SCHEMA, "store": str(folder), "shelves": plain, "damaged": lost}, indent=2))
    else:
        terminal.show_page(partial(render_shelves, shelves))
    for each in damaged:
        terminal.complain(each)
    if damaged:
        raise CheckFailed(f"store {folder}: {len(damaged)} damaged; delete them: what is missing is made anew when it is wanted")


def _kept() -> dict[str, Keeping[Any]]:
    """Every kind whose answers are kept, by its name."""
    from emu.calibrate.steps import BENCHMARK
    from emu.compare.kernel_runs import REGION
    from emu.litmus.suite import TESTS
    from emu.run.explore_run import SCENARIO
    from emu.run.run_kind import RUN
    from emu.stress.rounds import ROUNDS

    kinds: tuple[Kind[Any, Any], ...] = (RUN, REGION, SCENARIO, ROUNDS, TESTS, BENCHMARK)
    return {each.name: each.keeping for each in kinds if each.keeping is not None}


@app.command(cls=together.Command)
@together.declare(
    together.Together(("--out", "--kind", "--all", "--overwrite"), "each is one figure of the table, or where it goes")
)
def export(
    folder: Folder,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="A .csv file, or .parquet, for which pyarrow is needed.")
    ],
    kind: Annotated[str, typer.Option(metavar="KIND", help="Of which kind (`emu store list`).")] = "run",
    every: Annotated[bool, typer.Option("--all", help="Those of any emu, not of this one alone.")] = False,
    overwrite: options.Overwrite = False,
) -> None:
    """Results as a table: a row each, a column a figure, `question.` and `answer.` in front of its name.

    \b
    Examples:
      emu store export results -o results.csv
      emu store export results -o results.parquet     then, in Python: pandas.read_parquet("results.parquet")
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    from emu.export.table import WRITERS, rows_of

    if out.suffix not in WRITERS:
        raise UserError(f"--out must end in {' or '.join(WRITERS)}, not {out.name!r}")
    write = WRITERS[out.suffix]()
    store = Store.existing(folder)
    rows = rows_of(store, kind, every=every)
    if not rows:
        raise UserError(
            f"store {folder}: no result of the kind {kind!r}{'' if every else ' by this emu'}; `emu store list {folder}` lists them"
        )
    file = Output(out, "table", overwrite=overwrite)
    file.write(write(rows))
    terminal.complain(f"{len(rows)} results in {out}")
