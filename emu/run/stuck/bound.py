"""A bound, or a check that fails at the end: nothing says that the guest never would have come to a right one."""

from emu.errors import CheckFailed
from emu.run.stuck.facts import BOUND, FAILED_CHECK, Stuck, sentence
from emu.run.stuck.view import View


def passed_bound(view: View, bound: str) -> Stuck:
    """The run was ended at a bound, which the words say."""
    cores = tuple(map(str, view.cores))
    return Stuck(
        kind=BOUND,
        summary=f"{bound}: {'; '.join(cores)}",
        words=(sentence(bound), *map(sentence, cores)),
        tasks=view.tasks,
        cores=view.cores,
    )


def failed_check(view: View, error: CheckFailed) -> Stuck:
    """The run came to its end, and what must hold there does not."""
    return Stuck(
        kind=FAILED_CHECK, summary=f"failed check: {error}", words=(sentence(str(error)),), tasks=view.tasks, cores=view.cores
    )
