"""What a boot gave."""

from dataclasses import dataclass
from typing import Any

from emu.boot.ending import End, Ended
from emu.boot.spec import BootSpec

SCHEMA = "emu-boot/1"
IN_ORDER = (End.POWER_OFF, End.RESET, End.HALTED, End.MARK)  # ends that are nobody's fault


@dataclass(frozen=True, slots=True)
class BootResult:
    """One boot, over."""

    spec: BootSpec
    ended: Ended
    console: bytes
    instructions: int
    instructions_by_core: tuple[int, ...]
    now: int  # ticks of the clock: instructions, and the time in which all cores were halted
    user_at: int | None  # instructions before the first one in ring 3
    host_seconds: float
    instructions_run: int  # here: fewer than all where a snapshot was the beginning
    memory_digest: str | None
    counts: dict[str, int]
    doing: tuple[str, ...]  # what each core was doing

    @property
    def exit_code(self) -> int:
        """What emu ends with: the program's own status; 1 for a kernel that broke."""
        if self.ended.status is not None:
            return self.ended.status
        return 0 if self.ended.how in IN_ORDER else 1

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        return {
            "schema": SCHEMA,
            "kernel": str(self.spec.kernel),
            "cpus": self.spec.cpus,
            "memory_mib": self.spec.memory_mib,
            "command_line": self.spec.command_line,
            "machine": self.spec.machine,
            "cpuid": self.spec.identity,
            "quantum": self.spec.quantum,
            "seed": self.spec.seed,
            "ended": self.ended.how.value,
            "exit_status": self.ended.status,
            "instructions": self.instructions,
            "instructions_by_core": list(self.instructions_by_core),
            "instructions_to_user": self.user_at,
            "clock": self.now,
            "host_seconds": round(self.host_seconds, 3),
            "mips": round(self.instructions_run / max(self.host_seconds, 1e-9) / 1e6, 1),
            "memory_digest": self.memory_digest,
            **self.counts,
            "cores": list(self.doing),
            "console": self.console.decode(errors="replace"),
        }
