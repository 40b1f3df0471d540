"""Records for the instructions of a real kernel and its programs, made when they are first executed.

What the bytes alone say of an instruction (its length, its cost, what it does) is known once for all places, and kept on disk from
one run to the next; a record is that, with the state, the event and the part in a lock that its place has.
"""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from emu.boot.full.decode_cache import DecodeCache
from emu.boot.full.hot.records import PAGE, SP_CALL, SP_FLUSH, SP_IRET, SP_MSR, SP_ONCE, SP_PAUSE, SP_RDPMC, SP_TABLES
from emu.boot.full.lock_routine import LockRoutine
from emu.boot.full.machine import SWITCHES, SYSTEM_CALLS, WAKEUPS
from emu.boot.marks import M5OP, M5OP_BYTES
from emu.description.machine_file import Costs
from emu.engine import records as rec
from emu.engine.text import fill_row, of_register
from emu.errors import LimitReached, UserError
from emu.isa import Instruction, Memory, decode_one, sizes
from emu.isa.carried_out import USER
from emu.timing.costs import cost_of
from emu.timing.estimate import estimated_cost
from emu.timing.schedule import Timing, may_fuse, timing_by
from emu.trace.record import State

RECORDS_MAX = 1 << 19
SWEEP = 200  # instructions that are decoded together at most
LONGEST = 15
SYSCALL = b"\x0f\x05"
LOCK_REGISTER = of_register("rdi")  # a routine's first argument
# Whose value an event has: the task that is woken (try_to_wake_up), the one that is switched to (__switch_to), the call's number.
EVENT_REGISTERS = {WAKEUPS: of_register("rdi"), SWITCHES: of_register("rsi"), SYSTEM_CALLS: of_register("rax")}

ENDS = frozenset(("jmp", "ret", "retf", "retfq", "iretq", "sysret", "sysretq", "hlt", "ud2", "syscall"))
TABLE_READERS = frozenset(("lsl", "lar", "verr", "verw", "retf", "retfq", "lldt", "ltr", "lss", "lfs", "lgs"))
FLUSHES = frozenset(("invlpg", "invpcid", "lmsw"))
MSR_ACCESSES = frozenset(("rdmsr", "wrmsr"))
# Their accesses are not all among Capstone's operands, or they are not to memory; and all that tests/cpu does not know.
WAITS = frozenset(("in", "insb", "insw", "insd", "out", "outsb", "outsw", "outsd", "wbinvd", "clts", "lmsw", "invpcid"))
NATIVE = frozenset(("syscall", "rdtsc", "cpuid"))  # special to the engine, but hooks of their own do them for a real kernel


class Role(Protocol):
    """What the place of an instruction says of it."""

    @property
    def state(self) -> State:
        """Where its cycles go."""

    @property
    def lock_code(self) -> bool:
        """Whether it is of a lock's own routines."""


class Roles(Protocol):
    """Who knows the places of a kernel."""

    def role(self, address: int) -> Role:
        """Of the instruction at a virtual address (unsigned)."""

    @property
    def events(self) -> Mapping[int, str]:
        """Instructions whose execution is an event."""

    @property
    def lock_routines(self) -> Mapping[int, LockRoutine]:
        """Where routines begin that do something with a lock."""


