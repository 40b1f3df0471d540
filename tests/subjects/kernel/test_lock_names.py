"""Lock words become classes with names: by symbol, by type and field, by who takes them; and nothing is lost on the way."""

import random
import struct
from collections.abc import Collection
from dataclasses import fields, replace

import pytest

from emu.boot.full.measured import Lengths, LockFigures, OwnerFigures, SiteFigures, TaskFigures
from emu.elf.members import Member
from emu.elf.symbols import SymbolTable, from_names
from emu.subjects.kernel.lock_names import LockUse, NamedLock, name_locks
from emu.subjects.kernel.places import Places
from emu.subjects.kernel.slab_layout import DIRECT_MAP, VMEMMAP

TEXT = 0xFFFFFFFF81000000
DATA = TEXT + 0x800000
SYMBOLS = {
    "do_msgsnd": TEXT, "do_msgrcv.constprop.0": TEXT + 0x1000, "futex_wake": TEXT + 0x2000, "futex_wait": TEXT + 0x3000,
    "do_semtimedop": TEXT + 0x4000, "tasklist_lock": DATA, "rcu_state": DATA + 0x800,
    "init_task": DATA + 0x1000, "slab_caches": DATA + 0x8000,
    "__per_cpu_offset": DATA + 0x9000, "_end": DATA + 0x100000,
    "__per_cpu_start": 0, "current_task": 0x100, "runqueues": 0x400, "timer_bases": 0x800, "__per_cpu_end": 0x1000,
}  # fmt: skip
PER_CPU = (DIRECT_MAP + 0x100000, DIRECT_MAP + 0x180000)
# Slab caches: object_size, size, red_left_pad, at physical pages.
CACHES = {
    "task_struct": (600, 640, 0, 0x40),
    "filp": (250, 256, 0, 0x48),
    "odd": (64, 128, 16, 0x50),
    "kmalloc-256": (256, 256, 0, 0x58),
}
MEMBERS = {
    ("page", "compound_head"): Member(8, 8), ("slab", "slab_cache"): Member(24, 8), ("kmem_cache", "list"): Member(0xA0, 16),
    ("kmem_cache", "name"): Member(16, 8), ("kmem_cache", "size"): Member(24, 4), ("kmem_cache", "object_size"): Member(28, 4),
    ("kmem_cache", "red_left_pad"): Member(32, 4),
}  # fmt: skip
LOCKS = {
    ("task_struct", 0x50, "raw_spinlock"): "pi_lock", ("file", 0x10, "spinlock"): "f_lock", ("rq", 0, "raw_spinlock"): "__lock",
    ("timer_base", 0, "raw_spinlock"): "lock", ("task_struct", 0x60, "mutex"): "guard", ("page", 40, "spinlock"): "ptl",
    ("rcu_state", 0x20, "raw_spinlock"): "gp_lock",
}  # fmt: skip
TASKS = {
    DATA + 0x1000: TaskFigures(DATA + 0x1000, "pmsg", 7, *[0] * 6),
    DATA + 0x9000: TaskFigures(DATA + 0x9000, "", None, *[0] * 6),
}
SIZES = {"page": 64, "task_struct": 600, "file": 240, "rq": 0x300, "timer_base": 0x100, "rcu_state": 0x200}


class Types:
    """The types of a kernel, as far as they are asked for."""

    def member(self, struct: str, name: str) -> Member | None:
        return MEMBERS.get((struct, name))

    def member_at(self, struct: str, offset: int, types: Collection[str]) -> str | None:
        return next((path for (of, at, kind), path in LOCKS.items() if (of, at) == (struct, offset) and kind in types), None)

    def size(self, struct: str) -> int | None:
        return SIZES.get(struct)

    def variable(self, name: str) -> str | None:
        return None


def table() -> SymbolTable:
    return from_names(list(SYMBOLS.values()), [name.encode() for name in SYMBOLS])


