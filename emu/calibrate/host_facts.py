"""What the kernel says of the machine under emu: caches, and which cores share them. Nothing is assumed where it does not say."""

import os
from dataclasses import dataclass
from pathlib import Path

CPUS = Path("/sys/devices/system/cpu")
CPU_INFO = Path("/proc/cpuinfo")
_SCALE = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


@dataclass(frozen=True, slots=True)
class CacheFacts:
    """A data or unified cache of one core."""

    level: int
    bytes: int
    sets: int
    ways: int
    line_bytes: int
    shared_by: frozenset[int]


@dataclass(frozen=True, slots=True)
class Facts:
    """The cores that this process may use, and their caches."""

    model: str
    cpus: tuple[int, ...]
    caches: dict[int, tuple[CacheFacts, ...]]  # by core, level by level; empty if the kernel does not say
    threads: dict[int, frozenset[int]]  # hardware threads of the same core

    def cache(self, level: int) -> CacheFacts | None:
        """A cache of the first core."""
        return next((each for each in self.caches[self.cpus[0]] if each.level == level), None)

    def shared_level(self, first: int, second: int) -> int:
        """The lowest cache that two cores share; 0: none that is known."""
        return next((each.level for each in self.caches[first] if second in each.shared_by), 0)

    def pairs(self, cpus_max: int) -> list[tuple[int, int]]:
        """Each two of the first cores."""
        used = self.cpus[:cpus_max]
        return [(first, second) for first in used for second in used if first < second]

    def module_pair(self, cpus_max: int) -> tuple[int, int] | None:
        """Two cores that share an L2: hardware threads of one core only if there is nothing better."""
        sharing = [pair for pair in self.pairs(cpus_max) if self.shared_level(*pair) in (1, 2)]
        return min(sharing, key=lambda pair: pair[1] in self.threads[pair[0]], default=None)

    def remote_pair(self, cpus_max: int) -> tuple[int, int] | None:
        """Two cores that share no L2."""
        return next((pair for pair in self.pairs(cpus_max) if self.shared_level(*pair) not in (1, 2)), None)


def host_facts(root: Path = CPUS) -> Facts:
    """Read them."""
    cpus = tuple(sorted(os.sched_getaffinity(0)))
    return Facts(
        model=_model(),
        cpus=cpus,
        caches={cpu: _caches(root / f"cpu{cpu}" / "cache") for cpu in cpus},
        threads={cpu: _numbers(_text(root / f"cpu{cpu}" / "topology" / "thread_siblings_list")) for cpu in cpus},
    )


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _model() -> str:
    lines = (line.partition(":") for line in _text(CPU_INFO).splitlines())
    return next((value.strip() for name, _, value in lines if name.strip() == "model name"), "unknown processor")


def _numbers(text: str) -> frozenset[int]:
    """The numbers of a list such as 0-2,5."""
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first.isdigit():
            found.update(range(int(first), int(last if last.isdigit() else first) + 1))
    return frozenset(found)


def _caches(folder: Path) -> tuple[CacheFacts, ...]:
    found = []
    for index in sorted(folder.glob("index*")):
        size = _text(index / "size")
        if _text(index / "type") == "Instruction" or not size[:-1].isdigit():
            continue
        found.append(
            CacheFacts(
                level=_number(index / "level"),
                bytes=int(size[:-1]) * _SCALE.get(size[-1].upper(), 1),
                sets=_number(index / "number_of_sets"),
                ways=_number(index / "ways_of_associativity"),
                line_bytes=_number(index / "coherency_line_size"),
                shared_by=_numbers(_text(index / "shared_cpu_list")),
            )
        )
    return tuple(sorted(found, key=lambda each: each.level))


def _number(path: Path) -> int:
    """A number, 0 where there is none."""
    text = _text(path)
    return int(text) if text.isdigit() else 0
