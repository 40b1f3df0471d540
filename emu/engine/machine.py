"""The machine: N Unicorn cores, one bus, one set of flat records; `run` advances it slice by slice."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from emu.block import Array, Block
from emu.description import MachineFile
from emu.engine.interpreter.translation import PAGES, TRANSLATION
from emu.engine.lock_word import SLEEPING
from emu.engine.loop import finish_account
from emu.engine.loop import run as run_native
from emu.engine.park_records import PARK
from emu.engine.probe_file import NO_PROBES, Probes
from emu.engine.probes import BEGINS_RUN, ENDS_RUN, ERRNO, ERRNO_EVENT, PROBED_EVENT, SLOT, SPAN, SPIN, UNDER
from emu.engine.records import CORE, LOCK, MACHINE, PROBED, RUNNING, WAITING_FOR_STARTUP
from emu.engine.text import Text
from emu.engine.trace import RECENT
from emu.engine.trace_lines import close_part
from emu.engine.unicorn_core import UnicornCore
from emu.engine.unicorn_library import function_pointer
from emu.errors import InternalError
from emu.image import LOCK_KINDS
from emu.memory.bus import Bus
from emu.memory.records import RING, WATCH
from emu.native import MASK64, NEVER, address_of, mix, signed
from emu.timing.branch import Predictors
from emu.timing.pipeline import PIPELINE, new_pipelines
from emu.trace.file import Records
from emu.trace.record import TRACE_DTYPE

TRACE_RECORDS = 1 << 18
# What the engine itself takes from the latencies of a machine file; the rest is the memory system's.
LATENCIES = (
    "mispredict", "return_mispredict", "btb_l2_hit", "resteer", "mmio_read", "mmio_write", "ipi_flight",
    "interrupt_entry", "halt_exit",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Start:
    """Where the cores begin and what the engine must know of the guest's memory."""

    cr3: int
    primary_pc: int
    secondary_pc: int
    task_pointer_at: Sequence[int] = ()  # physical address of each core's current-task pointer
    task_base: int = 0
    task_stride: int = 1
    task_count: int = 0
    locks: Sequence[tuple[int, str]] = ()  # physical address, class
    lock_kind: str = LOCK_KINDS[0]
    sleeping_locks: frozenset[int] = frozenset()  # physical addresses of those among them that are sleeping locks
    probes: Probes = NO_PROBES


@dataclass(slots=True)
class Options:
    """What a run may set: bounds, stalls, the timer, tracing."""

    done_wanted: int = 1
    max_cycles: int = 10**11
    slice_cycles: int = 2_000_000
    run_ahead: bool = True
    park: bool = True  # cores that wait for a line are left alone where nobody asks for each of their instructions
    interpret: bool = True  # False: Unicorn carries out all instructions
    trace: bool = False
    timer_period: int = 0
    timer_phase: int = 0  # cycles to the first tick, of all cores; 0: a period
    stalls: dict[int, tuple[int, int]] = field(default_factory=dict)  # mark id -> (cycles, every)