def memory() -> dict[int, int]:
    """Words of the kernel's memory: the CPUs' areas, the list of caches, a struct page each for two pages of each cache's slab."""
    words = {SYMBOLS["__per_cpu_offset"] + 8 * cpu: offset for cpu, offset in enumerate(PER_CPU)}
    at = SYMBOLS["slab_caches"]
    for place, (name, (object_size, size, pad, page)) in enumerate(CACHES.items()):
        cache = DIRECT_MAP + 0x10000 + 0x100 * place
        words[at] = at = cache + 0xA0
        text = name.encode().ljust(72, b"\0")
        words |= {cache + 0x40 + 8 * index: word for index, word in enumerate(struct.unpack("<9Q", text))}
        words |= {cache + 16: cache + 0x40, cache + 24: object_size << 32 | size, cache + 32: pad}
        head = VMEMMAP + 64 * page
        words |= {head + 8: 0, head + 24: cache, head + 64 + 8: head + 1, head + 64 + 24: 0}
    words[at] = SYMBOLS["slab_caches"]
    return words


def places(*, symbols: bool = True, types: bool = True, cpus: int = 2) -> Places:
    words = memory()

    def read(address: int, size: int) -> bytes | None:
        start = address & ~7
        found = [words.get(at) for at in range(start, address + size, 8)]
        return None if None in found else struct.pack(f"<{len(found)}Q", *found)[address - start :][:size]

    return Places(table() if symbols else None, Types() if types else None, read, cpus)


def site(address: int, acquisitions: int = 1, wait: int = 0, **more: int) -> SiteFigures:
    figures = dict.fromkeys((each.name for each in fields(SiteFigures)), 0)
    return SiteFigures(**figures | {"address": address, "acquisitions": acquisitions, "wait_cycles": wait} | more)


def lock(
    virtual: int,
    *sites: SiteFigures,
    kind: str = "spinlock",
    histogram: tuple[int, ...] = (),
    owners: tuple[OwnerFigures, ...] = (),
) -> LockFigures:
    return LockFigures((virtual - DIRECT_MAP) % 2**40, virtual, kind, sites or (site(TEXT),), histogram, histogram, owners)


def classes_of(locks: list[LockFigures], where: Places) -> list[NamedLock]:
    return name_locks(locks, where, TASKS)


def object_in(cache: str, index: int, offset: int) -> int:
    _, size, pad, page = CACHES[cache]
    return DIRECT_MAP + 0x1000 * page + size * index + pad + offset


@pytest.mark.parametrize(
    ("virtual", "kind", "name", "without_types"),
    [
        (DATA, "rwlock", "tasklist_lock", "tasklist_lock"),
        (DATA + 0x40, "spinlock", "tasklist_lock+0x40", "tasklist_lock+0x40"),
        (DATA + 0x820, "spinlock", "rcu_state.gp_lock", "rcu_state+0x20"),  # called as its structure is
        (DATA + 0xA20, "spinlock", "rcu_state+0x220", "rcu_state+0x220"),  # behind it
        (PER_CPU[0] + 0x400, "spinlock", "rq.__lock", "runqueues"),
        (PER_CPU[1] + 0x400, "spinlock", "rq.__lock", "runqueues"),
        (PER_CPU[1] + 0x900, "spinlock", "timer_base.lock", "timer_bases+0x100"),  # the second of an array
        (PER_CPU[1] + 0x1000, "spinlock", None, None),  # behind the static ones
        (DATA + 0x1050, "spinlock", "task_struct.pi_lock", "init_task+0x50"),
        (object_in("task_struct", 0, 0x50), "spinlock", "task_struct.pi_lock", None),
        (object_in("task_struct", 7, 0x50), "spinlock", "task_struct.pi_lock", None),  # in the second page of the slab
        (object_in("task_struct", 2, 0x60), "mutex", "task_struct.guard", None),
        (object_in("task_struct", 2, 0x60), "spinlock", "task_struct+0x60", None),  # no spinlock is there
        (object_in("task_struct", 2, 630), "spinlock", None, None),  # between objects
        (object_in("filp", 3, 0x10), "spinlock", "file.f_lock", None),
        (object_in("odd", 1, 0x8), "spinlock", "odd+0x8", None),
        (object_in("kmalloc-256", 1, 0x8), "spinlock", None, None),
        (VMEMMAP + 64 * 77 + 40, "spinlock", "page.ptl", "page+0x28"),
        (DIRECT_MAP + 0x900000, "spinlock", None, None),  # in no slab
        (0xFFFFC90000003E50, "spinlock", None, None),  # on a stack
        (0x7FFF0000, "spinlock", None, None),  # a user program's
    ],
)
def test_the_name_of_a_lock(virtual: int, kind: str, name: str | None, without_types: str | None) -> None:
    for types, wanted in ((True, name), (False, without_types)):
        (found,) = classes_of([lock(virtual, kind=kind)], places(types=types))
        assert (found.name, found.kind) == (wanted or "lock taken by do_msgsnd", kind)
    (found,) = classes_of([lock(virtual, kind=kind)], places(symbols=False))
    assert found.name == f"lock at {virtual:#x}"


