"""The exploring gear: takes a boot machine over where it stands, and takes it back there as often as one wants.

It is the fast gear with three more hooks and other turns: instructions, loads and stores are seen; a core's stores to the words
that cores share wait in a buffer of its own; and a strategy says, behind each access to such a word, who goes on.
"""

import ctypes
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from unicorn import unicorn_const as uc_const

from emu.boot.explore.hot import hooks, loop, records
from emu.boot.explore.hot.sharing import WORD_SHIFT
from emu.boot.full.gear import check_memory
from emu.boot.full.linear import linear_address
from emu.boot.moment import Moment, forget_code
from emu.boot.session import Session
from emu.boot.unicorn_cpu import UnicornCpu
from emu.explore.strategy.records import STRATEGY
from emu.native import MASK64, address_of

ANSWER = ctypes.CFUNCTYPE(ctypes.c_int, *(ctypes.c_int64,) * 5)  # what compiled code calls Python by
HOOKS = {
    "code": hooks.on_code,
    "load": hooks.on_load,
    "store": hooks.on_store,
    "road_write": hooks.on_road_write,
}  # by what they are called here


KINDS = (("code", uc_const.UC_HOOK_CODE), ("load", uc_const.UC_HOOK_MEM_READ), ("store", uc_const.UC_HOOK_MEM_WRITE))


