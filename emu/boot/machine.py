"""The boot machine in the fast gear: cores that share RAM and a board of devices, run by compiled turns until something happens."""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import numpy as np

from emu.boot.board import Board
from emu.boot.core import Core
from emu.boot.devices.clock import NEVER
from emu.boot.hot import records, round_robin
from emu.boot.hot.records import CORE, DEAD, HALTED, MACHINE, RUNNING, U64
from emu.boot.identity import Answer, Identity
from emu.boot.loader.linux import Entry
from emu.boot.ram import Ram
from emu.engine import env
from emu.engine.unicorn_library import function_pointer
from emu.errors import InternalError
from emu.native import address_of

ALONE = 1 << 20  # quantum of a core that has nobody to pass its turn to
SLICE = 20_000_000  # instructions between two looks of Python's: Ctrl-C, progress
FOR_OTHERS = (
    records.STOP_CALL | records.STOP_SHUTDOWN | records.STOP_USER | records.STOP_UNSUPPORTED | records.STOP_MARK | records.STOP_LOOK
)  # reasons to stop that are not the machine's own affair
GENERAL_PROTECTION = 13
MSR_BYTES = 2  # of RDMSR and WRMSR
RDMSR = b"\x0f\x32"


class Halted(Exception):
    """Occurs when all cores are halted and no timer will wake one."""


# Makes an access of a core to a device take what a machine's latency of that name says.
Timed = Callable[[Core, str, Callable[..., Any]], Callable[..., Any]]


class Driver(Protocol):
    """Another gear, in which the machine runs: it has its own time."""

    def now(self) -> int:
        """The devices' clock."""

    def refresh(self) -> None:
        """A device has changed: which cores have an interrupt, and when a timer is due."""

    def interrupt(self) -> None:
        """Come back to whoever runs the machine."""


