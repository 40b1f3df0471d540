"""The latency between each two cores as a picture."""

from emu.calibrate.benchmark import HeatMap
from emu.files import Output
from emu.report.figure import save, style

INCHES_A_CORE = 1.2
INCHES_AROUND = 2.4, 1.2


def plot_heat_map(heat_map: HeatMap, machine: str, clock_hz: int, file: Output) -> None:
    """Draw one way of a compare-and-swap ping-pong in ns into a .png or .svg file."""
    cores = sorted({core for pair in heat_map for core in pair})
    nanoseconds = [
        [heat_map[min(a, b), max(a, b)] * 1e9 / clock_hz if a != b else float("nan") for b in cores] for a in cores
    ]  # fmt: skip
    with style() as new_figure:
        width, height = (INCHES_A_CORE * len(cores) + around for around in INCHES_AROUND)
        figure = new_figure(figsize=(width, height))
        axes = figure.subplots()
        picture = axes.imshow(nanoseconds, cmap="viridis_r", vmin=0)
        axes.set_title(f"{machine}: compare-and-swap between cores")
        axes.set_xticks(range(len(cores)), cores)
        axes.set_yticks(range(len(cores)), cores)
        axes.set(xlabel="core", ylabel="core")
        for row, line in enumerate(nanoseconds):
            for column, value in enumerate(line):
                if row != column:
                    axes.text(column, row, f"{value:.0f}", ha="center", va="center", color="white", backgroundcolor="#00000055")
        figure.colorbar(picture, label="one way, ns")
        save(figure, file)