def heap(index: int) -> int:
    return DIRECT_MAP + 0x900000 + 64 * index


SEND, RECEIVE, WAKE, WAIT = TEXT + 0x9C, TEXT + 0x1040, TEXT + 0x2010, TEXT + 0x3010


def test_words_taken_in_common_places_are_a_class() -> None:
    locks = [
        lock(heap(0), site(SEND, 5), site(RECEIVE, 4)),
        lock(heap(1), site(RECEIVE, 9)),
        lock(heap(2), site(WAKE, 2, wait=100)),
        lock(heap(3), site(WAIT, 1)),
        lock(heap(4), site(WAIT, 1), site(WAKE, 1)),  # joins the two above
        lock(heap(5), site(WAIT, 8), kind="mutex"),  # another kind is another class
        lock(heap(6)),
    ]
    named = classes_of(locks, places())
    assert [(each.name, each.kind, len(each.words)) for each in named] == [
        ("lock taken by futex_wake, futex_wait", "spinlock", 3),  # waited for
        ("lock taken by do_msgrcv, do_msgsnd", "spinlock", 2),  # the most frequent first
        ("lock taken by futex_wait", "mutex", 1),
        ("lock taken by do_msgsnd", "spinlock", 1),
    ]
    assert [each.site for each in named[1].sites] == ["do_msgrcv.constprop.0+0x40", "do_msgsnd+0x9c"]
    assert [each.use.acquisitions for each in named[1].sites] == [13, 5]


def test_two_classes_of_the_same_functions_keep_apart() -> None:
    named = classes_of([lock(heap(0), site(SEND, 3)), lock(heap(1), site(SEND + 8, 2)), lock(heap(2), site(SEND + 16))], places())
    assert [each.name for each in named] == ["lock taken by do_msgsnd"] + [f"lock taken by do_msgsnd ({n})" for n in (2, 3)]


def test_readers_and_writers_of_a_word_are_two_kinds_of_one_name() -> None:
    locks = [
        lock(heap(0), site(SEND, 3), kind="rwsem:R"),
        lock(heap(0), site(WAKE, 2), kind="rwsem:W"),
        lock(heap(1), site(SEND, 1), kind="rwsem:R"),
        lock(object_in("task_struct", 2, 0x60), kind="mutex"),
    ]
    assert [(each.name, each.kind, len(each.words)) for each in classes_of(locks, places())] == [
        ("lock taken by do_msgsnd, futex_wake", "rwsem:R", 2),
        ("lock taken by do_msgsnd, futex_wake", "rwsem:W", 1),
        ("task_struct.guard", "mutex", 1),
    ]


def test_owners_are_added_up_by_task_and_place() -> None:
    first, second = DATA + 0x1000, DATA + 0x9000
    locks = [
        lock(heap(0), owners=(OwnerFigures(first, SEND, 3), OwnerFigures(second, SEND, 5))),
        lock(heap(1), owners=(OwnerFigures(first, SEND, 4), OwnerFigures(DATA + 0x7000, WAKE, 5))),
    ]
    (found,) = classes_of(locks, places())
    assert [(each.task, each.pid, each.site, each.contended) for each in found.owners] == [
        ("pmsg", 7, "do_msgsnd+0x9c", 7),
        ("", None, "do_msgsnd+0x9c", 5),
        ("", None, "futex_wake+0x10", 5),  # a task that nobody knows any more
    ]


