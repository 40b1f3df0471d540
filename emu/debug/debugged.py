"""What a debugger needs of what it debugs: a machine that can be read, run and gone back in, and what is known of its guest."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from emu.boot.looks import Access, Watch


class Reason(Enum):
    """Why the machine stands."""

    ATTACHED = "a debugger has come"
    STEP = "a step is done"
    PLACE = "a breakpoint"
    WATCH = "a watchpoint"
    INTERRUPT = "Ctrl-C"
    END = "the end of the run"
    BEGIN = "the beginning of what can be gone back to"


@dataclass(frozen=True, slots=True)
class Stop:
    """Where and why the machine stands."""

    reason: Reason
    core: int
    access: Access | None = None


class Debugged(Protocol):
    """The machine. Where it is to stop is set from outside: `places` in code, by virtual address, and `watches` of memory."""

    stop: Stop
    places: list[int]
    watches: list[Watch]

    @property
    def goes_back(self) -> bool:
        """Whether it can."""

    @property
    def cores(self) -> int:
        """How many it has."""

    def pc(self, core: int) -> int:
        """Where a core is."""

    def register(self, core: int, name: str) -> int | None:
        """A register of a core's, by gdb's name; None if nobody knows it."""

    def read(self, core: int, address: int, size: int) -> bytes:
        """Memory at a virtual address as a core sees it, as far as it is mapped."""

    def physical(self, core: int, address: int) -> int | None:
        """Where a virtual address of a core's is in RAM."""

    def go_on(self, interrupted: Callable[[], bool], step: int | None = None) -> Stop:
        """Run until something is met, or a core has taken a step."""

    def go_back(self, interrupted: Callable[[], bool]) -> Stop:
        """Go back to the last thing met before here, or to the beginning."""

    def step_back(self, core: int, interrupted: Callable[[], bool]) -> Stop:
        """Go back to where a core had not taken its last step yet."""

    def where(self) -> Iterator[str]:
        """In words: where it stands, then a line a core of how far that has come."""

    def end(self) -> str:
        """How the run has ended, once it has."""

    def digest(self) -> str:
        """Of all of RAM, and of where the machine is: equal places of equal runs have equal ones."""


# Of `monitor`: operands, what it does, and its lines for a debugger that looks at a core.
Command = tuple[str, str, Callable[[int, list[str]], Iterator[str]]]


class Knowledge(Protocol):
    """What is known of what runs there."""

    @property
    def file_name(self) -> str:
        """As gdb is told the file is called that has the symbols."""

    @property
    def file(self) -> Callable[[], bytes] | None:
        """Makes that file, if there can be one."""

    @property
    def commands(self) -> Mapping[str, Command]:
        """What `monitor` can do for this guest beside what it can for all."""

    def place(self, address: int) -> str:
        """An address of code by its symbol."""

    def address(self, name: str) -> int | None:
        """Where a symbol is."""

    def core(self, index: int) -> str:
        """What a core is doing, in words."""
