"""A wired machine: what the bus is told of the guest."""

from emu.memory.records import LARGE_PAGE_SHIFT
from emu.run.experiment import prepare, run
from emu.run.experiment_spec import Experiment


def test_the_tlbs_know_which_pages_are_small() -> None:
    """User memory is mapped by pages of 4 KiB, the kernel's by large ones."""
    setup = prepare(Experiment(messages=2, threads=2))
    spread = setup.bus.arrays["frame_shift"]
    for task in setup.guest.tasks:
        assert spread[task.page >> 12] == 0
        assert spread[task.task_struct >> 12] == LARGE_PAGE_SHIFT


def test_a_guest_runs_on_cores_that_share_no_last_level_cache() -> None:
    """Eight cores in two CCX, the pairs of tasks across them: each wakeup goes by the other core's wake list."""
    result = run(Experiment(machine="zen2-8c", threads=8, messages=24))
    assert (result.outcomes["delivered"], result.wakeups.to_idle) == (24, result.wakeups.total)
