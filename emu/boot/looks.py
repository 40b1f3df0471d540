"""Where a debugger wants a machine to stop, and why it has: places in code, and memory that is touched."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from unicorn import unicorn_const as uc_const

from emu.boot.core import Core
from emu.boot.hot import looks as hot
from emu.boot.hot.looks import ACCESS, LOOKER, LOOKS, WATCH
from emu.boot.machine import Machine
from emu.boot.unicorn_cpu import UnicornCpu
from emu.native import MASK64, address_of, signed

Holders = NDArray[np.uint64]  # of each line, a bit a core


@dataclass(frozen=True, slots=True)
class Watch:
    """Memory by physical address; `kind` as in `emu.boot.hot.looks`."""

    kind: int
    address: int
    size: int


@dataclass(frozen=True, slots=True)
class Access:
    """An access to what is watched."""

    watch: int
    core: int
    pc: int
    count: int  # that the core has retired when it is done
    address: int  # physical
    writes: bool
    holders: tuple[int, ...]  # of a line, before


HOOKS = {
    "block": hot.on_block,
    "load": hot.on_load,
    "store": hot.on_store,
}  # by what they are called here


class Looks:
    """The stops of one machine, whose cores keep their engines from now on."""

    def __init__(self, machine: Machine) -> None:
        """None yet."""
        self._machine = machine
        self._looks = np.zeros(1, LOOKS)
        self._record: Any = self._looks[0]
        self._lookers = np.zeros(len(machine.cores), LOOKER)
        self._places = np.zeros(hot.PLACES_MAX, np.int64)
        self._watches = np.zeros(hot.WATCHES_MAX, WATCH)
        self._accesses = np.zeros(hot.ACCESSES_MAX, ACCESS)
        for name in ("places", "watches", "accesses"):
            self._record[name] = address_of(getattr(self, f"_{name}"))
        self._lookers["looks"] = address_of(self._looks)
        self._watching: list[tuple[UnicornCpu, Any]] = []  # hooks that are there while memory is watched
        for core, looker in zip(machine.cores, self._lookers, strict=True):
            looker["core"] = core.address
            core.cpu.hook_blocks(HOOKS["block"].address, self._user(core))

    def arm(self, places: Sequence[int], watches: Sequence[Watch]) -> None:
        """Stop at these from now on."""
        self._record["place_count"] = len(places)
        self._places[: len(places)] = [signed(each) for each in places]
        self._record["watch_count"] = len(watches)
        for row, each in zip(self._watches, watches, strict=False):
            kept = (row["kind"], row["address"], row["size"]) == (each.kind, each.address, each.size)
            row["kind"], row["address"], row["size"] = each.kind, each.address, each.size
            row["holders"] = row["holders"] if kept else 0
        self._watch(bool(watches))
        self._record["armed"] = 1
        self.clear()

    def disarm(self) -> None:
        """Nothing stops."""
        self._record["armed"] = 0
        self.clear()

    def clear(self) -> None:
        """What was met is done with."""
        self._record["at_place"] = self._record["access_count"] = 0

    def pass_none(self) -> None:
        """No core was stopped before."""
        self._lookers["passes_count"] = -1

    def pass_here(self, core: Core, pc: int) -> None:
        """A core goes on with the instruction that it stands in front of."""
        looker = self._lookers[core.index]
        looker["passes_pc"], looker["passes_count"] = signed(pc), core.record["count"]

    @property
    def met(self) -> bool:
        """Whether anything has been met since it was armed or cleared."""
        return bool(self._record["at_place"] or self._record["access_count"])

    @property
    def at_place(self) -> int | None:
        """The core that stands in front of a place, if one was stopped there."""
        return int(self._record["core"]) if self._record["at_place"] else None

    def accesses(self) -> list[Access]:
        """Those to what is watched, in their order; all are of one core, and have happened."""
        return [self._access(row) for row in self._accesses[: self._record["access_count"]]]

    def holders(self) -> Holders:
        """Who has which of the lines that are watched."""
        return self._watches["holders"].copy()

    def put_holders(self, holders: Holders | None) -> None:
        """As they were; None: nobody knows."""
        self._watches["holders"] = 0 if holders is None else holders

    def _access(self, row: Any) -> Access:
        holders = tuple(each for each in range(len(self._lookers)) if int(row["holders"]) >> each & 1)
        return Access(
            int(row["watch"]), int(self._record["core"]), int(row["pc"]) & MASK64, int(row["count"]), int(row["address"]),
            bool(row["writes"]), holders,
        )  # fmt: skip

    def _user(self, core: Core) -> int:
        return address_of(self._lookers) + core.index * LOOKER.itemsize

    def _watch(self, wanted: bool) -> None:
        """Have hooks on memory, or not: they cost, so nobody has them for nothing."""
        if wanted == bool(self._watching):
            return
        for cpu, slot in self._watching:
            cpu.drop_hook(slot)
        self._watching.clear()
        for core in self._machine.cores:
            if wanted:
                for kind, name in ((uc_const.UC_HOOK_MEM_READ, "load"), (uc_const.UC_HOOK_MEM_WRITE, "store")):
                    self._watching.append((core.cpu, core.cpu.add_hook(kind, HOOKS[name].address, self._user(core))))
            core.cpu.forget_all()
