"""Our path beside that of a kernel of another version: the code that both have, and where they differ, with the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from emu.files import read_toml
from emu.subjects.path.tally import Means
from emu.tables import Key, check

KERNEL = "linux-6.1"  # whose differences are known
TABLE = Path(str(files("emu").joinpath("kernels", KERNEL, "differences.toml")))
KEYS = {
    "name": Key(str), "reason": Key(str), "in": Key(list, optional=True), "ours": Key(list, optional=True), "kernel": Key(list),
}  # fmt: skip
MERGED_KEYS = {"name": Key(str), "reason": Key(str), "functions": Key(list)}

Functions = Mapping[str, Means]


@dataclass(frozen=True, slots=True)
class Difference:
    """Functions of ours and of the kernel's that are other code, and why."""

    name: str
    reason: str
    contexts: tuple[str, ...]  # calls and holds that it is one of; all if there is none
    ours: tuple[str, ...]  # patterns
    kernel: tuple[str, ...]

    def has(self, context: str, function: str, *, ours: bool) -> bool:
        """Whether a function is a part of it; a kernel may have those of 4.8.15 still."""
        if self.contexts and context not in self.contexts:
            return False
        return any(fnmatchcase(function, pattern) for pattern in (self.ours if ours else (*self.kernel, *self.ours)))


@dataclass(frozen=True, slots=True)
class Part:
    """Some functions of a call or a hold, on both sides; `reason` says why they differ, if that is known."""

    name: str
    ours: Functions = field(default_factory=dict)
    kernel: Functions = field(default_factory=dict)
    reason: str = ""

    @property
    def ours_sum(self) -> Means:
        """All of ours; lines that two functions use count twice."""
        return Means.total(self.ours.values())

    @property
    def kernel_sum(self) -> Means:
        """All of the kernel's."""
        return Means.total(self.kernel.values())


BOTH, OURS_ALONE, KERNEL_ALONE = "the same functions", "others of ours", "others of the kernel's"


def parts(context: str, ours: Functions, kernel: Functions) -> list[Part]:
    """A call or a hold in parts: the functions that both have, the known differences, and what only one side has."""
    table = _table()
    ours, kernel = _merged(ours, table.merged), _merged(kernel, table.merged)
    here = {name: table.difference(context, name, ours=True) for name in ours}
    there = {name: table.difference(context, name, ours=False) for name in kernel}
    both = {name for name in ours if here[name] is None and name in kernel and there[name] is None}
    found = [Part(BOTH, _of(ours, both), _of(kernel, both))]
    for each in table.differences:
        mine = _of(ours, {name for name in ours if here[name] is each})
        theirs = _of(kernel, {name for name in kernel if there[name] is each})
        if mine or theirs:
            found.append(Part(each.name, mine, theirs, each.reason))
    alone = {name for name in ours if here[name] is None} - both, {name for name in kernel if there[name] is None} - both
    rest = [Part(OURS_ALONE, ours=_of(ours, alone[0])), Part(KERNEL_ALONE, kernel=_of(kernel, alone[1]))]
    return found + [each for each in rest if each.ours or each.kernel]


def _merged(functions: Functions, names: Mapping[str, str]) -> Functions:
    found = dict[str, list[Means]]()
    for name, means in functions.items():
        found.setdefault(names.get(name, name), []).append(means)
    return {name: Means.total(each) for name, each in found.items()}


def _of(functions: Functions, names: set[str]) -> Functions:
    return {name: means for name, means in functions.items() if name in names}


@dataclass(frozen=True, slots=True)
class _Table:
    """differences.toml, checked."""

    merged: Mapping[str, str]  # name that a function goes by
    differences: Sequence[Difference]

    def difference(self, context: str, function: str, *, ours: bool) -> Difference | None:
        """The first that has a function."""
        return next((each for each in self.differences if each.has(context, function, ours=ours)), None)


@cache
def _table() -> _Table:
    content = read_toml(TABLE, "differences")
    check(str(TABLE), content, {"merged": Key(list), "difference": Key(list)})
    merged = dict[str, str]()
    for number, each in enumerate(content["merged"], 1):
        check(f"{TABLE}: merged {number}", each, MERGED_KEYS)
        merged |= dict.fromkeys(each["functions"], each["name"])
    return _Table(merged, [_read(number, each) for number, each in enumerate(content["difference"], 1)])


def _read(number: int, plain: Mapping[str, Any]) -> Difference:
    check(f"{TABLE}: difference {number}", plain, KEYS)
    contexts, ours = plain.get("in", ()), plain.get("ours", ())
    return Difference(plain["name"], plain["reason"], tuple(contexts), tuple(ours), tuple(plain["kernel"]))
