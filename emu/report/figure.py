"""Pictures with matplotlib: one style, colours that colour-blind readers tell apart, and the same bytes for the same values."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from emu.errors import UserError
from emu.files import Output

# Okabe and Ito 2008: told apart with any of the common kinds of colour blindness.
BLUE, ORANGE, GREEN, GREY, LIGHT_GREY = "#0072B2", "#D55E00", "#009E73", "#555555", "#DDDDDD"
SUFFIXES = (".png", ".svg")
STYLE: dict[Any, Any] = {
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same on every host
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "hatch.linewidth": 0.8,
    "legend.frameon": False,
    "savefig.dpi": 150,
    "svg.hashsalt": "emu",  # ids of elements that do not change from run to run
    "svg.fonttype": "path",
}


@contextmanager
def style() -> Iterator[Any]:
    """A maker of Matplotlib's pyplot-free `Figure` objects, in our style while the block runs."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        matplotlib.rcdefaults()  # whatever the user's own settings are
        matplotlib.rcParams.update(STYLE)

        def new_figure(**options: Any) -> Figure:
            figure = Figure(**options)
            FigureCanvasAgg(figure)
            return figure

        yield new_figure


def plot_file(path: Path, *, overwrite: bool = False) -> Output:
    """The file of a plot; refuses before the first run what could not be written after the last."""
    if path.suffix.lower() not in SUFFIXES:
        raise UserError(f"a plot is a {' or '.join(SUFFIXES)} file by its name, not {path.name!r}")
    return Output(path, "plot", overwrite=overwrite)


def save(figure: Any, file: Output) -> None:
    """Write a figure by the suffix of the file's name, without date and version."""
    kind = file.path.suffix.lower().removeprefix(".")
    out = BytesIO()
    figure.savefig(out, format=kind, metadata={"Date": None, "Creator": None} if kind == "svg" else {"Software": None})
    file.write(out.getvalue())
