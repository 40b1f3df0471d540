"""Boot, system calls, interrupts and the user program, over a stand-in scheduler, on plainly stepped cores."""

import random
from collections import Counter

import pytest

from bench.guest.plain_machine import PlainCore, PlainMachine, Stopped
from bench.guest_coverage import watch
from emu.description import load_machine
from emu.guest.processor import processor_of
from emu.guest.tasks import STACK_BYTES
from emu.image import Image
from emu.subjects.ipc_msg.build import Guest, build_guest
from emu.subjects.ipc_msg.workload.pmsg_shared import plan_pmsg_shared

A10 = processor_of(load_machine("a10-7800"))
RESCHEDULE, TIMER = 0xFD, 0xEF
STEPS_MAX = 400_000
ENOSYS = 38


def machine_of(image: Image, **workload: object) -> tuple[Guest, PlainMachine]:
    """Build a guest and the plain machine that runs it."""
    guest = build_guest(image, plan_pmsg_shared(**workload), A10)  # type: ignore[arg-type]
    machine = PlainMachine(guest.ram, guest.cr3, guest.start_primary, guest.start_secondary, guest.workload.cores)
    for core in machine.cores:
        watch(core.uc, image)
    machine.translate = guest.kernel.pages.translate
    machine.names = lambda pc: "{}+{:#x}".format(*(image.symbol_at(pc) or ("?", pc)))
    return guest, machine


def executed(image: Image, machine: PlainMachine) -> Counter[str]:
    """Instructions executed by routine."""
    counts: Counter[str] = Counter()
    for pc, times in machine.retired_at.items():
        routine = image.routine_at(pc)
        counts[routine.name if routine else "?"] += times
    return counts


@pytest.mark.parametrize(("cores", "threads"), [(1, 2), (2, 2), (2, 8), (3, 4), (4, 4), (8, 2)])
def test_every_message_arrives_and_all_cores_end_idle(reduced_image: Image, cores: int, threads: int) -> None:
    guest, machine = machine_of(reduced_image, cores=cores, threads=threads, messages=5 * threads + 1)
    assert machine.run(STEPS_MAX) < STEPS_MAX
    guest.check_finished()
    assert all(core.halted for core in machine.cores)
    assert all(guest.task_index_of(guest.kernel.ram.get(at)) == -1 for at in guest.current_at)


def test_boot_leaves_each_core_with_its_own_descriptors(reduced_image: Image) -> None:
    guest, machine = machine_of(reduced_image, cores=4, messages=4)
    machine.run(STEPS_MAX)
    kernel = guest.kernel
    for core in machine.cores:
        area = kernel.ram.get(kernel.global_physical("__per_cpu_offset") + 8 * core.index)
        assert core["gs_base"] == area
        assert (core["cs"], core["ss"]) == (0x10, 0x18)
        assert core["gdtr"][1] == area + kernel.offset("percpu", "gdt")  # type: ignore[index]
        assert core["tr"][1] == area + kernel.offset("percpu", "tss")  # type: ignore[index]
        assert core["idtr"][1] == kernel.symbol("idt_table")  # type: ignore[index]
        assert core.msr(0xC0000082) == kernel.symbol("entry_SYSCALL_64")
        percpu = kernel.record("percpu", kernel.pages.translate(area) or 0)
        assert percpu["cpu_number"] == core.index
        assert percpu["irq_count"] == 2**32 - 1
    assert kernel.ram.get(kernel.global_physical("nr_cpus_online"), 4) == 4


def test_a_system_call_costs_what_it_does_in_linux(reduced_image: Image) -> None:
    messages = 200
    guest, machine = machine_of(reduced_image, cores=1, threads=2, messages=messages)
    machine.run(STEPS_MAX)
    guest.check_finished()
    counts = executed(reduced_image, machine)
    calls = machine.retired_at[reduced_image.symbols["entry_SYSCALL_64"]]
    assert calls == 2 * messages + 2  # and both exits
    assert counts["entry_SYSCALL_64"] == pytest.approx(42 * calls, rel=0.02)
    user = sum(counts[name] for name in ("take_token", "give_token", "msgsnd", "msgrcv", "syscall_ret"))
    assert 2 * 38 <= user / messages <= 2 * 47  # 91 to 94 a message in the measured program, with its loop


