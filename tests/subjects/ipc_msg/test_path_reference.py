"""The real kernels' figures as shipped: they add up, and every name of ours in them is there."""

import pytest

from emu.assembly.variants import get_variant, kernel_sources
from emu.subjects.ipc_msg.path.lengths import CALLS, SECTIONS
from emu.subjects.ipc_msg.path.reference import OTHER_OBJECTS, correspondence, reference_of
from emu.subjects.path.tally import Measure

VARIANTS = ("baseline", "wakeq")


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("measure", [Measure.INSTRUCTIONS, Measure.LOADS, Measure.STORES, Measure.LOCKED])
def test_functions_add_up_to_their_call(variant: str, measure: Measure):
    reference = reference_of(variant)
    assert reference is not None
    for context in (*CALLS, "idle", "irq_resched"):
        total = sum(function[measure] for function in reference.functions[context].values())
        assert total == pytest.approx(reference.rows[context][measure], rel=0.01, abs=0.5)


@pytest.mark.parametrize("variant", VARIANTS)
def test_objects_add_up_to_all_transfers(variant: str):
    reference = reference_of(variant)
    assert reference is not None
    assert sum(reference.objects.values()) == pytest.approx(sum(reference.transfers.values()), abs=0.3)
    assert set(reference.sections) == set(SECTIONS)


def test_the_patch_moves_transfers_out_of_the_hold():
    before, after = (reference_of(variant) for variant in VARIANTS)
    assert before is not None
    assert after is not None
    hold = [each.sections["msgsnd_handoff_hold"][Measure.TRANSFERS] for each in (before, after)]
    assert hold == [45.49, 9.01]


def test_other_variants_have_none():
    assert reference_of("baseline-rt") is None


def test_names_of_ours_exist():
    routines = set(kernel_sources(get_variant("wakeq")))
    same = correspondence()
    assert set(same.inlined) <= routines
    assert {caller for callers in same.inlined.values() for caller in callers} <= routines
    assert set(same.names) <= routines


def test_names_of_functions_are_used():
    """A renamed function of the real kernel is in its data, and no routine of ours is inlined and measured there at once."""
    same = correspondence()
    functions = {name for variant in VARIANTS for each in reference_of(variant).functions.values() for name in each}  # type: ignore[union-attr]
    assert {each.function for each in same.renamed} <= functions
    assert not {name for name, callers in same.inlined.items() if not callers} & functions
    assert all(each.reason for each in same.renamed)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("pmsg/0", "task_struct"),
        ("pmsg/11", "task_struct"),
        ("pmsg/0 stack", "kernel stack of the partner"),
        ("pmsg/0 thread_info", "thread_info of the partner"),
        ("swapper/3", "task_struct of the idle task"),
        ("swapper/3 thread_info", "thread_info of the idle task"),
        ("rq/2", "rq with its root cfs_rq"),
        ("group cfs_rq/2", "cfs_rq of the group"),
        ("kmalloc-64 node", "slab: messages and their pages"),
        ("page of slab 3", "slab: messages and their pages"),
        ("tk_core", OTHER_OBJECTS),
        ("", OTHER_OBJECTS),
    ],
)
def test_kinds_of_objects(name: str, kind: str):
    assert correspondence().kind_of_object(name) == kind
