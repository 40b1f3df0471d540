"""Two variants side by side, one row a number of threads: rates, difference, what the queue lock and the spin cost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.text import Text

from emu.guest.plans import SUMMARIES
from emu.report.page import WIDTH, count, number, page, table
from emu.run.result import LockUse, RunResult

SCHEMA = "emu-compare/1"
QUEUE_LOCK = "q_perm.lock"


@dataclass(frozen=True, slots=True)
class Side:
    """One variant at one number of threads: means over the seeds."""

    variant: str
    messages_per_second: float
    hold_cycles_mean: float
    hold_cycles_max: int
    wait_cycles_mean: float
    lock_spin_iterations: float
    contended_share: float
    message_spin_iterations: float
    message_spin_cycles: float
    wakeups_under_queue_lock: float

    @classmethod
    def of(cls, runs: Sequence[RunResult]) -> "Side":
        """From the runs of one variant, which differ in their seeds only."""
        locks = [run.locks.get(QUEUE_LOCK, LockUse()) for run in runs]
        return cls(
            variant=runs[0].variant,
            messages_per_second=fmean(run.messages_per_second for run in runs),
            hold_cycles_mean=fmean(lock.hold_cycles_mean for lock in locks),
            hold_cycles_max=max(lock.hold_cycles_max for lock in locks),
            wait_cycles_mean=fmean(lock.wait_cycles_mean for lock in locks),
            lock_spin_iterations=fmean(lock.spin_iterations for lock in locks),
            contended_share=fmean(lock.contended / lock.acquisitions if lock.acquisitions else 0 for lock in locks),
            message_spin_iterations=fmean(run.message_spin.iterations for run in runs),
            message_spin_cycles=fmean(run.message_spin.cycles for run in runs),
            wakeups_under_queue_lock=fmean(run.wakeups.under_queue_lock for run in runs),
        )

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Row:
    """Both variants at one number of threads."""

    threads: int
    a: Side
    b: Side

    @property
    def difference_percent(self) -> float:
        """How much faster B is."""
        if not self.a.messages_per_second:
            return 0.0
        return 100 * (self.b.messages_per_second / self.a.messages_per_second - 1)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "threads": self.threads,
            "a": self.a.to_dict(),
            "b": self.b.to_dict(),
            "difference_percent": self.difference_percent,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All rows of one comparison. `partial`: it was stopped, the rows that are there are complete."""

    variants: tuple[str, str]
    machine: str
    workload: str
    cores: int
    placement: str
    messages: int
    seeds: tuple[int, ...]
    undisturbed: bool
    rows: tuple[Row, ...]
    partial: bool = False

    def to_dict(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "schema": SCHEMA,
            "variants": list(self.variants),
            "machine": self.machine,
            "workload": self.workload,
            "cores": self.cores,
            "placement": self.placement,
            "messages": self.messages,
            "seeds": list(self.seeds),
            "partial": self.partial,
            "rows": [row.to_dict() for row in self.rows],
        }


def render_comparison(comparison: Comparison, *, width: int = WIDTH, colour: bool = False) -> str:
    """The comparison as text."""
    return page(_parts(comparison), width=width, colour=colour)


def _parts(comparison: Comparison) -> Iterator[RenderableType]:
    name_a, name_b = (escape(name) for name in comparison.variants)
    if comparison.partial:
        yield Text.from_markup("[bold red]PARTIAL[/]  stopped early: the rows that were done")
    where = f"on {escape(comparison.machine)}, {count(comparison.cores, 'core')}, {comparison.placement}"
    yield Text.from_markup(f"[bold]{name_a} and {name_b}[/] {where}")
    seeds = f"seed {comparison.seeds[0]}" if len(comparison.seeds) == 1 else f"means over {len(comparison.seeds)} seeds"
    yield Text(
        f"workload {comparison.workload}, {SUMMARIES[comparison.workload]}; {count(comparison.messages, 'message')} a run, {seeds}"
    )
    yield ""
    rates = table("threads", f"{name_a} /s", f"{name_b} /s", "difference", title="Messages a second")
    for row in comparison.rows:
        rates.add_row(
            str(row.threads),
            number(round(row.a.messages_per_second)),
            number(round(row.b.messages_per_second)),
            f"{row.difference_percent:+.1f} %",
        )
    yield rates
    yield _lock_table(comparison, name_a, name_b)
    spins = any(side.message_spin_iterations for row in comparison.rows for side in (row.a, row.b))
    if comparison.undisturbed and not spins:
        yield Text("No message spin on either side: undisturbed, it is near zero. To see it: --stall handoff_window:20000:10")


def _lock_table(comparison: Comparison, name_a: str, name_b: str) -> RenderableType:
    grid = table(
        "\nthreads", "<", "hold\nmean", "\nmax", "\ncontended", "wait\nmean", "spin\niterations",
        "wakeups\nunder it", "message\nspins", "\ncycles",
        title=f"{QUEUE_LOCK} (cycles, iterations) and message spin",
    )  # fmt: skip
    for row in comparison.rows:
        for label, name, side in ((str(row.threads), name_a, row.a), ("", name_b, row.b)):
            grid.add_row(
                label,
                name,
                number(round(side.hold_cycles_mean)),
                number(side.hold_cycles_max),
                f"{100 * side.contended_share:.1f} %",
                number(round(side.wait_cycles_mean)),
                number(round(side.lock_spin_iterations)),
                number(round(side.wakeups_under_queue_lock)),
                number(round(side.message_spin_iterations)),
                number(round(side.message_spin_cycles)),
            )
    return grid