class Decoder:
    """The pool of records of one machine."""

    def __init__(self, costs: Costs, roles: Roles, cache: DecodeCache) -> None:
        """Empty but for what the cache has of earlier runs."""
        self.pool = np.zeros(RECORDS_MAX, rec.INSTRUCTION)
        self._used = 1
        self._costs, self._roles, self._cache = costs, roles, cache
        self.events = sorted({SYSTEM_CALLS, *roles.events.values()})
        self.routines = sorted(set(roles.lock_routines.values()))  # their marks follow those of the events
        self._takers = {address for address, each in roles.lock_routines.items() if each.code in (rec.R_TAKES, rec.R_SPINS)}
        self._marks = {address: self.events.index(name) for address, name in roles.events.items()}
        for address, routine in roles.lock_routines.items():
            self._marks[address] = len(self.events) + self.routines.index(routine)
        self._numbers: dict[tuple[int, State, bool, bool, int, bool, bool], int] = {}
        self.names: list[str] = [""]  # mnemonics of estimated records, by number

    def decode(self, page: bytes, offset: int, address: int, slots: np.ndarray, beyond: bytes) -> int:
        """Records from `offset` of a page on, to the next jump or to what is known; the number of the first.

        `beyond` are the bytes behind the page, if an instruction reaches there.
        """
        first, before = 0, False
        at = offset
        for size in sizes(page[offset:], address):
            if first and (slots[at] or at - offset > SWEEP * LONGEST):
                return first
            fact = self._fact(page[at : at + size], address + at - offset)
            number = self._number(fact, page[at : at + size], address + at - offset, fused=before, once=False)
            slots[at] = number
            first = first or number
            row = self._cache.rows[fact]
            before, at = bool(row["may_fuse"]), at + size
            if row["ends"]:
                return first
        if first:
            return first
        return self._across(page[offset:] + beyond, address, slots, offset)

    def save(self) -> None:
        """Keep what is new for the next run."""
        self._cache.save()

    def _across(self, code: bytes, address: int, slots: np.ndarray, offset: int) -> int:
        """An instruction across pages, or none at all; that of a program may have another neighbour the next time."""
        size = next(sizes(code[: LONGEST + 1], address), 0)
        if code[:2] == M5OP:
            size = M5OP_BYTES
        fact = self._fact(code[:size] if size else code[:1], address)
        number = self._number(fact, code[:size], address, fused=False, once=address < 1 << 63 and offset + size > PAGE)
        slots[offset] = number
        return number

    def _fact(self, code: bytes, address: int) -> int:
        """Number of what is known of some bytes."""
        found = self._cache.find(code)
        if found is not None:
            return found
        row, ends, fusing, name = self._make_row(code, address)
        return self._cache.add(code, row, ends=ends, may_fuse=fusing, name=name)

    def _make_row(self, code: bytes, address: int) -> tuple[np.void, bool, bool, str]:
        row = np.zeros(1, rec.INSTRUCTION)[0]
        for field in ("mark", "point", "register"):
            row[field] = -1
        if code[:2] == M5OP:
            _make_opaque(row, len(code))
            row["traits"] = int(row["traits"]) & ~rec.ESTIMATED | rec.SPECIAL
            row["special"] = SP_CALL
            return row, True, False, ""
        each = decode_one(code, address)
        if each is None:
            _make_opaque(row, len(code))
            return row, True, False, code.hex()
        timing, estimated = self._timing(each)
        fill_row(row, each, timing, 0)
        _adjust(row, each)
        if estimated:
            row["traits"] |= rec.ESTIMATED
        return row, each.mnemonic in ENDS, may_fuse(each), each.mnemonic if estimated else ""

    def _timing(self, each: Instruction) -> tuple[Timing, bool]:
        try:
            return timing_by(cost_of(each, self._costs.instructions), each, self._costs), False
        except UserError:
            return timing_by(estimated_cost(each), each, self._costs), True

    def _number(self, fact: int, code: bytes, address: int, *, fused: bool, once: bool) -> int:
        role = self._roles.role(address)
        mark = self.events.index(SYSTEM_CALLS) if code == SYSCALL else self._marks.get(address, -1)
        known = self._cache.rows[fact]
        fused = fused and known["row"]["branch"] == 1  # a conditional branch
        calls_lock = not role.lock_code and self._goes_to_lock(code, address)
        key = (fact, role.state, role.lock_code, calls_lock, mark, fused, once)
        number = self._numbers.get(key)
        if number is None:
            if self._used >= RECORDS_MAX:
                raise LimitReached(f"more than {RECORDS_MAX} different instructions: the table of their records is full")
            number = self._used
            self._used += 1
            self._numbers[key] = number
            self._make_record(number, fact, role, mark, fused=fused, once=once)
            if calls_lock:
                self.pool[number]["traits"] |= rec.CALLS_LOCK
            self.names.append(self._cache.names[fact])
        return number

    def _goes_to_lock(self, code: bytes, address: int) -> bool:
        """Whether an instruction calls, or jumps to, a routine that takes locks."""
        displacement = near_displacement(code)
        if displacement is None:
            return False
        target = (address + len(code) + displacement) % 2**64
        return target in self._takers or self._roles.role(target).lock_code

    def _make_record(self, number: int, fact: int, role: Role, mark: int, *, fused: bool, once: bool) -> None:
        self.pool[number] = self._cache.rows[fact]["row"]
        record = self.pool[number]
        record["state"] = role.state
        if fused:
            record["macro_ops"] = 0
        if role.lock_code:
            record["traits"] |= rec.LOCK_CODE
        elif role.state != State.USER and record["traits"] & rec.PAUSE:
            record["traits"] |= rec.GUEST
            record["special"] = SP_PAUSE
        if mark >= 0:
            record["traits"] |= rec.EVENT | rec.ORDERED
            record["mark"] = mark
            self._make_event(record, mark)
        if once and not record["traits"] & rec.GUEST:
            record["traits"] |= rec.GUEST
            record["special"] = SP_ONCE

    def _make_event(self, record: np.void, mark: int) -> None:
        """What an event is of: a name that is counted, or a routine of locks."""
        if mark < len(self.events):
            record["register"] = EVENT_REGISTERS.get(self.events[mark], -1)
        else:
            record["register"] = LOCK_REGISTER
            record["routine"] = self.routines[mark - len(self.events)].code