def test_a_class_is_called_by_three_functions_at_most() -> None:
    taken = [site(SYMBOLS[name], 1) for name in SYMBOLS if TEXT <= SYMBOLS[name] < DATA]
    (found,) = classes_of([lock(heap(0), *taken)], places())
    assert found.name == "lock taken by do_msgrcv, do_msgsnd, do_semtimedop"


def test_without_symbols_each_word_is_a_lock_of_its_own() -> None:
    named = classes_of([lock(heap(0)), lock(heap(1)), lock(heap(1), kind="mutex"), lock(heap(1))], places(symbols=False))
    assert sorted((each.name, each.kind) for each in named) == [
        (f"lock at {heap(0):#x}", "spinlock"),
        (f"lock at {heap(1):#x}", "mutex"),
        (f"lock at {heap(1):#x}", "spinlock"),
        (f"lock at {heap(1):#x} (2)", "spinlock"),
    ]


def test_a_lock_that_nobody_took_has_its_address() -> None:
    (found,) = classes_of([LockFigures(1, heap(0), "spinlock", (), (), (), ())], places())
    assert (found.name, found.use.acquisitions) == (f"lock at {heap(0):#x}", 0)


def test_single_waits_and_holds_of_all_words_are_together_by_place() -> None:
    both = [replace(lock(heap(n), kind="mutex"), lengths={TEXT: Lengths([n], [10, n])}) for n in range(2)]
    (found,) = classes_of(both, places())
    (lengths,) = found.lengths.values()
    assert (list(lengths.waits), list(lengths.holds)) == ([0, 1], [10, 0, 10, 1])
    assert found.lengths.keys() == {each.site for each in found.sites}


def test_histograms_add_up_whatever_their_lengths() -> None:
    (found,) = classes_of([lock(heap(0), histogram=(1, 2)), lock(heap(1), histogram=(3, 4, 5))], places())
    assert found.wait_histogram == found.hold_histogram == (4, 6, 5)


@pytest.mark.parametrize("how", [{}, {"types": False}, {"symbols": False}, {"symbols": False, "types": False}, {"cpus": 64}])
def test_sums_are_those_of_the_words(how: dict[str, bool]) -> None:
    chance = random.Random(14)
    grounds = [DATA, *PER_CPU, DIRECT_MAP + 0x40000, DIRECT_MAP + 0x900000, VMEMMAP, 0x1000]
    locks = [
        lock(
            chance.choice(grounds) + 8 * chance.randrange(0x800),
            *(
                SiteFigures(TEXT + 16 * chance.randrange(0x600), *(chance.randrange(1000) for _ in fields(SiteFigures)[1:]))
                for _ in range(chance.randrange(5))
            ),
            kind=chance.choice(["spinlock", "mutex", "rwlock:R", "rwlock:W", "unheard_of"]),
            histogram=tuple(chance.randrange(9) for _ in range(chance.randrange(6))),
        )
        for _ in range(300)
    ]
    named = classes_of(locks, places(**how))
    check_sums(named, locks)
    assert [each.use.wait_cycles for each in named] == sorted((each.use.wait_cycles for each in named), reverse=True)
    assert len({(each.name, each.kind) for each in named}) == len(named)


def least(values: list[int]) -> int:
    return min((each for each in values if each), default=0)


def check_sums(named: list[NamedLock], locks: list[LockFigures]) -> None:
    sites = [site for lock in locks for site in lock.sites]
    for each in fields(LockUse):
        combine = max if each.name.endswith("_max") else least if each.name.endswith("_min") else sum
        whole = combine([getattr(site, each.name) for site in sites])
        assert combine([getattr(lock.use, each.name) for lock in named]) == whole
        assert combine([getattr(site.use, each.name) for lock in named for site in lock.sites]) == whole
    assert sorted(word for lock in named for word in lock.words) == sorted(lock.physical for lock in locks)
    for histogram in ("wait_histogram", "hold_histogram"):
        assert sum(sum(getattr(lock, histogram)) for lock in named) == sum(sum(getattr(lock, histogram)) for lock in locks)