class ExploringGear:
    """A boot machine whose cores are held up by a strategy. `begin` takes it back to where it was taken over."""

    def __init__(self, session: Session) -> None:
        """Take it over; it stands at the first instruction of what is explored."""
        self.session, self._machine = session, session.machine
        check_memory(self._machine.ram.size)
        self._arrays: dict[str, Any] = {}
        self.explore = self._share("explore", 1, records.EXPLORE)[0]
        self.strategy = self._share("strategy", 1, STRATEGY)[0]
        self._wire()
        self._take_over()
        self._keep()

    def _share(self, name: str, length: int, dtype: Any) -> Any:
        self._arrays[name] = made = np.zeros(length, dtype)
        return made

    def _wire(self) -> None:
        explore, machine = self.explore, self._machine
        cores, ram = len(machine.cores), machine.ram
        frames, words = ram.size >> 12, ram.size >> 3
        explore["machine"], explore["core_count"] = machine.address, cores
        explore["ram"], explore["frames"] = ram.address, frames
        lengths = {
            "agents": (cores, records.AGENT), "pending": (cores * records.ROOM, records.PENDING),
            "seen": (cores * records.SEEN, records.SEEN_READ), "dirty": (frames, np.uint8), "log": (records.LOG_ROOM, np.uint8),
            "readers": (words, np.uint8), "writers": (words, np.uint8), "shared": (words, np.uint8),
            "owners": (words, np.uint8), "last": (records.LAST, records.LAST_ACCESS), "pairs": (records.PAIRS, np.uint8),
        }  # fmt: skip
        for name, (length, dtype) in lengths.items():
            explore[name] = address_of(self._share(name, length, dtype))
        explore["strategy"] = address_of(self._arrays["strategy"])
        self._pairs_known = np.zeros(records.PAIRS, np.uint8)
        self._across = ANSWER(self._mark_across)
        explore["across"] = ctypes.cast(self._across, ctypes.c_void_p).value
        self.strategy["agents"] = 2 * cores

    def _take_over(self) -> None:
        """Each core goes on where it is, in a new engine that has the hooks."""
        machine = self._machine
        machine.forget_code()
        for core, agent in zip(machine.cores, self._arrays["agents"], strict=True):
            agent["explore"], agent["cpu"], agent["index"] = address_of(self._arrays["explore"]), core.address, core.index
            at = self._agent_at(core.index)
            state = ctypes.string_at(core.cpu.env, core.cpu.context_bytes)
            cpu = UnicornCpu(core.cpu.pieces)
            for name, kind in KINDS:
                cpu.add_hook(kind, HOOKS[name].address, at)
            cpu.attach(core.address)
            core.take_cpu(cpu, state, at)
            core.forget_sites()
            machine.attach(core)
        machine.record["road_write"] = HOOKS["road_write"].address
        self.session.forget_marks()
        explore_at = address_of(self._arrays["explore"])
        machine.take_turns = lambda: loop.run(explore_at)

    def _agent_at(self, index: int) -> int:
        return address_of(self._arrays["agents"]) + index * records.AGENT.itemsize

    def _mark_across(self, index: int, physical: int, size: int, *unused: int) -> int:
        """A store reaches into the page behind: where that is, the tables say; an operand that is not found is every page."""
        core, pc = self._machine.cores[index], int(self._arrays["agents"][index]["pc"]) & MASK64
        found = linear_address(core.cpu, self._machine.code(core, pc, 15), pc, physical)
        second = None if found is None else self._machine.physical(core, (found | 0xFFF) + 1)
        if second is None:
            self._arrays["dirty"][:] = 1
        elif second >> 12 < len(self._arrays["dirty"]):
            self._arrays["dirty"][second >> 12] = 1
        return 0

    # the moment to which it goes back

    def _keep(self) -> None:
        self._ram = np.frombuffer(self._machine.ram.bytes, np.uint8).reshape(-1, records.PAGE)
        self._ram_then = self._ram.copy()
        self._console_then = len(self.session.console.content)
        self._moment = Moment(self.session)

    def begin(self, schedule: int) -> None:
        """Take the machine back to where it was taken over, and begin a schedule there."""
        self._put_ram_back()
        self._moment.put_back()
        loop.begin_at(address_of(self._arrays["explore"]), schedule)

    def _put_ram_back(self) -> None:
        """Frames that were written; translations of code that was there go."""
        dirty = np.flatnonzero(self._arrays["dirty"])
        self._ram[dirty] = self._ram_then[dirty]
        self._arrays["owners"].reshape(-1, records.PAGE >> WORD_SHIFT)[dirty] = 0
        forget_code(self._machine, dirty.tolist())
        self._arrays["dirty"][:] = 0

    def see(self, core: int) -> int:
        """RAM shows the view of a core, its pending stores in it, until another one runs; whose view it was before."""
        before = int(self.explore["running"])
        if core >= 0:
            loop.show_at(address_of(self._arrays["explore"]), core)
        return before

    # what a schedule was

    def choices(self) -> list[int]:
        """Who was chosen at each event."""
        chosen: list[int] = self._arrays["log"][: min(int(self.explore["log_count"]), records.LOG_ROOM)].tolist()
        return chosen

    def written(self) -> bytes:
        """What the guest has written to its console since the schedule began."""
        return bytes(self.session.console.content[self._console_then :])

    def digest(self) -> str:
        """Of all accesses to shared words in their order, of what each core has retired, and of the console."""
        digest = hashlib.blake2b(digest_size=8)
        digest.update(int(self.explore["digest"]).to_bytes(8, "little", signed=True))
        digest.update(self._machine.records["count"].tobytes())
        digest.update(self.written())
        return digest.hexdigest()

    def forget_pairs(self) -> None:
        """No pair of accesses has been seen yet."""
        self._arrays["pairs"][:] = 0

    def take_pairs(self) -> tuple[int, ...]:
        """Which ordered pairs of accesses of two cores to one word have been seen for the first time since the last look."""
        new = np.flatnonzero(self._arrays["pairs"] & ~self._pairs_known)
        self._pairs_known[new] = 1
        return tuple(int(each) for each in new)

    def memory_digest(self) -> str:
        """Of all of RAM, as the core that runs sees it."""
        return self._machine.ram.digest()

    @property
    def shared_words(self) -> int:
        """How many words the cores share."""
        return int(np.count_nonzero(self._arrays["shared"]))

    @contextmanager
    def stepping(self) -> Iterator[Callable[[], Any]]:
        """Keep the accesses to shared words of the schedules in the block; the function gives those of the last one."""
        steps = np.zeros(records.STEPS_ROOM, records.STEP)
        self.explore["step_log"] = address_of(steps)
        try:
            yield lambda: steps[: int(self.explore["step_count"])]
        finally:
            self.explore["step_log"] = 0
