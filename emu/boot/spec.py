"""What `emu boot` was asked for, checked as far as it can be without a machine."""

from dataclasses import dataclass
from pathlib import Path

from emu.boot.guest_files import GuestFile
from emu.boot.marks import Mark
from emu.errors import UserError

CPUS_MAX = 64
MEMORY_MIN_MIB, MEMORY_MAX_MIB, MEMORY_DEFAULT_MIB = 8, 4096, 256
QUANTUM_DEFAULT, QUANTUM_MAX = 1000, 10**9
EXACT_BELOW = 100  # instructions of a quantum: then turns end within blocks too
IDENTITIES = ("machine", "generic")
# The serial console; a reset, and with it the end, after a panic; addresses as they are linked; the time stamp counter is one clock
# for all; a delay loop's length (at HZ=250), which each further CPU would measure for 150 M instructions; and no self-tests of
# cryptography, which take a stock kernel 740 M. What --append says comes after it, and so counts.
COMMAND_LINE = "console=ttyS0 panic=-1 nokaslr tsc=reliable lpj=4000000 cryptomgr.notests"


@dataclass(frozen=True, slots=True)
class BootSpec:
    """One boot. Equal specifications, of equal files, give equal runs."""

    kernel: Path
    cpus: int
    memory_mib: int = MEMORY_DEFAULT_MIB
    append: str = ""
    initrd: Path | None = None
    program: Path | None = None
    arguments: tuple[str, ...] = ()
    files: tuple[GuestFile, ...] = ()
    busybox: Path | None = None
    machine: str = "a10-7800"
    identity: str = IDENTITIES[0]
    quantum: int = QUANTUM_DEFAULT
    seed: int = 0
    max_instructions: int | None = None
    until: Mark | None = None
    checkpoint: Path | None = None  # a file to write a snapshot into
    at: Mark | None = None  # when
    restore: Path | None = None  # a snapshot to begin from
    cache: bool = True
    overwrite: bool = False

    def __post_init__(self) -> None:
        """Refuse what no machine has."""
        if not 1 <= self.cpus <= CPUS_MAX:
            raise UserError(f"--cpus must be 1 to {CPUS_MAX}, not {self.cpus}")
        if not MEMORY_MIN_MIB <= self.memory_mib <= MEMORY_MAX_MIB:
            raise UserError(f"--memory must be {MEMORY_MIN_MIB} to {MEMORY_MAX_MIB} MiB, not {self.memory_mib}")
        if not 1 <= self.quantum <= QUANTUM_MAX:
            raise UserError(f"--quantum must be 1 to {QUANTUM_MAX} instructions, not {self.quantum}")
        if not 0 <= self.seed < 2**63:
            raise UserError(f"--seed must be 0 to 2**63 - 1, not {self.seed}")
        if self.identity not in IDENTITIES:
            raise UserError(f"--cpuid must be {' or '.join(IDENTITIES)}, not {self.identity!r}")
        if self.max_instructions is not None and self.max_instructions < 1:
            raise UserError(f"--max-instructions must be at least 1, not {self.max_instructions}")
        if self.program is not None and self.initrd is not None:
            raise UserError("a program and --initrd: which /init is to run? leave one of them out")

    @property
    def command_line(self) -> str:
        """What the kernel is told."""
        return f"{COMMAND_LINE} {self.append}".strip()
