"""The local APIC of a core in xAPIC mode.

Source: Intel SDM volume 3, chapter 11 (Advanced Programmable Interrupt Controller): registers 11.4.1, timer 11.5.4, ICR 11.6.1,
priorities 11.8.3, EOI 11.8.5.
"""

from collections.abc import Callable

from emu.boot.devices.clock import NEVER, Now
from emu.boot.devices.interrupt_message import BROADCAST, Delivery, Message, Shorthand

ID, VERSION, TPR, APR, PPR, EOI, LDR, DFR, SVR = 0x20, 0x30, 0x80, 0x90, 0xA0, 0xB0, 0xD0, 0xE0, 0xF0
ISR, TMR, IRR, ESR, ICR_LOW, ICR_HIGH = 0x100, 0x180, 0x200, 0x280, 0x300, 0x310
LVT_CMCI, LVT_TIMER, LVT_THERMAL, LVT_COUNTERS, LVT_LINT0, LVT_LINT1, LVT_ERROR = 0x2F0, *range(0x320, 0x380, 0x10)
INITIAL, CURRENT, DIVIDE = 0x380, 0x390, 0x3E0
LVTS = (LVT_TIMER, LVT_THERMAL, LVT_COUNTERS, LVT_LINT0, LVT_LINT1, LVT_ERROR)
WRITABLE = {  # bits that software may set
    TPR: 0xFF, LDR: 0xFF000000, DFR: 0xF0000000, SVR: 0x3FF, ICR_HIGH: 0xFF000000, DIVIDE: 0xB,
    LVT_TIMER: 0x300FF, LVT_THERMAL: 0x107FF, LVT_COUNTERS: 0x107FF, LVT_LINT0: 0x1A7FF, LVT_LINT1: 0x1A7FF, LVT_ERROR: 0x100FF,
}  # fmt: skip
VERSION_VALUE = 0x14 | (len(LVTS) - 1) << 16
MASKED, PERIODIC, ENABLED = 1 << 16, 1 << 17, 1 << 8
LEVEL, TRIGGER_LEVEL, LOGICAL = 1 << 14, 1 << 15, 1 << 11
BUS_TICKS = 10  # ticks of the clock a tick of the timer before its divider: a bus of 100 MHz
SEND_ILLEGAL, RECEIVE_ILLEGAL, ILLEGAL_REGISTER = 1 << 5, 1 << 6, 1 << 7
FIRST_LEGAL_VECTOR = 16
CLUSTER_MODEL, FLAT_MODEL = 0x0, 0xF


