"""What the page says in words and tables: what the runs come to, what moved between them, who holds what, and which lines."""

from collections.abc import Iterator, Mapping, Sequence

from rich.markup import escape

from emu.compare.comparison import Step
from emu.html.counts import Counts, LockSum
from emu.html.sides import Side
from emu.report.compare_words import changed, moved
from emu.report.grid import Grid, grid
from emu.report.page import count, number, percent
from emu.report.states import STATE_NAMES, states_grid

SECTIONS_MAX = 12  # beside each other


def sentences(sides: Sequence[Side]) -> Iterator[str]:
    """In short: for a reader who has a minute."""
    if len(sides) == 1:
        yield from _one(sides[0])
        return
    a, b = sides
    rates = [None if side.told is None else side.told.rate for side in sides]
    if rates[0] is not None and rates[1] is not None:
        share = f" ({100 * (rates[1] / rates[0] - 1):+.1f} %)" if rates[0] else ""
        verb = "delivers" if b.item == "message" else "does"
        yield f"{b.name} {verb} {number(round(rates[1]))} {b.item}s a second, {a.name} {number(round(rates[0]))}{share}."
    counts = a.counts, b.counts
    if counts[0] is None or counts[1] is None:
        return
    steps = waterfall(sides)
    if steps:
        cost = changed(sum(step.a for step in steps), sum(step.b for step in steps))
        most = max(steps, key=lambda step: abs(step.difference))
        yield (
            f"With {b.name} {_unit(sides)} takes {cost}, all cores together; what changed most is "
            f"{STATE_NAMES.get(most.name, most.name)}: {changed(most.a, most.b)}."
        )
    lock = counts[0].most_waited_for
    if lock is not None:
        yield _of_lock(lock, a, b, *(each.locks.get(lock, LockSum()) for each in counts if each is not None))


def _unit(sides: Sequence[Side]) -> str:
    return one_of(sides) if all(side.items for side in sides) else "the run"


def one_of(sides: Sequence[Side]) -> str:
    """What the cycles are divided by, in words."""
    return "an item" if sides[0].item == "item" else "a message"


def _of_lock(lock: str, a: Side, b: Side, of_a: LockSum, of_b: LockSum) -> str:
    """The section under the lock that was waited for most: its length, its wait, and what left it."""
    said = f"A hold of {lock} takes {changed(of_a.hold_cycles_mean, of_b.hold_cycles_mean)}, a contended wait for it "
    said += f"{changed(of_a.wait_cycles_mean, of_b.wait_cycles_mean)}."
    if not (of_a.wakeups or of_b.wakeups):
        return said
    total_a, total_b = (side.counts.wakeups if side.counts is not None else 0 for side in (a, b))
    return (
        f"{said} Under it {a.name} makes {of_a.wakeups:,} of {total_a:,} wakeups, {b.name} {of_b.wakeups:,} of {total_b:,}: "
        f"the wakeup {moved(of_a.wakeups, of_b.wakeups)} the section, and {_lines_a_hold(of_a)} lines fetched in a hold "
        f"became {_lines_a_hold(of_b)}."
    )


def _lines_a_hold(lock: LockSum) -> str:
    return f"{lock.transfers / lock.acquisitions:.1f}" if lock.acquisitions else "0"


def _one(side: Side) -> Iterator[str]:
    counts = side.counts
    if side.told is not None and side.told.rate is not None:
        yield f"{number(round(side.told.rate))} {side.item}s a second."
    if counts is None:
        return
    most, spent = max(counts.states.items(), key=lambda state: state[1])
    yield (
        f"{counts.cycles:,} cycles on {count(len(counts.cores), 'core')}; most of them went to {STATE_NAMES[most]}: "
        f"{percent(spent, sum(counts.states.values()))}."
    )
    name = counts.most_waited_for
    if name is None:
        return
    lock, whole = counts.locks[name], counts.cycles * len(counts.cores)
    yield (
        f"{name} cost most waiting: {lock.wait_cycles:,} cycles, {percent(lock.wait_cycles, whole)} of all cores'; a hold takes "
        f"{number(round(lock.hold_cycles_mean))} cycles and fetches {_lines_a_hold(lock)} lines, a contended wait "
        f"{number(round(lock.wait_cycles_mean))}."
    )


def waterfall(sides: Sequence[Side]) -> list[Step]:
    """Cycles a message of all cores by state; of runs without messages, cycles of all cores."""
    return _steps(sides, [_states(side) for side in sides])


