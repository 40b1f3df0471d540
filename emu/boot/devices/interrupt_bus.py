"""Who gets an interrupt message: destinations, and what each delivery mode does to a core.

Source: Intel SDM volume 3, 11.6.2 (determining the destination) and 9.4 (INIT and SIPI).
"""

from collections.abc import Callable, Sequence
from functools import partial

from emu.boot.devices.interrupt_message import Delivery, Message, Shorthand
from emu.boot.devices.local_apic import LocalApic

# From whom (none: an I/O APIC) and to whom a message goes, the message, and what it does when it arrives.
Carry = Callable[[LocalApic | None, LocalApic, Message, Callable[[], None]], None]


class InterruptBus:
    """All local APICs; INIT and SIPI go to whoever starts cores."""

    def __init__(self, initialise: Callable[[int], None], start: Callable[[int, int], None]) -> None:
        """`initialise(core)` and `start(core, vector)` act on cores."""
        self._initialise, self._start = initialise, start
        self.apics: Sequence[LocalApic] = ()
        self._carry: Carry = lambda origin, target, message, deliver: deliver()  # at once

    def carry(self, carry: Carry) -> None:
        """From now on messages take their time."""
        self._carry = carry

    def send(self, origin: LocalApic | None, message: Message, shorthand: Shorthand = Shorthand.NONE) -> None:
        """Deliver a message; `origin` is none for an I/O APIC."""
        targets = self._targets(origin, message, shorthand)
        if message.delivery == Delivery.LOWEST_PRIORITY and targets:
            enabled = [each for each in targets if each.enabled] or targets
            targets = [min(enabled, key=lambda each: (each.priority(), each.identity))]
        for target in targets:
            self._carry(origin, target, message, partial(self._deliver, target, message))

    def _targets(self, origin: LocalApic | None, message: Message, shorthand: Shorthand) -> list[LocalApic]:
        if shorthand == Shorthand.SELF and origin is not None:
            return [origin]
        if shorthand == Shorthand.ALL:
            return list(self.apics)
        if shorthand == Shorthand.OTHERS:
            return [each for each in self.apics if each is not origin]
        return [each for each in self.apics if each.is_addressed(message.destination, message.logical)]

    def _deliver(self, target: LocalApic, message: Message) -> None:
        match message.delivery:
            case Delivery.FIXED | Delivery.LOWEST_PRIORITY:
                target.accept(message.vector, message.level_triggered)
            case Delivery.NMI:
                target.nmi = True
            case Delivery.INIT:
                if message.asserted:  # a de-assert synchronises arbitration IDs, which this part has not
                    self._initialise(target.identity)
            case Delivery.STARTUP:
                self._start(target.identity, message.vector)
            case Delivery.SMI | Delivery.EXTINT:
                pass  # no core has a system management mode; ExtINT comes from the PIC alone