class LocalApic:
    """Registers, the three sets of vectors, and the timer; what it sends goes to `send`."""

    def __init__(
        self, identity: int, now: Now, send: Callable[["LocalApic", Message, Shorthand], None], end_of_level: Callable[[int], None]
    ) -> None:
        """As after a reset; the first core's LINT0 takes the PIC, as firmware leaves it (virtual wire mode)."""
        self.identity = identity
        self._now, self._send, self._end_of_level = now, send, end_of_level
        self.nmi = False
        self.reset()
        if identity == 0:
            self.registers[LVT_LINT0] = Delivery.EXTINT << 8
            self.registers[LVT_LINT1] = Delivery.NMI << 8
            self.registers[SVR] = 0xFF | ENABLED

    def reset(self) -> None:
        """After INIT or power-on; the ID stays."""
        self.registers: dict[int, int] = dict.fromkeys(WRITABLE, 0)
        self.registers |= {DFR: 0xFFFFFFFF, SVR: 0xFF, ICR_LOW: 0, ESR: 0, INITIAL: 0}
        self.registers |= dict.fromkeys(LVTS, MASKED)
        self.requested = self.in_service = self.level_mode = 0  # bit n: vector n
        self.errors = 0
        self.began = 0  # when the timer was started
        self.deadline = NEVER

    @property
    def enabled(self) -> bool:
        """By software, in the spurious-interrupt vector register."""
        return bool(self.registers[SVR] & ENABLED)

    @property
    def takes_extint(self) -> bool:
        """Whether the PIC's interrupts come through LINT0."""
        return self.registers[LVT_LINT0] & (MASKED | 0x700) == Delivery.EXTINT << 8

    @property
    def logical_id(self) -> int:
        """What a logical destination is compared with."""
        return self.registers[LDR] >> 24

    def priority(self) -> int:
        """The processor priority register."""
        serving = _highest(self.in_service)
        tpr = self.registers[TPR]
        return tpr if tpr >> 4 >= serving >> 4 else serving & 0xF0

    def pending(self) -> int | None:
        """The vector that the core would take now, if it takes interrupts at all."""
        if not self.requested or not self.enabled:
            return None
        vector = _highest(self.requested)
        return vector if vector >> 4 > self.priority() >> 4 else None

    def acknowledge(self) -> int:
        """The core takes the pending interrupt; the spurious vector if it has gone."""
        vector = self.pending()
        if vector is None:
            return self.registers[SVR] & 0xFF
        self.requested &= ~(1 << vector)
        self.in_service |= 1 << vector
        return vector

    def accept(self, vector: int, level_triggered: bool = False) -> None:
        """A fixed interrupt arrives."""
        if vector < FIRST_LEGAL_VECTOR:
            self._error(RECEIVE_ILLEGAL)
            return
        if not self.enabled:
            return
        self.requested |= 1 << vector
        self.level_mode = self.level_mode | 1 << vector if level_triggered else self.level_mode & ~(1 << vector)

    def is_addressed(self, destination: int, logical: bool) -> bool:
        """Whether a message's destination is this one (or one of several)."""
        if not logical:
            return destination in (self.identity, BROADCAST)
        if destination == BROADCAST:
            return True
        if self.registers[DFR] >> 28 == CLUSTER_MODEL:
            return destination >> 4 == self.logical_id >> 4 and bool(destination & self.logical_id & 15)
        return bool(destination & self.logical_id)

    def read(self, offset: int) -> int:
        """A register of 32 bits, aligned to 16 bytes."""
        for base, vectors in ((ISR, self.in_service), (TMR, self.level_mode), (IRR, self.requested)):
            if base <= offset < base + 0x80:
                return vectors >> 2 * (offset - base) & 0xFFFFFFFF
        if offset in self.registers:
            return self.registers[offset]
        computed = {ID: self.identity << 24, VERSION: VERSION_VALUE, APR: self.priority(), PPR: self.priority(), EOI: 0}
        if offset in computed:
            return computed[offset]
        if offset == CURRENT:
            return self.count()
        self._error(ILLEGAL_REGISTER)
        return 0

    def write(self, offset: int, value: int) -> None:
        """A register of 32 bits."""
        if offset == EOI:
            self._end()
        elif offset == ICR_LOW:
            self.registers[ICR_LOW] = value & 0xCDFFF
            self._command(value)
        elif offset == ESR:
            self.registers[ESR], self.errors = self.errors, 0
        elif offset == INITIAL:
            self.registers[INITIAL] = value
            self._start()
        elif offset in WRITABLE:
            self._set(offset, value & WRITABLE[offset])
        elif offset not in (ID, VERSION, CURRENT, APR, PPR):
            self._error(ILLEGAL_REGISTER)

    def _set(self, offset: int, value: int) -> None:
        if offset == DFR:
            value |= 0x0FFFFFFF
        if offset in LVTS and not self.enabled:
            value |= MASKED
        if offset == DIVIDE and value != self.registers[DIVIDE]:
            left = self.count()
            self.registers[DIVIDE] = value
            if self.deadline != NEVER:
                self.deadline = self._now() + left * self.tick_length()
            return
        self.registers[offset] = value
        if offset == SVR and not self.enabled:
            for lvt in LVTS:
                self.registers[lvt] |= MASKED

    def tick_length(self) -> int:
        """Ticks of the clock for one of the timer."""
        code = self.registers[DIVIDE] & 3 | self.registers[DIVIDE] >> 1 & 4
        return BUS_TICKS * (1 if code == 7 else 2 << code)

    def count(self) -> int:
        """The timer's current count."""
        if self.deadline == NEVER:
            return 0
        return max(0, -(-(self.deadline - self._now()) // self.tick_length()))

    def _start(self) -> None:
        period = self.registers[INITIAL] * self.tick_length()
        self.deadline = self._now() + period if period else NEVER

    def tick(self) -> None:
        """The time is the timer's deadline or later."""
        lvt = self.registers[LVT_TIMER]
        period = self.registers[INITIAL] * self.tick_length()
        if lvt & PERIODIC and period:
            self.deadline += period * ((self._now() - self.deadline) // period + 1)
        else:
            self.deadline = NEVER
        if not lvt & MASKED:
            self.accept(lvt & 0xFF)

    def local_interrupt(self, lvt: int) -> None:
        """One of the local sources, by its entry in the local vector table."""
        entry = self.registers[lvt]
        if entry & MASKED:
            return
        if entry >> 8 & 7 == Delivery.NMI:
            self.nmi = True
        elif entry >> 8 & 7 == Delivery.FIXED:
            self.accept(entry & 0xFF)

    def _end(self) -> None:
        vector = _highest(self.in_service)
        if not self.in_service:
            return
        self.in_service &= ~(1 << vector)
        if self.level_mode >> vector & 1:
            self._end_of_level(vector)

    def _command(self, value: int) -> None:
        """A write to the interrupt command register sends."""
        shorthand = Shorthand(value >> 18 & 3)
        kind = value >> 8 & 7
        if kind not in Delivery.__members__.values() or kind == Delivery.EXTINT:
            return
        delivery = Delivery(kind)
        if delivery in (Delivery.FIXED, Delivery.LOWEST_PRIORITY) and value & 0xFF < FIRST_LEGAL_VECTOR:
            self._error(SEND_ILLEGAL)
            return
        message = Message(
            vector=value & 0xFF,
            delivery=delivery,
            destination=self.registers[ICR_HIGH] >> 24,
            logical=bool(value & LOGICAL),
            level_triggered=bool(value & TRIGGER_LEVEL),
            asserted=bool(value & LEVEL),
        )
        self._send(self, message, shorthand)

    def _error(self, bit: int) -> None:
        first = not self.errors & bit
        self.errors |= bit
        if first:
            self.local_interrupt(LVT_ERROR)


def _highest(vectors: int) -> int:
    return max(vectors.bit_length() - 1, 0)
