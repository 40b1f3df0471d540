"""`emu report`: a run, or two beside each other, as one page of HTML."""

from pathlib import Path
from typing import Annotated

import typer

from emu.cli import options, terminal, together
from emu.files import Output


@together.declare(together.Together(("--html", "--overwrite"), "the page may take the place of another file"))
def report(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...",
            help="Traces (--trace), results (--json of run or boot --from), or both of each; of two runs to compare.",
        ),
    ],
    html: Annotated[Path, typer.Option("--html", metavar="FILE", help="Write the page there.")],
    overwrite: options.Overwrite = False,
) -> None:
    """Write a run as one page of HTML that needs nothing else: what it comes to, its timelines, its tables.

    A trace is what is drawn and counted; a result adds what no trace has: rates, causes, the report. The two of one run are found
    by their digest. Two runs stand beside each other, message by message (docs/page.md).

    \b
    Examples:
      emu run --variant baseline --threads 8 --messages 200 --trace before.trace --json > before.json
      emu run --variant wakeq --threads 8 --messages 200 --trace after.trace --json > after.json
      emu report before.* after.* --html page.html
      emu report a.trace a.json b.trace b.json --html page.html     two kernels: emu boot --from MARK --per N --trace ... --json
    """  # noqa: D301 (\b keeps the lines of a paragraph apart)
    output = Output(html, "page", overwrite=overwrite)
    from emu.html.sides import read_sides
    from emu.html.write import page_of

    with terminal.progress_bar("report", "records") as bar:
        sides = read_sides(runs, bar)
    output.write(page_of(sides))
