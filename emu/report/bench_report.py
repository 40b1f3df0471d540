"""Locks on several numbers of cores as text: throughput, fairness, wait, hold, and what moves on the interconnect."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from emu.report.grid import Grid, grid
from emu.report.page import WIDTH, count, number, page
from emu.subjects.bench.result import PERCENTILES, BenchResult, Distribution


def render_bench(results: Sequence[BenchResult], *, width: int = WIDTH, colour: bool = False) -> str:
    """The page; every run in one row of each table."""
    return page(_parts(results), width=width, colour=colour)


def _parts(results: Sequence[BenchResult]) -> Iterator[RenderableType]:
    if not results:
        yield Text("no run was complete")
        return
    yield Text(_title(results[0]))
    yield Text()
    yield _heading("A round")
    yield _rates(results)
    yield Text(
        "fairness: fewest rounds of a core by the most; transfers and upgrades of lines, iterations of waiting loops a round"
    )
    yield Text()
    yield _heading("Wait: from the call of acquire to its return, in cycles")
    yield _times([(each, each.wait) for each in results])
    yield from _starved(results)
    yield _heading("Hold: from there to the return of release, in cycles")
    yield _times([(each, each.hold) for each in results])
    if any(each.word is not None for each in results):
        yield _heading("By the lock's word: wait from the first failed try, hold until the release is visible, in cycles")
        yield _words([each for each in results if each.word is not None])
    for each in results:
        if each.fault is not None:
            yield from _fault(each)
    instructions, host = sum(each.instructions for each in results), sum(each.host_seconds for each in results)
    yield Text(f"{count(instructions, 'instruction')} in {host:.1f} s on this host")


def _heading(words: str) -> RenderableType:
    return Text(words, style="bold")


def _title(first: BenchResult) -> str:
    plan = first.plan
    section = f"{count(plan.section.lines, 'line')} and {count(plan.section.work, 'iteration')}"
    shared = f", {plan.shared} % of the rounds shared" if plan.shared else ""
    figures = "".join(f", {key} = {value:,}" for key, value in plan.overrides)
    return (
        f"{first.machine}{figures}; {count(plan.rounds, 'round')} a core: think {plan.think:,} iterations, acquire, "
        f"a section of {section}, release{shared}; seed {plan.seed}"
    )


def _name(each: BenchResult) -> str:
    return f"{each.lock}{' (partial)' if each.partial else ''}"


def _rates(results: Sequence[BenchResult]) -> Grid:
    table = grid("lock", "cores", "rounds/s", "fairness", "transfers", "upgrades", "spins", keys=2)
    for each in results:
        rounds = max(each.rounds, 1)
        transfers = each.coherence["transfers_within_module"] + each.coherence["transfers_across_modules"]
        table.add_row(
            _name(each), f"{each.plan.cores}", number(round(each.rounds_per_second)), f"{each.fairness:.2f}",
            f"{transfers / rounds:.2f}", f"{each.coherence['upgrades'] / rounds:.2f}", f"{each.spin_iterations / rounds:.1f}",
        )  # fmt: skip
    return table


def _times(rows: Sequence[tuple[BenchResult, Distribution]]) -> Grid:
    table = grid("lock", "cores", "mean", *(f"p{share}" for share in PERCENTILES), "max", keys=2)
    for each, times in rows:
        percentiles = [number(value) for value in times.percentiles] or ["-"] * len(PERCENTILES)
        mean = number(round(times.cycles_mean)) if times.count else "-"
        table.add_row(_name(each), f"{each.plan.cores}", mean, *percentiles, number(times.cycles_max) if times.count else "-")
    return table


def _starved(results: Sequence[BenchResult]) -> Iterator[RenderableType]:
    """A core that waited longer than anybody who got in."""
    for each in results:
        longest = max(each.wait.unfinished, default=0)
        if longest > each.wait.cycles_max:
            yield Text(f"{_name(each)}, {count(each.plan.cores, 'core')}: a core had waited {longest:,} cycles when the run ended")
    yield Text()


def _words(results: Sequence[BenchResult]) -> Grid:
    table = grid("lock", "cores", "acquisitions", "contended", "wait", "hold", "hold max", keys=2)
    for each in results:
        word = each.word
        assert word is not None
        wait = number(round(word.wait_cycles / word.contended)) if word.contended else "-"
        hold = number(round(word.hold_cycles / word.acquisitions)) if word.acquisitions else "-"
        table.add_row(
            _name(each), f"{each.plan.cores}", number(word.acquisitions), number(word.contended), wait, hold,
            number(word.hold_cycles_max),
        )  # fmt: skip
    return table


def _fault(each: BenchResult) -> Iterator[RenderableType]:
    yield Text(f"WRONG: {each.fault}", style="bold")
    if each.lost_counts:
        yield Text(f"{count(each.lost_counts, 'increment')} of a counter in the section overwritten by another core")
    if each.schedule:
        yield Text("The last steps, in time order (cycle, core, what it did to the lock and where):")
        yield Text("\n".join(each.schedule))
    yield Text()
