"""What travels between interrupt controllers: a vector, how it is to be delivered, and to whom.

Source: Intel SDM volume 3, 11.6 (interprocessor interrupts) and 11.11 (message signalled interrupts).
"""

from dataclasses import dataclass
from enum import IntEnum


class Delivery(IntEnum):
    """Delivery modes, by their number in registers."""

    FIXED = 0
    LOWEST_PRIORITY = 1
    SMI = 2
    NMI = 4
    INIT = 5
    STARTUP = 6
    EXTINT = 7


class Shorthand(IntEnum):
    """Destinations without an address."""

    NONE = 0
    SELF = 1
    ALL = 2
    OTHERS = 3


BROADCAST = 0xFF


@dataclass(frozen=True, slots=True)
class Message:
    """An interrupt under way."""

    vector: int
    delivery: Delivery
    destination: int = 0
    logical: bool = False
    level_triggered: bool = False
    asserted: bool = True
