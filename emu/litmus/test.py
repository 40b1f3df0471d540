"""A litmus test as values: threads, locations, where they begin, and the condition on where they end."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Location:
    """A shared variable: one element of `size` bytes for each of `initial`, a number or the name of a location (its address)."""

    name: str
    size: int
    initial: tuple[int | str, ...]


@dataclass(frozen=True, slots=True, order=True)
class Register:
    """A thread's register, or the part of it that `size` bytes from byte `offset` (1 for ah) are."""

    thread: int
    name: str  # of the whole, in lower case: rax, r8, xmm0
    size: int
    offset: int = 0
    text: str = ""  # as the test writes it


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One element of a location."""

    location: str
    index: int = 0


Observable: TypeAlias = Register | Cell


@dataclass(frozen=True, slots=True)
class Equal:
    """The observable has this value: a number, the name of a location (its address) or another observable."""

    left: Observable
    right: int | str | Observable


@dataclass(frozen=True, slots=True)
class Not:
    """Negation."""

    inner: "Condition"


@dataclass(frozen=True, slots=True)
class And:
    """All of them; an empty one is true."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of them at least; an empty one is false."""

    parts: tuple["Condition", ...]


Condition: TypeAlias = Equal | Not | And | Or


@dataclass(frozen=True, slots=True)
class Thread:
    """The code of one thread: (line of the file, label or statement in Intel syntax as `emu.assembly` takes it).

    A statement names a location `{x}` and a label `{:L0}`; `{:}` is the end of the thread.
    """

    index: int
    lines: tuple[tuple[int, str], ...]
    written: tuple[str, ...] = ()  # each of the lines as the test has it


@dataclass(frozen=True, slots=True)
class LitmusTest:
    """One test. `quantifier` is exists, ~exists or forall; `filter` keeps the final states that count."""

    path: str
    name: str
    architecture: str  # X86 or X86_64
    threads: tuple[Thread, ...]
    locations: tuple[Location, ...]
    registers: Mapping[Register, int | str]  # initial values; all others are 0
    quantifier: str
    condition: Condition
    condition_text: str
    filter: Condition | None
    observed: tuple[Observable, ...]  # what a final state shows: the condition's, then those of a `locations` clause
