"""What the names of a test stand for: its threads' registers, and its locations with their sizes."""

from collections.abc import Collection

from emu.errors import UserError
from emu.litmus.registers import CONSTANT, OBSERVED
from emu.litmus.test import Cell, Location, Register

DEFAULT_BYTES = 4
ACCESS_BYTES_MAX = 8
DATA_BYTES_MAX = 1 << 19
LINE_BYTES = 64


class Scope:
    """Locations and registers that a test has named so far. What is wrong is a `UserError` without a place."""

    def __init__(self, architecture: str) -> None:
        """Begin with nothing."""
        self.architecture = architecture
        self.threads: Collection[int] = ()
        self.registers: dict[Register, int | str] = {}
        self.constants: dict[tuple[int, str], int] = {}
        self._bytes = 0
        self._initial: dict[str, list[int | str]] = {}
        self._declared: dict[str, int] = {}
        self._accessed: dict[str, int] = {}
        self._spelled: dict[Register, Register] = {}
        self._addressed: list[tuple[str, int]] = []

    @property
    def pointer_bytes(self) -> int:
        """Size of an address in the test's memory."""
        return 8 if self.architecture == "X86_64" else 4

    def declare(self, name: str, size: int | None, initial: list[int | str]) -> None:
        """A location of the initial state; `size` is that of its type, or nothing where none is given."""
        if name in self._initial:
            if self._initial[name] == initial and size in (None, self._declared.get(name)):
                return
            raise UserError(f"{name} has an initial value already: give it once")
        self._claim(name, initial)
        if size is not None:
            self._declared[name] = size
        for value in initial:
            if isinstance(value, int) and size is not None:
                check_fit(value, size, name)

    def declare_register(self, thread: int, name: str, value: int | str) -> None:
        """A register of the initial state."""
        if name.lower() in CONSTANT:
            self.constants[thread, name.lower()] = value if isinstance(value, int) else 0
            return
        register = self.register(thread, name)
        if self.registers.get(register, value) != value:
            raise UserError(f"{thread}:{name} has an initial value already: give it once")
        if isinstance(value, int):
            check_fit(value, register.size, f"{thread}:{name}")
            value %= 1 << 8 * register.size
        elif register.size < DEFAULT_BYTES:
            raise UserError(f"{thread}:{name} has {register.size} bytes: an address takes {DEFAULT_BYTES} or more")
        self.registers[register] = value

    def constant(self, thread: int, name: str) -> int:
        """The value of a register that no code can write."""
        self._check_thread(thread)
        return self.constants.get((thread, name.lower()), 0)

    def address_later(self, name: str, index: int) -> str:
        """The name of an element's address in the initial state, which may declare the location further below."""
        self._addressed.append((name, index))
        return name if index == 0 else f"{name}[{index}]"

    def check_addresses(self) -> None:
        """See, at the end of the initial state, that it takes the addresses of what is there."""
        for name, index in self._addressed:
            self.cell(name, index)

    def check_threads(self) -> None:
        """See, when the threads are known, that the initial state names no other."""
        for thread in (*(register.thread for register in self.registers), *(thread for thread, _ in self.constants)):
            self._check_thread(thread)

    def mention(self, name: str, size: int = 0) -> None:
        """A location that code or condition names: it is 0 at first; `size` is up to where an access reaches, or 0."""
        if name not in self._initial:
            self._claim(name, [0])
        self._accessed[name] = max(self._accessed.get(name, 0), min(size, ACCESS_BYTES_MAX))

    def declared_size(self, name: str) -> int | None:
        """Size of a location's type, if it has one."""
        return self._declared.get(name)

    def pointee(self, thread: int, whole: str) -> str | None:
        """The location whose address a thread's register holds at first."""
        for register, value in self.registers.items():
            if (register.thread, register.name) == (thread, whole) and isinstance(value, str):
                return value.partition("[")[0]
        return None

    def size(self, name: str) -> int:
        """Bytes of one element of a location: of its type, else of the widest access by name, else 4, or 8 for its value."""
        if name in self._declared:
            return self._declared[name]
        size = 1
        while size < self._accessed.get(name, 0):
            size *= 2
        size = size if self._accessed.get(name) else DEFAULT_BYTES
        numbers = [value for value in self._initial.get(name, ()) if isinstance(value, int)]
        while size < ACCESS_BYTES_MAX and not all(_fits(value, size) for value in numbers):
            size *= 2
        return size

    def register(self, thread: int, name: str) -> Register:
        """A register by a name of any case, always the same value for the same part."""
        part = OBSERVED.get(name.lower())
        if part is None:
            raise UserError(
                f"{thread}:{name} is no register to begin with or look at: wanted rax to r15, a part of one, or xmm0 to xmm15"
            )
        if self.threads:
            self._check_thread(thread)
        register = Register(thread, part.whole, part.size, part.offset, name)
        bare = Register(thread, part.whole, part.size, part.offset)
        return self._spelled.setdefault(bare, register)

    def cell(self, name: str, index: int = 0) -> Cell:
        """An element of a location."""
        self.mention(name)
        if not 0 <= index < len(self._initial[name]):
            raise UserError(f"{name}[{index}] is not there: {name} has {len(self._initial[name])} elements, from {name}[0]")
        return Cell(name, index)

    def address(self, name: str, index: int = 0) -> str:
        """The name under which `Placed.addresses` has an element: x, x[1]."""
        cell = self.cell(name, index)
        return cell.location if index == 0 else f"{cell.location}[{index}]"

    def elements(self, name: str) -> list[Cell]:
        """All elements of a location."""
        self.mention(name)
        return [Cell(name, index) for index in range(len(self._initial[name]))]

    def locations(self) -> tuple[Location, ...]:
        """The locations in the order in which they were named."""
        found = []
        for name, initial in self._initial.items():
            size = self.size(name)
            for value in initial:
                if isinstance(value, int):
                    check_fit(value, size, name)
            values = (value if isinstance(value, str) else value % (1 << 8 * size) for value in initial)
            found.append(Location(name, size, tuple(values)))
        return tuple(found)

    def _claim(self, name: str, initial: list[int | str]) -> None:
        """Take room for a location, as if it were of the largest type."""
        self._initial[name] = initial
        self._bytes += -(-ACCESS_BYTES_MAX * len(initial) // LINE_BYTES) * LINE_BYTES
        if self._bytes > DATA_BYTES_MAX:
            raise UserError(f"the locations of a test may take {DATA_BYTES_MAX >> 10} KiB: there is no room for {name}")

    def _check_thread(self, thread: int) -> None:
        if thread not in self.threads:
            known = ", ".join(f"P{each}" for each in self.threads)
            raise UserError(f"there is no thread P{thread}: the threads are {known}")


def check_fit(value: int, size: int, what: str) -> None:
    """Refuse a value that `size` bytes hold neither with nor without sign."""
    if not _fits(value, size):
        raise UserError(f"{value} does not fit into {what}, which has {size} bytes")


def _fits(value: int, size: int) -> bool:
    return -(1 << 8 * size - 1) <= value < 1 << 8 * size
