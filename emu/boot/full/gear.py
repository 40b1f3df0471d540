"""The full gear: takes a boot machine over where it stands, and runs it in full detail.

Compiled code runs the cores (`hot/loop.py`); here is what it comes back for: devices and their time, interrupts, code that has
not been met, MSRs, m5ops.
"""

import ctypes
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from emu.boot.core import Core
from emu.boot.full import unicorn_hooks
from emu.boot.full.agenda import Agenda
from emu.boot.full.decoder import Decoder
from emu.boot.full.hot import loop, records
from emu.boot.full.hot.records import I32, PAGE
from emu.boot.full.linear import linear_address
from emu.boot.full.looks import FullLooks
from emu.boot.full.machine import KernelMachine
from emu.boot.full.recorder import Recorder
from emu.boot.full.region_log import RegionLog
from emu.boot.hot import records as boot_records
from emu.boot.loader.memory_map import low_bytes
from emu.boot.machine import MSR_BYTES, Halted, Machine
from emu.description import MachineFile
from emu.engine import env
from emu.engine import records as rec
from emu.engine.machine import Options
from emu.errors import InternalError, UserError
from emu.memory.bus import Bus
from emu.native import MASK64, NEVER, address_of, signed
from emu.trace.record import Cause

SHUTDOWN = "triple fault"
SLICE_CYCLES = 3_000_000
DELAY_MAX = 2048  # cycles by which a seed puts a core off
C_MMIO = int(Cause.MMIO)
STATUS = {boot_records.RUNNING: rec.RUNNING, boot_records.HALTED: rec.HALTED}


def check_memory(ram_bytes: int) -> None:
    """Refuse more RAM than full detail knows: its records of lines have no hole for devices."""
    if low_bytes(ram_bytes) != ram_bytes:
        most = low_bytes(ram_bytes) >> 20
        raise UserError(f"full detail knows RAM below the hole for devices alone: --memory must be at most {most} MiB")


