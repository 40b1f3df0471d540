"""What a comparison comes to, in three sentences: what left the section under the lock, what that did to it, and who gained."""

from emu.compare.comparison import HOLD, WAIT, Comparison, Row
from emu.report.page import count, number
from emu.subjects.ipc_msg import QUEUE_LOCK


def conclusions(comparison: Comparison) -> tuple[str, str, str]:
    """The three; the first two are of the row with the most threads."""
    most = max(comparison.rows, key=lambda row: row.threads)
    return _section(comparison, most), _hold_and_wait(comparison, most), _gain(comparison)


def _section(comparison: Comparison, row: Row) -> str:
    """Where the wakeups are made: what moves when a patch takes them out of the section."""
    (name_a, name_b), at = comparison.variants, count(row.threads, comparison.unit)
    under_a, under_b = round(row.a.wakeups_under_queue_lock), round(row.b.wakeups_under_queue_lock)
    if under_a or under_b:
        of_a, of_b = (f"{number(under)} of {number(round(side.wakeups))}" for under, side in ((under_a, row.a), (under_b, row.b)))
        what = (
            f"under {QUEUE_LOCK} {name_a} makes {of_a} wakeups, {name_b} {of_b}: the wakeup {moved(under_a, under_b)} the section"
        )
    else:
        what = f"neither makes a wakeup under {QUEUE_LOCK}"
    return f"At {at}, {what} (all that is in it, instruction by instruction: emu path {name_a}, emu path {name_b})."


def moved(under_a: float, under_b: float) -> str:
    """What wakeups do to the section in which A makes so many, and B so many."""
    return "left" if under_b < under_a else "came into" if under_b > under_a else "stayed in"


def _hold_and_wait(comparison: Comparison, row: Row) -> str:
    name_a, name_b = comparison.variants
    hold = _change(row, HOLD)
    if not (row.a.contended_share or row.b.contended_share):
        return f"With {name_b} a hold takes {hold}; nobody had to wait for the lock."
    share_a, share_b = (f"{100 * side.contended_share:.1f} %" for side in (row.a, row.b))
    shares = f"{share_a} of the acquisitions had to wait with {name_a}, {share_b} with {name_b}"
    return f"With {name_b} a hold takes {hold}, a contended wait {_change(row, WAIT)}; {shares}."


def _change(row: Row, name: str) -> str:
    return changed(row.a.mean(name), row.b.mean(name))


def changed(a: float, b: float) -> str:
    """Cycles of B beside those of A."""
    share = f" ({100 * (b / a - 1):+.0f} %)" if a and b else ""
    return f"{number(round(b))} cycles in place of {number(round(a))}{share}"


def _gain(comparison: Comparison) -> str:
    """The rate of each row, and whether the seeds tell it apart from no difference."""
    name_a, name_b = comparison.variants
    gains: dict[str, list[str]] = {name_b: [], name_a: [], "nobody": []}
    for row in comparison.rows:
        change, at = f"{row.difference_percent:+.1f} %", count(row.threads, comparison.unit)
        interval = row.difference.interval
        chance = interval is not None and interval[0] <= 0 <= interval[1]
        gains["nobody" if chance else name_b if row.difference_percent > 0 else name_a].append(f"{change} at {at}")
    who = [f"{name} gains ({', '.join(rows)})" for name, rows in gains.items() if rows]
    hint = ", as its interval has 0 in it" if gains["nobody"] else ", of one seed each" if len(comparison.seeds) == 1 else ""
    return f"In messages a second {name_b} against {name_a}: {'; '.join(who)}{hint}."
