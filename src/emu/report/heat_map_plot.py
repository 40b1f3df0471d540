"""The latency between each two cores as a picture."""

from pathlib import Path

from emu.calibrate.suite import HeatMap
from emu.errors import UserError

FORMATS = (".png", ".svg")


def check_format(path: Path) -> None:
    """Refuse a file that cannot be, before anything is measured."""
    if path.suffix not in FORMATS:
        raise UserError(f"plot: the file must end in {' or '.join(FORMATS)}, not {path.name!r}")
    if not path.parent.is_dir():
        raise UserError(f"plot: {path.parent} is no folder")


def write_heat_map(path: Path, heat_map: HeatMap, machine: str, clock_hz: int) -> None:
    """Draw one way of a compare-and-swap ping-pong in ns; `OSError` if the file cannot be written."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    cores = sorted({core for pair in heat_map for core in pair})
    nanoseconds = [
        [heat_map[min(a, b), max(a, b)] * 1e9 / clock_hz if a != b else float("nan") for b in cores] for a in cores
    ]  # fmt: skip
    shown, axes = pyplot.subplots(figsize=(1.2 * len(cores) + 2.4, 1.2 * len(cores) + 1.2), layout="constrained")
    picture = axes.imshow(nanoseconds, cmap="viridis_r", vmin=0)
    axes.set(title=f"{machine}: compare-and-swap between cores", xlabel="core", ylabel="core", xticks=range(len(cores)))
    axes.set(yticks=range(len(cores)), xticklabels=cores, yticklabels=cores)
    for row, line in enumerate(nanoseconds):
        for column, value in enumerate(line):
            if row != column:
                axes.text(column, row, f"{value:.0f}", ha="center", va="center", color="white", backgroundcolor="#00000055")
    shown.colorbar(picture, label="one way, ns")
    temporary = path.resolve().with_name(f".{path.name}.part{path.suffix}")
    try:
        shown.savefig(temporary, dpi=120)
        temporary.replace(path.resolve())
    finally:
        pyplot.close(shown)
        temporary.unlink(missing_ok=True)
