"""Which state the code of a kernel is accounted to: by section, by name, by the half of the address space."""

import tomllib
from pathlib import Path

import pytest

from bench.elf.made_files import BOOT
from emu.elf.symbols import SymbolTable, from_names, read_system_map
from emu.subjects.kernel.roles import TABLE, Role, Roles, unrecognised
from emu.trace.record import State

TEXT = 0xFFFFFFFF81000000
MAPS = sorted(BOOT.glob("System.map-*"))
SECTIONS = {section["begin"]: section for section in tomllib.loads(TABLE.read_text())["section"]}
# One symbol each 0x100 bytes from TEXT on, and the role of the code behind it.
LAYOUT = {
    "_text": Role(State.KERNEL),
    "do_msgsnd": Role(State.KERNEL),
    "__x64_sys_sched_yield": Role(State.KERNEL),
    "try_to_wake_up.part.0": Role(State.SCHEDULER),
    "enqueue_task_fair": Role(State.SCHEDULER),
    "try_to_wake_up.cold": Role(State.SCHEDULER),
    "raw_spin_rq_lock_nested": Role(State.SCHEDULER, lock_code=True),
    "lock_timer_base": Role(State.KERNEL, lock_code=True),
    "refcount_dec_and_lock": Role(State.KERNEL),
    "schedule_work_on": Role(State.KERNEL),
    "do_syscall_64": Role(State.KERNEL),
    "sysvec_reschedule_ipi": Role(State.INTERRUPT),
    "queued_spin_lock_slowpath": Role(State.KERNEL, lock_code=True),
    "queued_write_lock_slowpath": Role(State.LOCK_WAIT, lock_code=True),
    "__sched_text_start": Role(State.SCHEDULER),
    "mutex_spin_on_owner.isra.0": Role(State.LOCK_WAIT),
    "mutex_lock": Role(State.SCHEDULER),
    "__sched_text_end": Role(State.KERNEL),
    "__lock_text_start": Role(State.KERNEL, lock_code=True),
    "_raw_spin_lock": Role(State.KERNEL, lock_code=True),
    "__lock_text_end": Role(State.KERNEL),
    "__entry_text_start": Role(State.INTERRUPT),
    "entry_SYSCALL_64_after_hwframe": Role(State.KERNEL),
    "asm_exc_page_fault": Role(State.INTERRUPT),
    "nested_nmi": Role(State.INTERRUPT),
    "__entry_text_end": Role(State.KERNEL),
    "__switch_to_asm": Role(State.SCHEDULER),
    "_end": Role(State.KERNEL),
}  # fmt: skip


def table(*names: str) -> SymbolTable:
    return from_names(
        [0x1000, *(TEXT + 0x100 * place for place in range(len(names)))], [b"runqueues", *(n.encode() for n in names)]
    )


@pytest.mark.parametrize("place", range(len(LAYOUT)), ids=list(LAYOUT))
def test_roles_by_section_and_name(place: int) -> None:
    roles, role = Roles(table(*LAYOUT)), list(LAYOUT.values())[place]
    assert roles.role(TEXT + 0x100 * place) == role
    assert roles.role(TEXT + 0x100 * place + 0xFF) == role


@pytest.mark.parametrize("symbols", [None, table(*LAYOUT)])
def test_what_no_symbol_covers_goes_by_the_half(symbols: SymbolTable | None) -> None:
    roles = Roles(symbols)
    for address in (0, 0x1000, 0x401000, 2**47 - 1):
        assert roles.role(address) == Role(State.USER)
    for address in (0xFFFF888000000000, TEXT - 1, 0xFFFFFFFFC0001000, 2**64 - 1):  # direct map, below the image, a module
        assert roles.role(address) == Role(State.KERNEL)


def test_a_second_name_of_a_place_says_more() -> None:
    symbols = from_names([TEXT, TEXT, TEXT + 16], [b"bound_of_something", b"ttwu_queue", b"_end"])
    assert Roles(symbols).role(TEXT + 4) == Role(State.SCHEDULER)


@pytest.mark.parametrize(
    ("names", "events"),
    [
        (["try_to_wake_up", "try_to_wake_up.cold", "__switch_to_asm", "__switch_to"], {0: "wakeups", 3: "context_switches"}),
        (["try_to_wake_up.isra.0", "try_to_wake_up.cold", "__switch_to_asm"], {0: "wakeups", 2: "context_switches"}),
        (["try_to_wake_up.constprop.0", "try_to_wake_up.constprop.1"], {0: "wakeups", 1: "wakeups"}),
        (["try_to_wake_up_q", "__pfx_try_to_wake_up"], {}),
    ],
)
def test_events_begin_where_a_function_does(names: list[str], events: dict[int, str]) -> None:
    assert Roles(table(*names)).events == {TEXT + 0x100 * place: event for place, event in events.items()}


WHOLE = ("try_to_wake_up", "__switch_to", "queued_spin_lock_slowpath")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (WHOLE, []),
        ((*WHOLE, "rt_spin_lock"), ["PREEMPT_RT"]),
        ((*WHOLE[:2], "native_queued_spin_lock_slowpath", "__pv_queued_spin_lock_slowpath"), ["paravirt spinlocks"]),
        (WHOLE[:2], ["no queued_spin_lock_slowpath"]),
        (WHOLE[1:], ["wakeups are not counted"]),
        ((WHOLE[0], WHOLE[2]), ["context switches are not counted"]),
    ],
)
def test_what_is_not_recognised_is_said(names: tuple[str, ...], words: list[str]) -> None:
    said = unrecognised(table(*names))
    assert len(said) == len(words)
    assert all(word in line for word, line in zip(words, said, strict=True))


def test_no_symbols_at_all_is_said() -> None:
    assert [line.split(":")[0] for line in unrecognised(None)] == ["no symbols"]
    assert Roles(None).events == {}


@pytest.mark.skipif(not MAPS, reason="no System.map beside the checkout")
@pytest.mark.parametrize("path", MAPS, ids=lambda path: path.name)
def test_a_whole_kernel(path: Path) -> None:
    symbols = read_system_map(path)
    roles = Roles(symbols)

    def states(*names: str) -> set[State]:
        return {roles.role(symbols.address(name) or 0).state for name in names}

    assert states("do_msgsnd", "do_syscall_64", "entry_SYSCALL_64", "syscall_return_via_sysret", "kmem_cache_alloc") == {
        State.KERNEL
    }
    assert states("try_to_wake_up", "schedule", "__schedule", "do_idle", "update_curr", "__switch_to", "select_task_rq_fair") == {
        State.SCHEDULER
    }
    assert states(
        "asm_sysvec_reschedule_ipi", "error_entry", "sysvec_apic_timer_interrupt", "__do_softirq", "irq_entries_start"
    ) == {State.INTERRUPT}
    assert roles.role(symbols.address("_raw_spin_lock") or 0).lock_code
    assert sorted(roles.events.values()) == ["context_switches", "wakeups"]
    assert unrecognised(symbols) == []
    assert all(symbols.address(name) is not None for section in SECTIONS.values() for name in (section["begin"], section["end"]))