def test_a_reschedule_interrupt_costs_what_it_does_in_linux(reduced_image: Image) -> None:
    guest, machine = machine_of(reduced_image, cores=2, messages=200)
    machine.run(STEPS_MAX)
    guest.check_finished()
    counts = executed(reduced_image, machine)
    interrupts = machine.retired_at[reduced_image.symbols["reschedule_interrupt"]]
    assert interrupts > 150
    assert counts["reschedule_interrupt"] == 26 * interrupts
    assert counts["ret_from_intr"] >= 5 * interrupts
    path = ("reschedule_interrupt", "smp_reschedule_interrupt", "scheduler_ipi", "native_apic_mem_write", "ret_from_intr",
            "restore_regs_and_iret", "restore_c_regs_and_iret")  # fmt: skip
    assert sum(counts[name] for name in path) / interrupts == pytest.approx(84, rel=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_interrupts_anywhere_change_nothing(reduced_image: Image, seed: int) -> None:
    """Timer and reschedule interrupts at random instructions of ring 0 and ring 3: registers and stacks survive."""
    guest, machine = machine_of(reduced_image, cores=2, threads=6, messages=60, seed=seed)
    random_number = random.Random(seed)
    rings: Counter[int] = Counter()

    def disturb(core: PlainCore, pc: int) -> None:
        if random_number.random() < 0.004:
            core.pending.add(random_number.choice((RESCHEDULE, TIMER)))
            rings[core["cs"] & 3] += 1

    machine.on_instruction = disturb
    machine.run(STEPS_MAX, until=lambda: guest_done(guest))
    guest.check_finished()
    counts = executed(reduced_image, machine)
    assert rings[0] > 30 and rings[3] > 30
    assert counts["exit_to_usermode_loop"] > 0 and counts["apic_timer_interrupt"] > 0


def guest_done(guest: Guest) -> bool:
    """Whether every user task has left."""
    kernel = guest.kernel
    return all(kernel.record("task_struct", task.task_struct)["state"] == 0x40 for task in guest.tasks)


def test_kernel_stacks_are_empty_in_user_mode(reduced_image: Image) -> None:
    guest, machine = machine_of(reduced_image, cores=1, threads=2, messages=10)
    tops = []

    def look(core: PlainCore, pc: int) -> None:
        if pc == reduced_image.symbols["entry_SYSCALL_64"]:
            area = guest.current_at[0] - guest.kernel.offset("percpu", "current")
            percpu = guest.kernel.record("percpu", area)
            index = guest.task_index_of(percpu["current"])
            tops.append(percpu["kernel_stack"] - guest.kernel.record("task_struct", 0).virtual)
            assert tops[-1] == guest.tasks[index].stack + STACK_BYTES

    machine.on_instruction = look
    machine.run(STEPS_MAX)
    assert len(tops) == 22


def test_a_wrong_payload_stops_the_user_program(reduced_image: Image) -> None:
    guest, machine = machine_of(reduced_image, cores=1, threads=2, messages=10)
    guest.kernel.record("user_page", guest.tasks[1].page)["task.sequence_expected"] = 2
    with pytest.raises(Stopped, match="ud2 at take_token"):
        machine.run(STEPS_MAX)


def test_an_unknown_system_call_returns_enosys(reduced_image: Image) -> None:
    guest, machine = machine_of(reduced_image, cores=1, threads=2, messages=10)

    def ask_for_another(core: PlainCore, pc: int) -> None:
        if pc == reduced_image.symbols["entry_SYSCALL_64"]:
            core["rax"] = 300

    machine.on_instruction = ask_for_another
    with pytest.raises(Stopped, match=r"ud2 at (give|take)_token"):
        machine.run(STEPS_MAX)
    assert ENOSYS in [guest.kernel.record("user_page", task.page)["tls.errno_value"] for task in guest.tasks]


def test_same_inputs_build_the_same_bytes(reduced_image: Image) -> None:
    first, second = (build_guest(reduced_image, plan_pmsg_shared(cores=4, seed=7), A10) for _ in range(2))
    assert (first.ram == second.ram).all()
    assert first.objects == second.objects and first.locks == second.locks


def test_objects_are_disjoint_and_locks_lie_on_lines_of_their_own(reduced_image: Image) -> None:
    guest, _ = machine_of(reduced_image, cores=8, threads=16, messages=8)
    for one, other in zip(guest.objects, guest.objects[1:], strict=False):
        assert one.physical + one.size <= other.physical, (one, other)
    assert len({lock.physical >> 6 for lock in guest.locks}) == len(guest.locks)
    assert {lock.name for lock in guest.locks} >= {"pi_lock", "rq.lock"}
    for lock in guest.locks:
        assert guest.object_at(lock.physical) == lock.owner
    assert guest.object_at(guest.objects[-1].physical + guest.objects[-1].size) is None
