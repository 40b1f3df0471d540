"""Stops of full detail for a debugger: places, steps, and memory that is touched."""

import ctypes
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from unicorn import unicorn_const as uc_const

from emu.boot.full.hot import looks as hot
from emu.boot.hot.looks import ON_CHANGE, ON_READ, ON_TRANSFER
from emu.boot.looks import Access, Watch
from emu.boot.unicorn_cpu import UnicornCpu
from emu.engine.machine import Machine
from emu.native import MASK64, address_of, signed

WIDEST = 64  # bytes of an access
MEMORY_HOOK = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_int, ctypes.c_uint64, ctypes.c_int, ctypes.c_int64, ctypes.c_void_p
)  # uc, access type, physical address, bytes, value, user data


class FullLooks:
    """The stops of one machine. `hook` is to be called with each of its engines."""

    def __init__(self, cores: int) -> None:
        """None yet."""
        self._stops = np.zeros(1, hot.STOPS)
        self.record: Any = self._stops[0]
        self._places = np.zeros(hot.PLACES_MAX, np.int64)
        self._passes = np.zeros(cores, hot.PASS)
        self.record["places"], self.record["passes"] = address_of(self._places), address_of(self._passes)
        self.record["step"] = self.record["accessed"] = -1
        self._cpus: list[UnicornCpu] = []
        self._watching: list[tuple[UnicornCpu, Any, object]] = []
        self._holders: dict[Watch, set[int]] = {}
        self.access: Access | None = None  # the first to what is watched since it was armed

    @property
    def address(self) -> int:
        """Host address of the record."""
        return address_of(self._stops)

    def hook(self, cpu: UnicornCpu) -> None:
        """An engine of the machine; they come in the order of their cores."""
        self._cpus.append(cpu)

    def arm(self, machine: Machine, places: Sequence[int], watches: Sequence[Watch], step: int | None) -> None:
        """Stop at these from now on; a core that is to step goes on with the instruction that it stands in front of."""
        record, self._machine, self._watches = self.record, machine, list(watches)
        record["place_count"], record["step"] = len(places), -1 if step is None else step
        self._places[: len(places)] = [signed(each) for each in places]
        if step is not None:
            self._passes[step] = machine.cores[step]["pc"], machine.cores[step]["instructions"]
        self._holders = {watch: self._holders.get(watch, set()) for watch in watches if watch.kind == ON_TRANSFER}
        for index, cpu in enumerate(self._cpus) if watches else ():
            for kind in (uc_const.UC_HOOK_MEM_READ, uc_const.UC_HOOK_MEM_WRITE):
                for number, watch in enumerate(watches):
                    hook = MEMORY_HOOK(partial(self._touched, index, number))
                    first, last = max(watch.address - WIDEST, 0), watch.address + watch.size - 1
                    pointer = ctypes.cast(hook, ctypes.c_void_p).value or 0
                    self._watching.append((cpu, cpu.add_hook(kind, pointer, 0, first=first, last=last), hook))
            cpu.forget_all()
        if watches:
            self._all_left = int(machine.record["unicorn"]["all_left"][0])
            machine.record["unicorn"]["all_left"] = 1  # so that the hooks hear of every access
        record["accessed"], record["met"], self.access = -1, hot.NOTHING, None
        record["armed"] = 1

    def disarm(self) -> None:
        """Nothing stops."""
        self.record["armed"] = 0
        for cpu, slot, _ in self._watching:
            cpu.drop_hook(slot)
        for cpu in {id(cpu): cpu for cpu, _, _ in self._watching}.values():
            cpu.forget_all()
        if self._watching:
            self._machine.record["unicorn"]["all_left"] = self._all_left
        self._watching.clear()

    def _touched(self, index: int, number: int, uc: int, kind: int, address: int, size: int, value: int, user: int) -> None:
        """A core reads or writes near what is watched, or there: the machine's own hook has let it."""
        watch, writes = self._watches[number], kind == uc_const.UC_MEM_WRITE
        if not (address < watch.address + watch.size and watch.address < address + size):
            return
        holders = tuple(sorted(self._holders.get(watch, ())))
        if self._matters(index, watch, address, size, value, writes=writes) and self.access is None:
            core = self._machine.cores[index]
            pc = int(core["current_pc"]) & MASK64
            self.access = Access(number, index, pc, int(core["instructions"]), address, writes, holders)
            self.record["accessed"] = index

    def _matters(self, index: int, watch: Watch, address: int, size: int, value: int, *, writes: bool) -> bool:
        if watch.kind == ON_TRANSFER:
            holders = self._holders[watch]
            moved = bool(holders - {index}) and (writes or index not in holders)
            self._holders[watch] = {index} if writes else holders | {index}
            return moved
        if watch.kind == ON_CHANGE:
            before = self._machine.bus.ram[address : address + size].tobytes()
            return writes and (size > 8 or before != (value & MASK64).to_bytes(8, "little")[:size])
        return watch.kind != ON_READ or not writes
