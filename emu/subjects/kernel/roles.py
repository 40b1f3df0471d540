"""What the code at an address is to the accounts: which state its cycles go to, whether it takes locks, which event it begins.

Sections say it, and names where no section does (`roles.toml`). An address belongs to the last symbol before it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from emu.boot.full.lock_routine import LockRoutine
from emu.elf.kernel_file import KERNEL_HALF
from emu.elf.symbols import SymbolTable
from emu.files import read_toml
from emu.subjects.kernel.lock_routines import ENTRANCE, lock_routine
from emu.tables import Key, check
from emu.trace.record import State

TABLE = Path(__file__).with_name("roles.toml")
TOP_KEYS = {"code": Key(list), "section": Key(list), "locks": Key(dict), "events": Key(dict)}
CODE_KEYS = {"source": Key(str), "state": Key(str), "names": Key(list), "lock_code": Key(bool, optional=True)}
SECTION_KEYS = {"begin": Key(str), "end": Key(str), "state": Key(str), "lock_code": Key(bool, optional=True)}
LOCKS_KEYS = {"names": Key(list), "spins": Key(list)}


@dataclass(frozen=True, slots=True)
class Role:
    """What an instruction is to the accounts."""

    state: State
    lock_code: bool = False  # of a spin lock or rwlock: where a wait is spent, or who takes one for its caller


USER, KERNEL = Role(State.USER), Role(State.KERNEL)
_UNRECOGNISED = {
    "rt_spin_lock": (
        "PREEMPT_RT: spinlock_t and rwlock_t are rt_mutexes here (spinlock-rt, rwlock-rt), whose waiters sleep: cycles of their "
        "waits count as scheduler and idle"
    ),
    "__pv_queued_spin_lock_slowpath": (
        "paravirt spinlocks are built in: locks are recognised while the kernel uses its native ones, as it does where CPUID names "
        "no hypervisor; a wait that halts in __pv_queued_spin_lock_slowpath counts as idle"
    ),
}
_SLOW_PATHS = ("queued_spin_lock_slowpath", "native_queued_spin_lock_slowpath")


class Roles:
    """The roles of one kernel's code."""

    def __init__(self, symbols: SymbolTable | None) -> None:
        """`symbols` at the addresses at which the kernel runs; without them user and kernel alone are told apart."""
        table = _table()
        self._starts, self._roles = [KERNEL_HALF], [KERNEL]
        self.events: Mapping[int, str] = {}  # by the address of a function's first instruction
        self.lock_routines = dict[int, LockRoutine]()
        if symbols is None:
            return
        sections = [(symbols.address(each.begin), symbols.address(each.end), each.role) for each in table.sections]
        spans = [(begin, end, role) for begin, end, role in sections if begin is not None and end is not None]
        before = -1
        for address, name in symbols:
            if address < KERNEL_HALF:
                continue
            if (routine := lock_routine(name)) is not None:
                self.lock_routines[address] = routine
            role = table.by_name(name)
            if address != before:
                self._starts.append(address)
                self._roles.append(role or next((role for begin, end, role in spans if begin <= address < end), KERNEL))
            elif role is not None and self._roles[-1] == KERNEL:  # a second name of the same place says more
                self._roles[-1] = role
            before = address
        self.events = {address: event for event, names in table.events.items() for address in _entrances(symbols, names)}

    def role(self, address: int) -> Role:
        """Of the instruction at a virtual address."""
        return USER if address < KERNEL_HALF else self._roles[bisect_right(self._starts, address) - 1]


def unrecognised(symbols: SymbolTable | None) -> list[str]:
    """What of this kernel's locks and events is not seen, or only in part: a sentence each, for people."""
    if symbols is None:
        return [
            "no symbols: scheduler and handlers count as kernel, wakeups and context switches are not counted, locks are "
            "addresses; give the kernel's System.map with --symbols"
        ]
    found = [text for name, text in _UNRECOGNISED.items() if symbols.address(name) is not None]
    if not any(symbols.address(name) is not None for name in _SLOW_PATHS):
        found.append("no queued_spin_lock_slowpath: a kernel for one CPU or older than 4.2, whose spin locks are not recognised")
    for event, names in _table().events.items():
        if not _entrances(symbols, names):
            found.append(f"no symbol {names[0]}: {event.replace('_', ' ')} are not counted")
    return found


def is_lock_code(symbol: str) -> bool:
    """Whether a function's name says that it takes a spin lock, or releases it, for who calls it."""
    role = _table().by_name(symbol)
    return role is not None and role.lock_code


def base_name(symbol: str) -> str:
    """The function that a symbol belongs to, without what a compiler puts behind its name."""
    return symbol.partition(".")[0]


@dataclass(frozen=True, slots=True)
class _Section:
    begin: str
    end: str
    role: Role


@dataclass(frozen=True, slots=True)
class _Table:
    """roles.toml, checked."""

    exact: Mapping[str, Role]
    prefixes: Mapping[str, Role]
    sections: tuple[_Section, ...]
    events: Mapping[str, list[str]]
    prefix_tuple: tuple[str, ...]

    def by_name(self, symbol: str) -> Role | None:
        """What a name says of its code, None if nothing."""
        name = base_name(symbol)
        found = self.exact.get(name)
        if found is None and name.startswith(self.prefix_tuple):
            return next(role for prefix, role in self.prefixes.items() if name.startswith(prefix))
        return found


@cache
def _table() -> _Table:
    content = read_toml(TABLE, "roles")
    check(str(TABLE), content, TOP_KEYS)
    exact, prefixes = dict[str, Role](), dict[str, Role]()
    groups: list[tuple[Role, Iterable[str]]] = []
    check(f"{TABLE}: locks", content["locks"], LOCKS_KEYS)
    groups.append((Role(State.KERNEL, lock_code=True), content["locks"]["names"]))
    groups.append((Role(State.LOCK_WAIT, lock_code=True), content["locks"]["spins"]))
    for place, group in enumerate(content["code"], 1):
        check(f"{TABLE}: code {place}", group, CODE_KEYS)
        groups.append((Role(_state(group), group.get("lock_code", False)), group["names"]))
    for role, names in groups:
        for name in names:
            (prefixes if name.endswith("*") else exact).setdefault(name.removesuffix("*"), role)
    sections = list[_Section]()
    for place, section in enumerate(content["section"], 1):
        check(f"{TABLE}: section {place}", section, SECTION_KEYS)
        sections.append(_Section(section["begin"], section["end"], Role(_state(section), section.get("lock_code", False))))
    return _Table(exact, prefixes, tuple(sections), content["events"], tuple(prefixes))


def _state(table: Mapping[str, Any]) -> State:
    return State[table["state"].upper()]


def _entrances(symbols: SymbolTable, names: Iterable[str]) -> list[int]:
    """Where the first of these functions that is there begins: once, or once for each copy that the compiler made of it."""
    for name in names:
        if (whole := symbols.address(name)) is not None:
            return [whole]
        copies = [address for address, symbol in symbols if symbol.startswith(tuple(name + suffix for suffix in ENTRANCE))]
        if copies := [address for address in copies if address >= KERNEL_HALF]:
            return copies
    return []
