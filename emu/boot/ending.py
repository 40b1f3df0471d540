"""How a run of the boot machine ended, as plain values."""

from dataclasses import dataclass
from enum import Enum


class End(Enum):
    """How a run ended."""

    EXITED = "exited"  # the guest said with which status
    POWER_OFF = "power off"
    RESET = "reset"
    HALTED = "halted"  # the kernel says so: `halt`
    PANIC = "panic"
    OOPS = "oops"
    TRIPLE_FAULT = "triple fault"
    STUCK = "stuck"  # all cores halted, and nothing will wake one
    MARK = "mark"
    LIMIT = "limit"
    STOPPED = "stopped"  # from outside


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended, and with which status of a program if the guest said one."""

    how: End
    status: int | None = None