class FullGear:
    """A boot machine in full detail. It cannot go back."""

    def __init__(
        self,
        machine: Machine,
        description: MachineFile,
        decoder: Decoder,
        options: Options,
        seed: int = 0,
        recorder: Recorder | None = None,
        looks: FullLooks | None = None,
    ) -> None:
        """Take it over; `recorder` gets the records of a trace, which `options` ask for; `looks` are a debugger's."""
        self._boot, self.decoder, self._recorder = machine, decoder, recorder
        self.description = description
        self._megahertz = description.clock_hz.value // 1_000_000
        count = len(machine.cores)
        ram = np.frombuffer(machine.ram.bytes, np.uint8)
        bus = Bus(description, count, machine.ram.size, ram)
        self.machine = KernelMachine(bus, decoder.pool, decoder.events, len(decoder.routines), machine.cores, options, looks)
        self.agenda = Agenda(machine.board, machine.now(), self._megahertz, int(self.machine.record["costs"]["ipi_flight"][0]))
        self._slots: dict[int, np.ndarray] = {}  # by frame
        self._frames: dict[int, int] = {}  # by the address of the slots
        self._cycle = 0  # of the board's event that is happening
        self._acting: int | None = None  # the core that accesses a device
        self.interrupts = Counter[int]()
        self._delays: dict[int, int] = {}  # of cores that have not woken yet
        self.log = RegionLog(count, decoder.events, decoder.routines, partial(machine.physical, machine.cores[0]))
        self.failure: BaseException | None = None
        self._wire()
        self._take_over(seed)

    def _wire(self) -> None:
        """Records, and the functions by which compiled code calls Python."""
        gear, boot = self.machine.gear, self._boot
        self._frame_slots = np.zeros(boot.ram.size >> 12, np.int64)
        gear["machine"], gear["boot"] = address_of(self.machine.record), boot.address
        gear["frames"], gear["frame_slots"] = len(self._frame_slots), address_of(self._frame_slots)
        gear["ticks_base"], gear["megahertz"] = boot.now(), self._megahertz
        self.line_moves = np.zeros(int(self.machine.bus.record["lines"][0]), np.uint32)
        gear["line_moves"] = address_of(self.line_moves)
        self._callbacks = [unicorn_hooks.ANSWER(each) for each in (self._decode, self._find_linear, self._add_slots)]
        for name, each in zip(("decode", "find_linear", "add_slots"), self._callbacks, strict=True):
            gear[name] = ctypes.cast(each, ctypes.c_void_p).value
        for name in ("road_read", "road_write"):
            boot.record[name] = unicorn_hooks.HOOKS[name].address

    def _take_over(self, seed: int) -> None:
        """Each core goes on where it is; devices by the cores' time. A seed puts cores and timers off a little."""
        boot, cores = self._boot, self.machine.cores
        boot.forget_code()
        chance = np.random.default_rng(seed)
        for core, each in zip(boot.cores, cores, strict=True):
            status = int(core.record["status"])
            each["status"] = STATUS.get(status, rec.WAITING_FOR_STARTUP)
            each["pc"] = signed(core.cpu.get64(env.EIP))
            if seed:
                self._put_off(core, each, int(chance.integers(DELAY_MAX)), int(chance.integers(DELAY_MAX)))
            boot.attach(core, self._timed)
        boot.driver = self
        boot.board.bus.carry(self._carry)
        self.refresh()

    def _put_off(self, core: Core, each: np.void, delay: int, timer_delay: int) -> None:
        """A core begins some cycles later, one that is halted when it first wakes; and so does its timer."""
        if each["status"] == rec.RUNNING:
            each["clock"] = each["stalled"] = delay
        else:
            self._delays[core.index] = delay
        apic = self._boot.board.apics[core.index]
        if apic.deadline < NEVER:
            apic.deadline += timer_delay * 1000 // self._megahertz

    # what devices are told

    def now(self) -> int:
        """The devices' clock: of the access that is made, or of the event that happens."""
        return self.agenda.ticks(self._time())

    def _time(self) -> int:
        return self._cycle if self._acting is None else int(self.machine.cores[self._acting]["data_at"])

    def refresh(self) -> None:
        """A device has changed: which cores have an interrupt, and when the next event is; nothing passes that."""
        board, time = self._boot.board, self._time()
        for core, each in zip(self._boot.cores, self.machine.cores, strict=True):
            if board.apics[core.index].nmi:
                core.record["nmi"], board.apics[core.index].nmi = 1, False
            nmi = core.record["nmi"] and not core.record["nmi_blocked"]
            if not (nmi or board.wants(core.index)):
                each["irq"]["at"] = NEVER
            elif each["irq"]["at"] >= NEVER:
                each["irq"]["at"] = time
            if nmi:
                each["irq"]["masked"] = 0
            each["irq"]["watch"] = NEVER if each["irq"]["masked"] or each["irq"]["shadow"] else each["irq"]["at"]
        self.machine.gear["board_at"] = following = self.agenda.next()
        if self._acting is not None:
            acting = self.machine.cores[self._acting]
            for bound in ("limit", "horizon"):
                acting[bound] = min(int(acting[bound]), following - 1)

    def interrupt(self) -> None:
        """Come back to whoever runs the machine: at the end of the slice, which is now."""
        self.machine.record["end_at"] = min(int(self.machine.record["end_at"][0]), self._time() + 1)

    def _carry(self, origin: Any, target: Any, message: Any, deliver: Callable[[], None]) -> None:
        self.agenda.send(self._time(), origin, target, message, deliver)

    def _timed(self, core: Core, cycles: str, access: Callable[..., Any]) -> Callable[..., Any]:
        """An access to a device takes its time: all before it has retired, and nothing behind it is dispatched earlier."""
        record, cost = self.machine.cores[core.index], int(self.machine.record["costs"][cycles][0])

        def timed(*arguments: int) -> Any:
            at = max(int(record["start"]), int(record["operands_at"]), int(record["retired_at"])) + cost
            record["data_at"] = at
            if at > record["barrier"]:
                record["barrier"], record["barrier_cause"] = at, C_MMIO
            self._acting = core.index
            try:
                return access(*arguments)
            finally:
                self._acting = None

        return timed

    # what compiled code asks

    def _decode(self, index: int, pc: int, *unused: int) -> int:
        """A record for the instruction at a virtual address; 0 if that has failed."""
        try:
            slots_at = int(self.machine.cores[index]["text_slots"])
            frame, offset = self._frames[slots_at], pc & (PAGE - 1)
            page = self._boot.ram.read(frame << 12, PAGE)
            beyond = b"" if offset < PAGE - 15 else self._boot.code(self._boot.cores[index], ((pc >> 12) + 1 << 12) & MASK64, 15)
            return self.decoder.decode(page, offset, pc & MASK64, self._slots[frame], beyond)
        except BaseException as error:
            self.failure = error
            return 0

    def _find_linear(self, index: int, physical: int, *unused: int) -> int:
        """Where the access of the instruction in flight is that begins at a physical address; 0: it was found."""
        try:
            core = self._boot.cores[index]
            code = self._boot.code(core, int(self.machine.cores[index]["current_pc"]) & MASK64, 15)
            found = linear_address(core.cpu, code, int(self.machine.cores[index]["current_pc"]) & MASK64, physical)
            self.machine.fulls[index]["linear"] = 0 if found is None else signed(found)
            return 1 if found is None else 0
        except BaseException as error:
            self.failure = error
            return 1

    def _add_slots(self, index: int, frame: int, *unused: int) -> int:
        """A frame has code."""
        slots = self._slots.get(frame)
        if slots is None:
            slots = self._slots[frame] = np.zeros(PAGE, I32)
            self._frames[address_of(slots)] = frame
        self._frame_slots[frame] = address_of(slots)
        return 0

    # running

    def run(self) -> int:
        """Run a slice, or until something is for whoever runs the machine: SLICE_DONE, RUN_DONE or CALL."""
        gear, machine = self.machine.gear, self.machine
        while True:
            loop.run(address_of(gear))
            machine.bus.check()
            if machine.record["log"]["count"]:
                self.log.follow(machine.take_log())
            failure = self.failure or self._boot.failure
            if failure is not None:
                raise failure
            outcome, index = int(machine.record["outcome"][0]), int(machine.record["outcome_core"][0])
            core = self._boot.cores[index]
            match outcome:
                case records.BOARD:
                    self._cycle = int(gear["board_at"][0])
                    self.agenda.happen(self._cycle)
                    self.refresh()
                case records.INTERRUPT:
                    self._take_interrupt(core)
                case records.MSR:
                    self._access_msr(core)
                case rec.TRACE_FULL:
                    self.flush_trace()
                    return rec.SLICE_DONE
                case rec.DEADLOCK:
                    raise Halted
                case rec.SLICE_DONE | rec.RUN_DONE | records.CALL:
                    return outcome
                case records.SHUTDOWN:
                    self._boot.ended = SHUTDOWN
                    return rec.RUN_DONE
                case _:
                    error = int(machine.fulls[index]["error"])
                    raise InternalError(
                        f"outcome {outcome}, stop {machine.cores[index]['stop']}, Unicorn error {error} on core {index} at "
                        f"{int(machine.cores[index]['pc']) & MASK64:#x}"
                    )

    def flush_trace(self, *, last: bool = False) -> None:
        """Hand over what the trace has since the last time."""
        records = self.machine.take_trace(last=last)
        if self._recorder is not None:
            self._recorder.take(records)

    def _take_interrupt(self, core: Core) -> None:
        each = self.machine.cores[core.index]
        self._cycle = int(each["clock"])
        if core.record["nmi"] and not core.record["nmi_blocked"]:
            core.record["nmi"], core.record["nmi_blocked"] = 0, 1
            vector = 2
        else:
            vector = self._boot.board.acknowledge(core.index)
        self.interrupts[vector] += 1
        each["irq"]["at"] = NEVER
        if (delay := self._delays.pop(core.index, 0)) > 0:
            each["clock"] += delay
            each["stalled"] += delay
        self._deliver(core, vector, -1)
        self.refresh()

    def _deliver(self, core: Core, vector: int, code: int) -> None:
        if not loop.interrupt(address_of(self.machine.cores[core.index : core.index + 1]), vector, code):
            self._boot.ended = SHUTDOWN

    def _access_msr(self, core: Core) -> None:
        each = self.machine.cores[core.index]
        core.cpu.put64(env.EIP, int(each["pc"]))
        self._cycle = int(each["clock"])
        vector = self._boot.access_msr(core)
        if vector is None:
            self.skip(core, MSR_BYTES)
        else:
            each["current"] = -1
            self._deliver(core, vector, 0)

    def count_instructions(self) -> None:
        """What the cores have retired here counts in the boot machine too."""
        for core, each in zip(self._boot.cores, self.machine.cores, strict=True):
            core.record["count"] += int(each["instructions"])
            core.cpu.put64(env.EIP, int(each["pc"]) & MASK64)

    def skip(self, core: Core, size: int) -> None:
        """An instruction has been carried out here: it retires with the next step."""
        each = self.machine.cores[core.index]
        each["pc"] += size
        each["stage"] = rec.FRESH
        core.cpu.put64(env.EIP, int(each["pc"]) & MASK64)