def _states(side: Side) -> Mapping[str, int]:
    if side.told is not None:
        return side.told.states
    return side.counts.states if side.counts is not None else {}


def causes(sides: Sequence[Side]) -> list[Step]:
    """The same by cause, which only results have."""
    counted = [{} if side.told is None else side.told.causes for side in sides]
    return _steps(sides, counted) if all(counted) else []


def _steps(sides: Sequence[Side], counted: Sequence[Mapping[str, int]]) -> list[Step]:
    per = [side.items for side in sides] if all(side.items for side in sides) else [1] * len(sides)
    a, b = ({name: cycles / each for name, cycles in of.items()} for of, each in zip(counted, per, strict=True))
    return [Step(name, a.get(name, 0.0), b.get(name, 0.0)) for name in dict.fromkeys([*a, *b]) if a.get(name) or b.get(name)]


def sections_beside(sides: Sequence[Side]) -> Iterator[Grid]:
    """What is done under each lock by which routine, on both sides: the sections that differ most in length first."""
    (name_a, of_a), (name_b, of_b) = ((side.name, _by_routine(side.counts)) for side in sides)
    if not (of_a and of_b):
        return
    none = LockSum()
    pairs = [(key, of_a.get(key, none), of_b.get(key, none)) for key in dict.fromkeys([*of_a, *of_b])]
    heads = [
        f"{what}|{name}" for what in ("holds", "mean hold", "lines fetched in one", "wakeups in all") for name in (name_a, name_b)
    ]
    table = grid("lock, taken in", *heads, title="Under the locks")
    ranked = sorted(pairs, key=lambda pair: -abs(pair[2].hold_cycles - pair[1].hold_cycles))
    table.caption = f"{len(ranked) - SECTIONS_MAX} more below, run by run" if len(ranked) > SECTIONS_MAX else ""
    for (lock, routine), a, b in ranked[:SECTIONS_MAX]:
        cells = [
            cell
            for both in ([f"{each.acquisitions:,}" for each in (a, b)], [number(round(each.hold_cycles_mean)) for each in (a, b)],
                         [_lines_a_hold(each) for each in (a, b)], [f"{each.wakeups:,}" for each in (a, b)])
            for cell in both
        ]  # fmt: skip
        table.add_row(escape(f"{lock}: {routine}"), *cells)
    yield table


def _by_routine(counts: Counts | None) -> dict[tuple[str, str], LockSum]:
    """Sections by class and routine: places within a routine differ from build to build."""
    found: dict[tuple[str, str], LockSum] = {}
    for (name, place), sums in (counts.sections if counts is not None else {}).items():
        whole = found.setdefault((name, place.partition("+")[0]), LockSum())
        whole.acquisitions += sums.acquisitions
        whole.hold_cycles += sums.hold_cycles
        whole.transfers += sums.transfers
        whole.wakeups += sums.wakeups
    return found


def counted_tables(counts: Counts) -> Iterator[Grid]:
    """What a trace comes to."""
    yield states_grid([{name: core.get(name, 0) for name in counts.states} for core in counts.cores], counts.cycles)
    yield _locks("Locks", "lock", list(counts.locks.items()))
    yield _sections(counts)


def _sections(counts: Counts) -> Grid:
    """What is done under each lock, by the place that takes it; the longest in all first."""
    ranked = sorted(counts.sections.items(), key=lambda each: -each[1].hold_cycles)
    rows = [(f"{name}: {place}", sums) for (name, place), sums in ranked]
    return _locks("Sections: where each lock was taken, and what its holder did", "lock and place", rows)


def _locks(title: str, heading: str, rows: Sequence[tuple[str, LockSum]]) -> Grid:
    table = grid(
        heading, "acquired|in all", "acquired|contended", "wait|mean", "wait|max", "hold|mean", "hold|max",
        "in a hold|lines fetched", "in a hold|cycles for them", "in a hold|wakeups", title=title,
    )  # fmt: skip
    for name, use in rows:
        times = max(use.acquisitions, 1)
        table.add_row(
            escape(name),
            f"{use.acquisitions:,}",
            f"{use.contended:,}",
            number(round(use.wait_cycles_mean)) if use.contended else "-",
            f"{use.wait_cycles_max:,}" if use.contended else "-",
            number(round(use.hold_cycles_mean)),
            f"{use.hold_cycles_max:,}",
            f"{use.transfers / times:.1f}",
            number(round(use.transfer_cycles / times)),
            f"{use.wakeups:,}",
        )
    return table