class Machine(Block):
    """All cores and their shared state. `cores`, `locks` and `record` are live structured arrays; the bus is a block of its own."""

    def __init__(self, bus: Bus, text: Text, start: Start, options: Options) -> None:
        """Wire the cores to the bus, whose machine file is theirs; RAM must already hold the guest."""
        super().__init__(MACHINE)
        self.bus = bus
        self.text = text
        self.count = int(bus.record["cores"][0])
        self.cores = self.share("cores", np.zeros(self.count, CORE))
        self.locks = self.share("locking.locks", np.zeros(max(len(start.locks), 1), LOCK))
        self.trace = np.zeros(TRACE_RECORDS if options.trace else 0, TRACE_DTYPE)
        self.branch_outcomes = np.zeros(0, np.uint8)
        self._set_text(text, start)
        self._set_description(bus.description)
        self._set_options(options)
        self._set_recent(start.task_count)
        self._set_locks(start)
        self._set_probes(start)
        self._set_cores(start, options)

    def _set_text(self, text: Text, start: Start) -> None:
        self.record["bus"] = address_of(self.bus.record)
        self.record["core_count"] = self.count
        self.share("instructions", text.instructions, saved=False)
        for name in ("kernel_base", "kernel_bytes", "user_base", "user_bytes"):
            self.record["text"][name] = signed(getattr(text, name))
        for name in ("emu_start", "emu_stop"):
            self.record["unicorn"][name] = function_pointer(f"uc_{name}")
        self.record["secondary_pc"] = signed(start.secondary_pc)
        for name, value in (("base", signed(start.task_base)), ("stride", start.task_stride), ("count", start.task_count)):
            self.record["tasks"][name] = value

    def _set_description(self, description: MachineFile) -> None:
        for name in LATENCIES:
            self.record["costs"][name] = getattr(description.latencies, name).value
        table = np.array([tuple(dict(row).values()) for row in description.cpuid], np.int64)
        self.share("cpuid", table, saved=False)
        self.put(cpuid_rows=len(table))
        self.predictors = Predictors(self.count, **description.core.predictor)
        for index, array in enumerate((self.predictors.records, *self.predictors.arrays)):
            self.keep(f"predictors {index}", array)
        self.pipelines = self.keep("pipelines", new_pipelines(self.count, **description.core.depths))

    def _set_options(self, options: Options) -> None:
        for name in ("done_wanted", "max_cycles", "slice_cycles"):
            self.record[name] = getattr(options, name)
        self.record["run_ahead_max"] = max(int(self.record["costs"]["ipi_flight"][0]) - 1, 0)
        threads = self.bus.description.topology.threads_per_core
        self.record["threads_per_core"] = threads
        # Threads of a core feel each other's dispatch: none may run ahead.
        self.record["run_ahead"] = self.record["run_ahead_max"] if options.run_ahead and threads == 1 else 0
        self.record["end_at"] = NEVER
        self.record["unicorn"]["all_left"] = 0 if options.interpret else 1
        marks = len(self.text.marks)
        for name in ("marks.counts", "stalls.cycles", "stalls.every", "stalls.seen", "stalls.total"):
            self.share(name, np.zeros(max(marks, 1), np.int64))
        self.arrays["stalls.every"][:] = 1
        for mark, (cycles, every) in options.stalls.items():
            self.arrays["stalls.cycles"][mark], self.arrays["stalls.every"][mark] = cycles, every
        if options.trace:
            self._other_trace = np.zeros_like(self.trace)  # one is written while the other is read
            self.record["tracing"]["at"] = address_of(self.trace)
            self.record["tracing"]["capacity"] = len(self.trace)
            self.share("tracing.asked", np.zeros(self.count * RING, np.int64), saved=False)
            self.bus.log_moves()

    def _set_recent(self, tasks: int) -> None:
        """Room for the last events of each task, and of the idle ones together."""
        self.share("tracing.recent", np.zeros((tasks + 1, RECENT), TRACE_DTYPE))
        self.share("tracing.recent_counts", np.zeros(tasks + 1, np.int64))

    def _set_locks(self, start: Start) -> None:
        by_line = np.full(int(self.bus.record["lines"][0]), -1, np.int16)
        guards = {name: guard for guard, name in enumerate(start.probes.guards)}
        for index, (address, name) in enumerate(start.locks):
            if by_line[address >> 6] >= 0:
                raise InternalError(f"two locks on the line of physical address {address:#x}")
            by_line[address >> 6] = index
            self.locks[index]["address"] = address
            self.locks[index]["guard"] = guards.get(name, -1)
            for name in ("owner", "next", "site"):
                self.locks[index][name] = -1
            self.locks[index]["kind"] = SLEEPING if address in start.sleeping_locks else LOCK_KINDS.index(start.lock_kind)
        self.share("locking.of_line", by_line, saved=False)
        self.record["locking"]["count"] = len(start.locks)

    def _set_probes(self, start: Start) -> None:
        """Counters for the probes, and the marks and loads that feed them; a mark that the text does not have never comes."""
        probes, mark = start.probes, self.text.mark
        self.probes = probes
        self.spins, self.spans = np.zeros(len(probes.spins), SPIN), np.zeros(len(probes.spans), SPAN)
        self.unders, self.errnos = np.zeros(len(probes.unders), UNDER), np.zeros(len(probes.errnos), ERRNO)
        roles = np.zeros(max(len(self.text.marks), 1), np.uint8)
        probed = [(name, PROBED_EVENT) for name in probes.probed_events] + [(each.event, ERRNO_EVENT) for each in probes.errnos]
        for name, role in ((probes.done, ENDS_RUN), (probes.begun, BEGINS_RUN), *probed):
            if name is not None and mark(name) >= 0:
                roles[mark(name)] |= role
        for index, spin in enumerate(probes.spins):
            self.spins[index]["awaited_not"] = spin.awaited_not
            for address in self.text.image.loads(spin.routine, spin.load):
                row = self.text.instructions[self.text.index(address)]
                row["traits"] |= PROBED
                row["probe"] = index
        for span, record in zip(probes.spans, self.spans, strict=True):
            by_task = span.by == "task"
            slots = self.keep(f"slots of {span.name}", np.zeros(max(start.task_count if by_task else self.count, 1), SLOT))
            armed = -1 if span.armed is None else mark(span.armed)
            record["begin"], record["armed"], record["end"] = mark(span.begin), armed, mark(span.end)
            record["by_task"], record["settles"] = by_task, span.settles
            record["slots"], record["slot_count"] = address_of(slots), len(slots)
        for under, record in zip(probes.unders, self.unders, strict=True):
            record["mark"], record["guard"] = mark(under.event), probes.guards.index(under.lock)
        for errno, record in zip(probes.errnos, self.errnos, strict=True):
            record["mark"] = mark(errno.event)
        self.share("marks.roles", roles, saved=False)
        for name in ("spins", "spans", "unders", "errnos"):
            self.share(f"probes.{name}", getattr(self, name))
            self.record["probes"][f"{name[:-1]}_count"] = len(getattr(self, name))

    def _set_cores(self, start: Start, options: Options) -> None:
        self.cores["machine"] = address_of(self.record)
        for name in ("at", "watch", "startup_at", "arrival"):
            self.cores["irq"][name] = NEVER
        for name in ("current", "settling", "task", "task_pointer_at"):
            self.cores[name] = -1
        for name in ("acquiring", "failing", "releasing"):
            self.cores["locking"][name] = -1
        self.cores["spin"]["probed"] = self.cores["spin"]["probe"] = -1
        if options.park and not options.trace and int(self.record["threads_per_core"][0]) == 1:
            self._make_parks()
        translations = self.keep("translations", np.zeros((self.count, PAGES), TRANSLATION), saved=False)
        translations["page"] = -1
        self.cores["translations"] = address_of(translations) + translations[0].nbytes * np.arange(self.count)
        self.unicorns: list[UnicornCore] = []
        for index in range(self.count):
            core = self.cores[index : index + 1]
            core["predictor"] = address_of(self.predictors.records[index : index + 1])
            core["pipeline"] = address_of(self.pipelines[index : index + 1])
            core["index"] = index
            core["status"] = RUNNING if index == 0 else WAITING_FOR_STARTUP
            core["pc"] = signed(start.primary_pc)
            if start.task_pointer_at:
                core["task_pointer_at"] = start.task_pointer_at[index]
            if options.timer_period:
                core["irq"]["timer_period"] = options.timer_period
                core["irq"]["arrival"][0, 0xEF] = options.timer_phase or options.timer_period
                core["irq"]["at"] = core["irq"]["watch"] = core["irq"]["arrival"][0, 0xEF]
            self._attach(core, start)

    def _make_parks(self) -> None:
        """Room for how cores stood an iteration ago, and for what they wait for."""
        parks = self.share("parking.parks", np.zeros(self.count, PARK), saved=False)
        stood = self.keep("parked cores", np.zeros(self.count, CORE), saved=False)
        pipelines = self.keep("parked pipelines", np.zeros(self.count, PIPELINE), saved=False)
        for index in range(self.count):
            parks[index]["core"] = address_of(stood[index : index + 1])
            parks[index]["pipeline"] = address_of(pipelines[index : index + 1])
        self.bus.share("watching.watched", np.zeros(int(self.bus.record["lines"][0]), np.uint8), saved=False)
        watches = self.bus.share("watching.watches", np.zeros(self.count, WATCH), saved=False)
        watches["line"], watches["at"] = -1, NEVER

    def _attach(self, core: Array, start: Start) -> None:
        """Give a core, a record of an array of one, the Unicorn instance that carries out its instructions."""
        unicorn = UnicornCore(address_of(self.bus.ram), len(self.bus.ram), start.cr3)
        unicorn.install(address_of(core))
        core["uc"], core["env"] = unicorn.handle, unicorn.env
        self.unicorns.append(unicorn)

    def record_branches(self, outcomes: np.ndarray | None = None) -> None:
        """From here on, note in `branch_outcomes`, by the index of its instruction, which ways each branch goes.

        Machines of one image may share `outcomes`, a byte for each of text.
        """
        self.branch_outcomes = np.zeros(len(self.text.instructions), np.uint8) if outcomes is None else outcomes
        self.record["branch_outcomes"] = address_of(self.branch_outcomes)

    def run(self) -> int:
        """Advance by one slice; returns `record["outcome"]`."""
        run_native(address_of(self.record))
        self.bus.check()
        return int(self.record["outcome"][0])

    def take_trace(self, *, last: bool = False) -> Records:
        """The records since the last time, up to the first store of which it is still open whether it moves its line.

        They lie there until the next time. The `last` time no store will move a line any more.
        """
        if not len(self.trace):
            return self.trace
        records, count = self.trace, int(self.record["tracing"]["count"][0])
        end = close_part(address_of(self.record), last)
        self.trace, self._other_trace = self._other_trace, self.trace
        self.trace[: count - end] = records[end:count]
        self.record["tracing"]["at"], self.record["tracing"]["count"] = address_of(self.trace), count - end
        asked = self.arrays["tracing.asked"]
        np.maximum(asked - end, 0, out=asked)
        return records[: int(self.record["tracing"]["kept"][0])]

    @property
    def instructions(self) -> int:
        """Instructions retired so far by all cores."""
        return int(self.cores["instructions"].sum())

    @property
    def digest(self) -> str:
        """Of everything that the cores have executed, loaded and stored, and when: 32 hex digits."""
        low = high = 0
        for core in self.cores:
            low = mix(low, int(core["digest"]))
            high = mix(high, mix(int(core["digest"]), int(core["instructions"])))
        return f"{high & MASK64:016x}{low & MASK64:016x}"

    @property
    def cycles(self) -> int:
        """The time of the core that is furthest: its clock, or its last retirement."""
        return int(max(self.cores["clock"].max(), self.cores["retired_at"].max()))

    def probe(self, kind: str, name: str) -> np.void:
        """The live record of a probe: `kind` is spins, spans, unders or errnos."""
        names = [each.name for each in getattr(self.probes, kind)]
        record: np.void = getattr(self, kind)[names.index(name)]
        return record

    def begun(self, name: str) -> np.ndarray:
        """When the spans of a probe began that have not ended, one for each task or core; 0 for none."""
        since: np.ndarray = self.arrays[f"slots of {name}"]["since"]
        return since

    def counts(self, name: str) -> np.ndarray:
        """One of the per-mark arrays: marks.counts, stalls.seen, stalls.total."""
        return self.arrays[name]

    def last_events(self, task: int) -> np.ndarray:
        """The last events of a task, first to last; -1: of the idle tasks."""
        count, ring = int(self.arrays["tracing.recent_counts"][task + 1]), self.arrays["tracing.recent"][task + 1]
        newest_last: np.ndarray = np.roll(ring, -(count % RECENT))
        return newest_last[max(0, RECENT - count) :]

    def finish(self) -> None:
        """Bring every account up to the common end: each core's cycles, and the spins, waits and holds that still go on."""
        end = self.cycles
        for core in self.cores:
            self._finish_core(core, end)
        held = self.locks["owner"] >= 0
        self.locks["hold_cycles"][held] += end - self.locks["acquired_at"][held]
        self.locks["hold_cycles_max"][held] = np.maximum(self.locks["hold_cycles_max"], end - self.locks["acquired_at"])[held]
        self.locks["acquired_at"][held] = end

    def _finish_core(self, core: np.void, end: int) -> None:
        """A halted core was idle, another one still at its instruction."""
        finish_account(address_of(self.record), int(core["index"]), end)
        if core["spin"]["probe"] >= 0:
            self.spins[core["spin"]["probe"]]["cycles"] += end - core["spin"]["start"]
            core["spin"]["start"] = end
        for place in range(core["wait"]["depth"]):
            lock, waited = self.locks[core["wait"]["lock"][place]], end - core["wait"]["start"][place]
            lock["wait_cycles"] += waited
            lock["wait_cycles_max"] = max(lock["wait_cycles_max"], waited)
            core["wait"]["start"][place] = end
