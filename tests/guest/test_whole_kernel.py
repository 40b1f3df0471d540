"""Both variants with all of their routines on plainly stepped cores: an oracle for the engine, and the end state's invariants."""

import random
from collections import Counter
from functools import cache

import pytest

from bench.guest.plain_machine import PlainCore, PlainMachine
from emu.assembly import assemble_variant
from emu.description import load_machine
from emu.errors import CheckFailed
from emu.guest.build import NO_RESCHEDULE_DUE
from emu.guest.processor import processor_of
from emu.guest.slab import KINDS
from emu.image import Image
from emu.subjects.ipc_msg.build import Guest, build_guest
from emu.subjects.ipc_msg.workload.pmsg_shared import plan_pmsg_shared

A10 = processor_of(load_machine("a10-7800"))
VARIANTS = ("baseline", "wakeq")
STEPS_MAX = 600_000
RESCHEDULE, TIMER = 0xFD, 0xEF
TASK_DEAD = 0x40


@cache
def image_of(variant: str) -> Image:
    """A variant, assembled once."""
    return assemble_variant(variant)


def machine_of(variant: str, **workload: object) -> tuple[Guest, PlainMachine]:
    """A guest and the plain machine that will run it."""
    image = image_of(variant)
    guest = build_guest(image, plan_pmsg_shared(**workload), A10)  # type: ignore[arg-type]
    machine = PlainMachine(guest.ram, guest.cr3, guest.start_primary, guest.start_secondary, guest.workload.cores)
    machine.translate = guest.kernel.pages.translate
    machine.names = lambda pc: "{}+{:#x}".format(*(image.symbol_at(pc) or ("?", pc)))
    return guest, machine


def events(variant: str, machine: PlainMachine) -> Counter[str]:
    """How often each annotated instruction was executed."""
    counts: Counter[str] = Counter()
    for mark in image_of(variant).marks:
        counts[mark.name] += machine.retired_at[mark.address]
    return counts


def free_objects(guest: Guest) -> int:
    """Free objects of all caches, on the cores' own lists and on the slabs'."""
    kernel = guest.kernel
    areas = [kernel.record("percpu", at - kernel.offset("percpu", "current")) for at in guest.current_at]
    lists = [area[f"kmalloc_{kind.object_bytes}.freelist"] for area in areas for kind in KINDS]
    lists += [kernel.record("page", each.physical)["freelist"] for each in guest.objects if each.struct == "page"]
    seen: set[int] = set()
    for first in lists:
        while first:
            assert first % 8 == 0 and first not in seen, "an object is free twice"
            seen.add(first)
            first = kernel.ram.get(kernel.pages.translate(first) or 0)
    return len(seen)


def check_at_rest(guest: Guest) -> None:
    """What holds when all tasks have left and all cores are idle."""
    kernel = guest.kernel
    guest.check_finished()
    for lock in guest.locks:
        assert kernel.ram.get(lock.physical, 4) == 0, lock
    for each in guest.objects:
        if each.struct == "rq":
            rq = kernel.record("rq", each.physical)
            assert (rq["nr_running"], rq["cfs.nr_running"], rq["cfs.h_nr_running"], rq["cfs.load_weight"]) == (0, 0, 0, 0)
            assert (rq["cfs.tasks_timeline"], rq["cfs.curr"], rq["curr"]) == (0, 0, rq["idle"])
            assert rq["cfs_tasks_next"] == rq.address("cfs_tasks_next")
        if each.struct == "cfs_rq":
            queue = kernel.record("cfs_rq", each.physical)
            assert (queue["nr_running"], queue["load_weight"], queue["tasks_timeline"], queue["curr"]) == (0, 0, 0, 0)
    for at in guest.current_at:
        area = kernel.record("percpu", at - kernel.offset("percpu", "current"))
        assert (area["preempt_count"], area["irq_count"]) == (NO_RESCHEDULE_DUE, 2**32 - 1)
    for task in guest.tasks:
        record = kernel.record("task_struct", task.task_struct)
        assert (record["state"], record["on_rq"], record["on_cpu"], record["usage"]) == (TASK_DEAD, 0, 0, 1)
        assert record["wake_q_next"] == 0


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(
    ("cores", "threads", "placement"),
    [(1, 2, "same-core"), (2, 8, "same-module"), (4, 4, "cross-module"), (3, 4, "unpinned"), (4, 4, "same-core")],
)
def test_all_messages_pass_and_everything_comes_to_rest(variant: str, cores: int, threads: int, placement: str) -> None:
    guest, machine = machine_of(variant, cores=cores, threads=threads, messages=24, placement=placement)
    free_before = free_objects(guest)
    assert machine.run(STEPS_MAX) < STEPS_MAX
    check_at_rest(guest)
    assert free_objects(guest) == free_before
    counts = events(variant, machine)
    assert counts["delivered"] == counts["handed_over"] + counts["enqueued"] == 24
    assert counts["task_exit"] == threads and counts["boot_done"] == 1
    assert counts["wakeup_to_idle"] + counts["wakeup_to_running"] == counts["wakeup"]
    assert counts["unsupported"] == counts["payload_mismatch"] == counts["unexpected_error"] == 0


@pytest.mark.parametrize("placement", ["cross-module", "unpinned"])
@pytest.mark.parametrize("variant", VARIANTS)
def test_any_order_of_cores_and_interrupts_at_any_instruction_are_harmless(variant: str, placement: str) -> None:
    guest, machine = machine_of(variant, cores=3, threads=6, messages=18, placement=placement)
    random_number = random.Random(variant + placement)

    def disturb(core: PlainCore, pc: int) -> None:
        if random_number.random() < 0.001:
            core.pending.add(random_number.choice((RESCHEDULE, TIMER)))

    machine.on_instruction = disturb
    dead = [task.task_struct for task in guest.tasks]
    machine.run_in_random_order(
        STEPS_MAX, random_number, until=lambda: all(guest.kernel.ram.get(each) == TASK_DEAD for each in dead)
    )
    machine.on_instruction = None
    machine.run(STEPS_MAX)
    check_at_rest(guest)
    counts = events(variant, machine)
    assert counts["delivered"] == 18 and machine.retired_at[guest.kernel.symbol("apic_timer_interrupt")] > 5


def test_a_run_that_is_cut_short_is_not_taken_for_a_finished_one() -> None:
    guest, machine = machine_of("wakeq", cores=2, threads=2, messages=10)
    with pytest.raises(CheckFailed, match="should have sent 5 messages, not 0"):
        guest.check_finished()
    machine.run(STEPS_MAX)
    guest.check_finished()
    guest.ipc.queues[0]["q_qnum"] = 1
    with pytest.raises(CheckFailed, match="queue should be empty at the end, but q_qnum is 1"):
        guest.check_finished()
