"""How the instructions of a generated test are written: X86 in Intel order, X86_64 in AT&T order."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

Part = tuple[int, int]  # first byte and size within a location

_INTEL_SIZES = {1: "BYTE", 2: "WORD", 4: "DWORD"}
_SUFFIXES = {1: "b", 2: "w", 4: "l"}


class Spelling(ABC):
    """One dialect. Registers are named by their four-byte part and are 0 before they are used."""

    registers: tuple[str, ...]

    @abstractmethod
    def whole(self, register: str) -> str:
        """A register as the final condition names it."""

    @abstractmethod
    def final(self, location: str, value: int) -> str:
        """The final condition's term for the value of a location."""

    @abstractmethod
    def load(self, location: str, part: Part, register: str) -> str:
        """A plain load."""

    @abstractmethod
    def store(self, location: str, part: Part, value: int) -> str:
        """A plain store of a number."""

    @abstractmethod
    def set(self, register: str, size: int, value: int) -> str:
        """A number into a register."""

    @abstractmethod
    def copy(self, register: str, size: int, source: str) -> str:
        """One register into another."""

    @abstractmethod
    def locked(self, instruction: str, location: str, part: Part, register: str) -> str:
        """A locked instruction with a location and a register."""

    @abstractmethod
    def increment(self, location: str, part: Part) -> str:
        """A locked increment."""

    @abstractmethod
    def fence(self, kind: str) -> str:
        """A fence."""

    def exchange(self, instruction: str, location: str, part: Part, operand: int, register: str) -> list[str]:
        """Write xchg or xadd: the register brings the operand and takes what was in the location."""
        return [self.set(register, part[1], operand), self.locked(instruction, location, part, register)]

    def compare(self, location: str, part: Part, expected: int, value: int, register: str) -> list[str]:
        """Write cmpxchg: eax brings what is expected; what was in the location ends in the register."""
        accumulator = "eax"
        return [
            self.set(accumulator, part[1], expected),
            self.set(register, part[1], value),
            self.locked("cmpxchg", location, part, register),
            self.copy(register, part[1], accumulator),
        ]


class Intel(Spelling):
    """The 32-bit names of the header X86: MOV [x],$1."""

    registers = ("eax", "ebx", "ecx", "edx", "esi", "edi", "ebp")

    def whole(self, register: str) -> str:
        """As in EAX."""
        return register.upper()

    def final(self, location: str, value: int) -> str:
        """As in x=1."""
        return f"{location}={value}"

    def load(self, location: str, part: Part, register: str) -> str:
        """As in MOV EAX,[x]."""
        return f"MOV {_part_of(register, part[1]).upper()},{self._memory(location, part[0])}"

    def store(self, location: str, part: Part, value: int) -> str:
        """As in MOV [x],$1."""
        size = "" if part[1] == 4 else f"{_INTEL_SIZES[part[1]]} PTR "
        return f"MOV {size}{self._memory(location, part[0])},${value}"

    def set(self, register: str, size: int, value: int) -> str:
        """As in MOV EAX,$1."""
        return f"MOV {_part_of(register, size).upper()},${value}"

    def copy(self, register: str, size: int, source: str) -> str:
        """As in MOV EBX,EAX."""
        return f"MOV {_part_of(register, size).upper()},{_part_of(source, size).upper()}"

    def locked(self, instruction: str, location: str, part: Part, register: str) -> str:
        """As in XCHG [x],EAX."""
        prefix = "" if instruction == "xchg" else "LOCK "
        name = _part_of(register, part[1]).upper()
        return f"{prefix}{instruction.upper()} {self._memory(location, part[0])},{name}"

    def increment(self, location: str, part: Part) -> str:
        """As in LOCK INC DWORD PTR [x]."""
        return f"LOCK INC {_INTEL_SIZES[part[1]]} PTR {self._memory(location, part[0])}"

    def fence(self, kind: str) -> str:
        """As in MFENCE."""
        return kind.upper()

    def _memory(self, location: str, offset: int) -> str:
        return f"[{location}+{offset}]" if offset else f"[{location}]"


class Att(Spelling):
    """The 64-bit names of the header X86_64: movl $1,(x)."""

    registers = ("eax", "ebx", "ecx", "edx", "esi", "edi", *(f"r{number}d" for number in range(8, 16)))

    def whole(self, register: str) -> str:
        """As in rax."""
        return register[:-1] if register[1].isdigit() else "r" + register[1:]

    def final(self, location: str, value: int) -> str:
        """[x]=1."""
        return f"[{location}]={value}"

    def load(self, location: str, part: Part, register: str) -> str:
        """As in movl (x),%eax."""
        return f"mov{_SUFFIXES[part[1]]} {self._memory(location, part[0])},%{_part_of(register, part[1])}"

    def store(self, location: str, part: Part, value: int) -> str:
        """As in movl $1,(x)."""
        return f"mov{_SUFFIXES[part[1]]} ${value},{self._memory(location, part[0])}"

    def set(self, register: str, size: int, value: int) -> str:
        """As in movl $1,%eax."""
        return f"mov{_SUFFIXES[size]} ${value},%{_part_of(register, size)}"

    def copy(self, register: str, size: int, source: str) -> str:
        """As in movl %eax,%ebx."""
        return f"mov{_SUFFIXES[size]} %{_part_of(source, size)},%{_part_of(register, size)}"

    def locked(self, instruction: str, location: str, part: Part, register: str) -> str:
        """As in xchgl %eax,(x)."""
        prefix = "" if instruction == "xchg" else "lock "
        name = _part_of(register, part[1])
        return f"{prefix}{instruction}{_SUFFIXES[part[1]]} %{name},{self._memory(location, part[0])}"

    def increment(self, location: str, part: Part) -> str:
        """As in lock incl (x)."""
        return f"lock inc{_SUFFIXES[part[1]]} {self._memory(location, part[0])}"

    def fence(self, kind: str) -> str:
        """As in mfence."""
        return kind

    def _memory(self, location: str, offset: int) -> str:
        return f"{offset or ''}({location})"


SPELLINGS: Mapping[str, Spelling] = {"X86": Intel(), "X86_64": Att()}


def _part_of(register: str, size: int) -> str:
    """The low bytes of a four-byte register: ax and al of eax, r8w and r8b of r8d."""
    if size == 4:
        return register
    if register[1].isdigit():
        return register[:-1] + {1: "b", 2: "w"}[size]
    short = register[1:]
    return short if size == 2 else short.rstrip("x") + "l"
