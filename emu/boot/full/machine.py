"""The engine's machine under a real kernel: its cores are those of the boot machine, its text is decoded as it is met."""

import ctypes
from collections.abc import Sequence

import numpy as np

from emu.block import Array
from emu.boot.core import Core
from emu.boot.full import unicorn_hooks
from emu.boot.full.hot.records import FULL, GEAR, NO_EXCEPTION
from emu.boot.full.looks import FullLooks
from emu.boot.unicorn_cpu import UnicornCpu
from emu.engine.machine import Machine, Options, Start
from emu.engine.probes import LOGGED_EVENT, UNDER_LOCKS
from emu.engine.records import FRAME, LOCK, LOGGED, SITE
from emu.engine.text import Text
from emu.errors import InternalError, LimitReached
from emu.image import EMPTY_IMAGE
from emu.memory.bus import Bus
from emu.native import address_of

LOCKS_MAX = 1 << 14
SITES_MAX = 1 << 14
FRAMES_MAX = 1 << 13
WAKEUPS, SWITCHES = "wakeups", "context_switches"  # events that a kernel's roles may name
SYSTEM_CALLS = "system_calls"  # and the one that an instruction is by itself
LOG_ROOM = 1 << 16


class KernelMachine(Machine):
    """The engine's machine; `fulls` are what the full gear keeps of each core, `gear` what it keeps of all."""

    def __init__(
        self,
        bus: Bus,
        pool: Array,
        events: Sequence[str],
        routines: int,
        cores: Sequence[Core],
        options: Options,
        looks: FullLooks | None = None,
    ) -> None:
        """Take over boot cores, each with a new Unicorn instance that has the hooks of full detail, behind a debugger's.

        The marks are the events by name, and behind them so many routines of locks.
        """
        self._boot_cores, self._looks = cores, looks
        self.gear = np.zeros(1, GEAR)
        self.fulls = np.zeros(len(cores), FULL)
        marks = [*events, *(f"lock routine {number}" for number in range(routines))]
        text = Text(pool, 0, 0, 0, 0, marks, {}, EMPTY_IMAGE)
        super().__init__(bus, text, Start(cr3=0, primary_pc=0, secondary_pc=0), options)
        self.locks = self.share("locking.locks", np.zeros(LOCKS_MAX, LOCK))
        self.sites = self.share("locking.sites", np.zeros(SITES_MAX, SITE))
        self.share("locking.frames", np.zeros(FRAMES_MAX, FRAME))
        for name, value in (("count", 0), ("room", LOCKS_MAX), ("site_count", SITES_MAX), ("frame_room", FRAMES_MAX)):
            self.record["locking"][name] = value
        self.share("estimated", np.zeros(len(pool), np.int64))
        for name, role in ((WAKEUPS, LOGGED_EVENT | UNDER_LOCKS), (SWITCHES, LOGGED_EVENT)):
            if name in events:
                self.arrays["marks.roles"][text.mark(name)] = role
        self.log = self.share("log.at", np.zeros(LOG_ROOM, LOGGED))
        self.record["log"]["room"] = LOG_ROOM

    def take_log(self) -> Array:
        """The events since the last time."""
        if self.record["locking"]["frames_lost"]:
            raise LimitReached(f"more than {FRAMES_MAX * 3 // 4} calls of routines of locks have not returned: too many tasks wait")
        count = int(self.record["log"]["count"][0])
        if count > LOG_ROOM:
            raise InternalError(f"{count} events in one slice, and room for {LOG_ROOM}: please report it")
        self.record["log"]["count"] = 0
        taken: Array = self.log[:count].copy()
        return taken

    def _attach(self, core: Array, start: Start) -> None:
        index = int(core["index"][0])
        full, boot_core = self.fulls[index : index + 1], self._boot_cores[index]
        state = ctypes.string_at(boot_core.cpu.env, boot_core.cpu.context_bytes)
        cpu = UnicornCpu(boot_core.cpu.pieces)
        if self._looks is not None:
            self._looks.hook(cpu)
            full["stops"] = self._looks.address
        unicorn_hooks.attach(cpu, address_of(core))
        boot_core.take_cpu(cpu, state, address_of(full))
        core["uc"], core["env"] = cpu.handle, cpu.env
        core["companion"] = address_of(full)
        full["gear"], full["core"], full["cpu"] = address_of(self.gear), address_of(core), boot_core.address
        full["text_page"], full["fetched"], full["exception"] = -1, -1, NO_EXCEPTION