def near_displacement(code: bytes) -> int | None:
    """Of a call or a jump to a fixed place, with or without a condition: how far behind its end that is; None for all others."""
    if len(code) < 2:
        return None
    conditional = code[:1] == b"\x0f"
    opcode, operand = code[conditional], code[conditional + 1 :]
    if conditional:
        near = opcode >> 4 == 8 and len(operand) == 4
    else:
        near = (opcode in (0xE8, 0xE9) and len(operand) == 4) or ((opcode == 0xEB or opcode >> 4 == 7) and len(operand) == 1)
    return int.from_bytes(operand, "little", signed=True) if near else None


def _make_opaque(row: np.void, size: int) -> None:
    """Bytes that are no instruction: what they raise is Unicorn's to say."""
    row["traits"] = rec.VALID | rec.ORDERED | rec.WAIT_STORES | rec.SERIALISING | rec.ESTIMATED
    row["length"], row["macro_ops"], row["latency"] = size, 1, 1


def _adjust(row: np.void, each: Instruction) -> None:
    """What is different for a real kernel: who carries it out, and what it touches beyond its operands."""
    traits, special = int(row["traits"]), 0
    if each.mnemonic in NATIVE:
        traits &= ~rec.SPECIAL
    elif row["special"]:
        special = int(row["special"])
    name, operands = each.mnemonic, each.operands
    if name not in USER or each.memory != Memory.NONE or {"s", "c"} & {operand[0] for operand in operands}:
        traits |= rec.ORDERED
    if name in WAITS:
        traits |= rec.WAIT_STORES
    if name == "syscall":
        traits |= rec.IF_CHANGE
    if name in FLUSHES or (name == "mov" and operands[0] == "c"):
        special = SP_FLUSH
    elif name == "iretq":
        special = SP_IRET
    elif name in TABLE_READERS or (name in ("mov", "pop") and operands[0] == "s"):
        special = SP_TABLES
    elif name in MSR_ACCESSES:
        special = SP_MSR
    elif name == "rdpmc":
        special = SP_RDPMC
    if special and not traits & rec.SPECIAL:
        traits |= rec.GUEST
    if name == "cmpxchg" and each.locked:
        traits |= rec.COMPARES
    row["traits"], row["special"] = traits, special
