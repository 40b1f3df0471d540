"""What `emu boot --explore` was asked for, and the same as the header of a replay string."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from emu.boot.explore.explorer import Strategy
from emu.boot.guest_files import GuestFile
from emu.boot.marks import Kind, Mark, parse_mark
from emu.boot.spec import BootSpec
from emu.errors import UserError
from emu.explore.replay_string import Plain
from emu.explore.strategy.records import CHANGES, PCT, REPLAY, STRATEGIES
from emu.whole import whole

KIND = "kernel"  # of replay strings
SCHEDULES_MAX = 10**9
PATHS = ("kernel", "program", "initrd", "busybox", "restore")
FIGURES = ("cpus", "memory_mib", "append", "machine", "identity", "quantum", "seed")
OPTION = "--explore must be random:N, pct:D:N, pos:N or surw:N, with N schedules"


@dataclass(frozen=True, slots=True)
class ExploreSpec:
    """A region of a boot, and how it is explored. Equal ones, of equal files, find the same."""

    boot: BootSpec
    start: Mark
    stop: Mark | None  # the end of the program
    symbols: Path | None
    strategy: Strategy
    schedules: int

    def __post_init__(self) -> None:
        """Refuse what is no region of schedules."""
        if self.boot.cpus < 2:
            raise UserError("--explore: one core has one schedule alone: give --cpus 2 or more")
        if self.stop is not None and self.stop.kind == Kind.INSTRUCTIONS:
            raise UserError("--to instructions:N: a schedule changes what comes after how many; name a symbol, a text or an m5op")


def parse_strategy(typed: str, seed: int) -> tuple[Strategy, int]:
    """STRATEGY:N as typed behind --explore: the strategy, and how many schedules."""
    name, *figures = typed.split(":")
    if name not in STRATEGIES or STRATEGIES.index(name) == REPLAY:
        raise UserError(f"{OPTION}, not {typed!r}")
    kind = STRATEGIES.index(name)
    if len(figures) != (2 if kind == PCT else 1):
        raise UserError(f"{OPTION}, not {typed!r}")
    schedules = whole("--explore", figures[-1])
    if not 1 <= schedules <= SCHEDULES_MAX:
        raise UserError(f"--explore: 1 to {SCHEDULES_MAX} schedules, not {schedules}")
    depth = whole("--explore pct", figures[0]) if kind == PCT else 1
    if not 1 <= depth <= CHANGES:
        raise UserError(f"--explore pct:D:N: a depth is 1 to {CHANGES}, not {depth}")
    return Strategy(kind, seed, depth), schedules


def to_header(spec: ExploreSpec, digest: str, first: str) -> dict[str, Plain]:
    """What makes the same machine again; `digest` is of its boot, `first` of the region's first schedule."""
    boot = spec.boot
    header: dict[str, Plain] = {name: getattr(boot, name) for name in FIGURES}
    header |= {name: str(path.resolve()) for name in PATHS if (path := getattr(boot, name)) is not None}
    return header | {
        "arguments": list(boot.arguments),
        "files": [[str(each.host.resolve()), str(each.guest)] for each in boot.files],
        "from": str(spec.start),
        "to": None if spec.stop is None else str(spec.stop),
        "symbols": None if spec.symbols is None else str(spec.symbols.resolve()),
        "explore_seed": spec.strategy.seed,
        "boot": digest,
        "first": first,
    }


def from_header(header: Mapping[str, Any]) -> ExploreSpec:
    """What a replay string's header says."""
    try:
        _ = header["boot"], header["first"]
        paths: dict[str, Any] = {name: Path(header[name]) for name in PATHS if name in header}
        boot = BootSpec(
            arguments=tuple(header["arguments"]),
            files=tuple(GuestFile(Path(host), PurePosixPath(guest)) for host, guest in header["files"]),
            **paths,
            **{name: header[name] for name in FIGURES},
        )
        return ExploreSpec(
            boot,
            parse_mark("--from", header["from"]),
            None if header["to"] is None else parse_mark("--to", header["to"]),
            None if header["symbols"] is None else Path(header["symbols"]),
            Strategy(REPLAY, header["explore_seed"]),
            schedules=1,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"a replay string of a kernel with an incomplete header ({error}): written by another emu") from None


def on(spec: ExploreSpec, boot: BootSpec, start: Mark, stop: Mark | None, symbols: Path | None) -> ExploreSpec:
    """The same seed and schedule on another boot and region: those that were typed."""
    return replace(spec, boot=boot, start=start, stop=stop, symbols=symbols)
