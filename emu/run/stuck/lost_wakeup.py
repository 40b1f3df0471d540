"""Lost wakeup: what a task sleeps for has come, it is off every list, and nobody is left who would wake it."""

from emu.run.stuck.facts import LOST_WAKEUP, Stuck, listed, sentence
from emu.run.stuck.view import Standing, View


def find_lost_wakeup(view: View) -> Stuck | None:
    """Whether a task sleeps that only a wakeup could bring back, and whose wakeup will not come."""
    lost = [each for each in view.standings if each.asleep and each.waiting.answered]
    if not lost or any(_may_wake(each) for each in view.standings):
        return None
    names = listed([each.task.plan.name for each in lost])
    sleep, them = ("sleep", "them") if len(lost) > 1 else ("sleeps", "it")
    facts = view.facts(lost[0])
    spot = facts.calls[facts.own]
    return Stuck(
        kind=LOST_WAKEUP,
        summary=f"lost wakeup: {names} {sleep} in {spot.routine} ({spot.source}) for what has come, on no list, and nobody is "
        f"left to wake {them}",
        words=tuple(map(sentence, (*(_words(view, each) for each in lost), f"nobody is left in the kernel who would wake {them}"))),
        tasks=view.tasks,
        cores=view.cores,
    )


def _may_wake(each: Standing) -> bool:
    """Whether a task is on a way through the kernel on which it may yet wake another one."""
    return each.in_kernel and not each.asleep and not each.dead


def _words(view: View, each: Standing) -> str:
    facts = view.facts(each)
    spot = facts.calls[facts.own]
    has = f"r_msg is {facts.r_msg}" if facts.r_msg else "somebody has taken it off the list of those who wait for room"
    return (
        f"{facts.task} is {facts.state} at {spot.place}, {spot.source}, and waits for {facts.waits_for}: {has}, and it is on no "
        f"list, so no other sender or receiver will find it; {_wakeup(view, each)}"
    )


def _wakeup(view: View, each: Standing) -> str:
    if each.record["wake_q_next"]:
        return "wake_q_add has put it on a wake queue, and wake_up_q never came to it"
    return view.last_wakeup(each.task) or "nobody is seen to have woken it"