class Machine:
    """Cores, RAM, devices. `send` gets each byte that the guest writes to its serial port."""

    def __init__(
        self, ram: Ram, cores: int, identity: Identity, quantum: int, seed: int, exact: bool, send: Callable[[int], None]
    ) -> None:
        """As after power-on; `load` or a snapshot makes it ready."""
        self.ram, self.identity = ram, identity
        self.records = np.zeros(cores, CORE)
        self._machine = np.zeros(1, MACHINE)
        self.record: Any = self._machine[0]
        frames = ram.size >> 12
        self.code_pages, self.writers = np.zeros(frames, U64), np.zeros(frames, U64)
        self._wire(cores, quantum, seed, exact)
        self.cores = [Core(index, self.records[index], address_of(self._machine), ram.pieces) for index in range(cores)]
        self.driver: Driver | None = None  # another gear, that runs the machine from now on
        self.take_turns: Callable[[], None] = partial(round_robin.run, address_of(self._machine))
        self.ended: str | None = None  # how the machine ended: power off, reset
        self.slice = SLICE
        self.failure: BaseException | None = None  # of a device, raised when compiled code has come back
        self.unknown_msrs: set[int] = set()
        self.board = Board(cores, self.now, send, self._end, self._initialise, self._start)
        for core in self.cores:
            self.attach(core)
        self.refresh()

    def _wire(self, cores: int, quantum: int, seed: int, exact: bool) -> None:
        record, ram = self.record, self.ram
        record["cores"], record["core_count"] = address_of(self.records), cores
        record["ram"], record["ram_bytes"], record["low_bytes"] = ram.address, ram.size, ram.low_bytes
        record["void_at"] = ram.low_bytes
        record["code_pages"], record["writers"] = address_of(self.code_pages), address_of(self.writers)
        record["deadline"] = NEVER
        record["quantum"], record["exact"] = quantum if cores > 1 else max(quantum, ALONE), exact
        record["turn_full"] = record["turn_left"] = record["quantum"]
        record["random"] = np.uint64(seed * 0x9E3779B97F4A7C15 & 2**64 - 1)
        for name in ("emu_start", "emu_stop", "reg_read", "uc_ctl"):
            record[name] = function_pointer(name if name.startswith("uc_") else f"uc_{name}")

    def attach(self, core: Core, timed: Timed = lambda core, cycles, access: access) -> None:
        """Let a core reach the devices; `timed` is told of what time an access takes, and makes it take that."""
        board, index = self.board, core.index

        def read(access: Callable[..., Any]) -> Callable[..., Any]:
            return timed(core, "mmio_read", self._guard(access, 0))

        def write(access: Callable[..., Any]) -> Callable[..., Any]:
            return timed(core, "mmio_write", self._guard(access, None))

        def cpuid(leaf: int, subleaf: int) -> Answer:
            return self.identity.answer(index, leaf, subleaf)

        core.cpu.on_cpuid(cpuid)
        core.cpu.on_ports(read(board.ports.read), write(board.ports.write))
        core.cpu.on_memory(
            read(lambda address, size: board.read_memory(index, address, size)),
            write(lambda address, size, value: board.write_memory(index, address, size, value)),
            int(self.record["void_at"]),
        )

    def _guard(self, access: Callable[..., Any], otherwise: Any) -> Callable[..., Any]:
        """An access to a device: its failure ends the run, and what it changes is looked at."""

        def guarded(*arguments: int) -> Any:
            try:
                answer = access(*arguments)
                self.refresh()
                return answer
            except BaseException as error:
                self.failure = error
                self.interrupt()
                return otherwise

        return guarded

    def now(self) -> int:
        """The clock, in the middle of a turn too."""
        if self.driver is not None:
            return self.driver.now()
        core = self.records[self.record["turn"]]
        return int(self.record["now"] + max(core["count"], core["cut_end"]) - core["turn_start"])

    def refresh(self) -> None:
        """After a device has changed: which cores have an interrupt, and when a timer is due; a turn that lasts too long ends."""
        if self.driver is not None:
            self.driver.refresh()
            return
        board, record = self.board, self.record
        for core in self.cores:
            core.record["irq"] = board.wants(core.index)
            if board.apics[core.index].nmi:
                core.record["nmi"], board.apics[core.index].nmi = 1, False
        deadline = board.deadline()
        running = self.cores[record["turn"]]
        if deadline < record["deadline"] or running.record["irq"] or running.record["nmi"]:
            running.record["event"] |= records.EVENT_DEVICE
        record["deadline"] = deadline

    @property
    def address(self) -> int:
        """Host address of the record."""
        return address_of(self._machine)

    def forget_code(self) -> None:
        """No core has translations of code, nor may one write without asking: all have new engines."""
        self.code_pages[:] = 0
        self.writers[:] = 0

    def load(self, entry: Entry) -> None:
        """The first core is to begin there."""
        self.cores[0].enter(entry)

    def run(self, until: int) -> int:
        """Run a slice, at most to the time `until`, or until something happens that is not the machine's own affair; says what."""
        record = self.record
        record["slice_end"], record["stop_at"] = record["now"] + self.slice, until
        while True:
            self.take_turns()
            if self.failure is not None:
                raise self.failure
            core = self.cores[record["turn"]]
            match int(record["outcome"]):
                case records.DEADLINE:
                    self.board.tick(int(record["now"]))
                    self.refresh()
                case records.INTERRUPT:
                    self._take_interrupt(core)
                case records.ALL_HALTED:
                    self._pass_idle_time()
                case records.SLICE_DONE:
                    return 0
                case records.ENGINE_ERROR:
                    error = int(core.record["error"])
                    raise InternalError(f"Unicorn error {error} on core {core.index} at {core.cpu.get64(env.EIP):#x}")
                case _:
                    stop = self._look_after(core)
                    if stop or self.record["finished"]:
                        record["finished"] = 0
                        return stop

    def _take_interrupt(self, core: Core) -> None:
        if core.record["nmi"] and not core.record["nmi_blocked"]:
            core.record["nmi"], core.record["nmi_blocked"] = 0, 1
            vector = 2
        else:
            vector = self.board.acknowledge(core.index)
        self._deliver(core, vector, -1)
        self.refresh()

    def _deliver(self, core: Core, vector: int, code: int) -> None:
        if not round_robin.interrupt(core.address, vector, code):
            core.record["stop"] |= records.STOP_SHUTDOWN
            self.ended = "triple fault"

    def _pass_idle_time(self) -> None:
        """All cores are halted: the clock goes on to the next timer."""
        deadline = int(self.record["deadline"])
        if deadline >= NEVER or all(core.record["status"] in (DEAD, records.WAIT_FOR_SIPI) for core in self.cores):
            raise Halted
        self.record["now"] = max(int(self.record["now"]), deadline)

    def _look_after(self, core: Core) -> int:
        """What a hook stopped a core for; 0 if it is done with."""
        stop = int(core.record["stop"])
        if stop & records.STOP_SITE:
            core.add_site(int(core.record["new_site"]), int(core.record["new_site_kind"]))
        if stop & records.STOP_MSR:
            if (vector := self.access_msr(core)) is not None:
                self._deliver(core, vector, 0)
            else:
                self.skip(core, MSR_BYTES)
        if stop & records.STOP_SHUTDOWN:
            self.ended = "triple fault"
        return stop & FOR_OTHERS

    def access_msr(self, core: Core) -> int | None:
        """RDMSR or WRMSR of a register that Unicorn has not: ours, or the exception that it raises, #GP."""
        cpu = core.cpu
        number = cpu.get64(env.RCX) & 0xFFFFFFFF
        done = False
        if self.code(core, cpu.get64(env.EIP), MSR_BYTES) == RDMSR:
            value = core.msrs.read(number, self.now())
            if value is not None:
                cpu.put64(env.RAX, value & 0xFFFFFFFF)
                cpu.put64(env.RDX, value >> 32)
                done = True
        else:
            done = core.msrs.write(number, cpu.get64(env.RDX) << 32 & 2**64 - 1 | cpu.get64(env.RAX) & 0xFFFFFFFF)
        if done:
            return None
        self.unknown_msrs.add(number)
        return GENERAL_PROTECTION

    def skip(self, core: Core, size: int) -> None:
        """An instruction has been carried out here: it retires."""
        core.cpu.put64(env.EIP, core.cpu.get64(env.EIP) + size)
        core.record["count"] += 1
        core.record["turn_start"] += 1
        self.record["now"] += 1

    def code(self, core: Core, address: int, size: int) -> bytes:
        """Bytes that a core sees at a virtual address, as far as they are mapped."""
        found = bytearray()
        while len(found) < size:
            at = self.physical(core, address + len(found))
            if at is None:
                break
            found += self.ram.read(at, min(size - len(found), 0x1000 - (at & 0xFFF)))
        return bytes(found)

    def physical(self, core: Core, address: int) -> int | None:
        """A look at the page tables that leaves no trace in them."""
        if not core.cpu.get64(env.CR0) & env.PAGING:
            return address
        table = core.cpu.get64(env.CR3)
        for shift in (39, 30, 21, 12):
            at = (table & 0xFFFFFFFFFF000) + (address >> shift & 511) * 8
            table = int.from_bytes(self.ram.read(at, 8), "little")
            if not table & 1:
                return None
            if shift == 12 or (shift <= 30 and table & 0x80):
                mask = (1 << shift) - 1
                return table & 0xFFFFFFFFFF000 & ~mask | address & mask
        return None

    def instructions(self) -> int:
        """How many instructions all cores have retired."""
        return int(self.records["count"].sum())

    def interrupt(self) -> None:
        """Come back to whoever runs the machine, at the end of the block."""
        if self.driver is not None:
            self.driver.interrupt()
            return
        self.record["finished"] = 1
        self.cores[self.record["turn"]].record["event"] |= records.EVENT_DEVICE

    def _end(self, how: str) -> None:
        self.ended = how
        self.interrupt()

    def _initialise(self, core: int) -> None:
        self.cores[core].initialise()
        self.board.apics[core].reset()

    def _start(self, core: int, vector: int) -> None:
        self.cores[core].start(vector)


STATUS_WORDS = {RUNNING: "running", HALTED: "halted", DEAD: "halted with interrupts off", records.WAIT_FOR_SIPI: "not started"}
