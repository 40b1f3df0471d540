"""Where every cycle of every core went, as a table: states of one core sum to the elapsed cycles."""

from collections.abc import Mapping, Sequence

from emu.report.grid import Grid, grid
from emu.report.page import bar, count, percent

STATE_NAMES = {
    "user": "user",
    "kernel": "kernel",
    "scheduler": "scheduler",
    "interrupt": "interrupt",
    "lock_wait": "lock wait",
    "message_spin": "message spin",
    "spin": "spin",
    "stall": "stall",
    "idle": "idle",
    "not_recorded": "not recorded",  # of a trace that was full before its run was over
}
CORES_AS_COLUMNS = 4


def states_grid(cores: Sequence[Mapping[str, int]], elapsed: int) -> Grid:
    """Each state's share of each core and of all; of many cores only the extremes."""
    each = len(cores) <= CORES_AS_COLUMNS
    columns = [f"+core {index}" for index in range(len(cores))] if each else ["least", "most"]
    table = grid("state", "cycles", "all cores", "=", *columns, title="Where every cycle of every core went")
    totals = {name: sum(core[name] for core in cores) for name in (cores[0] if cores else ())}
    whole = sum(totals.values())
    for name, cycles in totals.items():
        shares = [(core[name], sum(core.values())) for core in cores]
        if not each:
            shares = [min(shares, key=_ratio), max(shares, key=_ratio)]
        table.add_row(
            STATE_NAMES[name],
            f"{cycles:,}",
            percent(cycles, whole),
            bar(cycles / whole if whole else 0),
            *(percent(part, of) for part, of in shares),
        )
    table.caption = f"sum {whole:,} = {count(len(cores), 'core')} x {elapsed:,} cycles elapsed"
    return table


def _ratio(share: tuple[int, int]) -> float:
    return share[0] / share[1] if share[1] else 0.0
