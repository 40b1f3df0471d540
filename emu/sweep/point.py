"""The run of a point, from options by their names in a sweep's file: of a variant, or of a real kernel."""

import re
import shlex
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from emu.boot.build import read_inputs
from emu.boot.spec import BootSpec
from emu.compare.comparison import HOLD, QUANTITIES, SPIN, WAIT, WAKEUP, seed_varies
from emu.compare.kernel_comparison import SEED_VARIES
from emu.compare.kernel_runs import REGION, RegionRun
from emu.description import load_machine
from emu.errors import UserError
from emu.run.experiment_spec import DEFAULT_MACHINE, Experiment, Stall
from emu.run.overrides import Override, apply_overrides, parse_override
from emu.run.run_kind import RUN
from emu.runner.kind import Kind
from emu.subjects.kernel.detail import RegionSpec, region_marks
from emu.subjects.kernel.result import DetailResult

Value = int | float | str
Given = Mapping[str, Value]
Quantity = Callable[[Any], float | None]
SET = "set."  # in front of the name of a figure of the machine file
SCALES = ("cores", "threads")
_PLACE = re.compile(r"\{(\w+)\}")


class Subject(ABC):
    """What runs at the points of a sweep, and what is shown of it."""

    named: ClassVar[str]  # the option that says which
    words: ClassVar[tuple[str, ...]]  # options that are text
    numbers: ClassVar[tuple[str, ...]]  # and those that are numbers
    items: ClassVar[str]  # what a rate counts
    columns: ClassVar[Mapping[str, str]]  # quantities beside the rate, as they are headed
    columns_are: ClassVar[str]
    kind: ClassVar[Kind[Any, Any]]  # of its runs
    quantities: ClassVar[Mapping[str, Quantity]]  # figures of a run, the rate first

    @abstractmethod
    def call(self, given: Given, symbols: Mapping[str, str]) -> Any:
        """The run of a point; what cannot be run is a `UserError`."""

    @abstractmethod
    def with_seed(self, call: Any, seed: int) -> Any:
        """The same with another seed."""

    @abstractmethod
    def seed_varies(self, call: Any) -> str:
        """What a seed changes, in words."""


class Variants(Subject):
    """Variants of the message path, with a workload."""

    named = "variant"
    words = ("variant", "machine", "workload", "placement", "queues", "types", "preempt", "stall")
    numbers = (*SCALES, "threads_per_core", "messages", "tick")
    items = "messages"
    columns: ClassVar[Mapping[str, str]] = {HOLD: "hold", WAIT: "wait", SPIN: "spin", WAKEUP: "wakeup"}
    columns_are = "cycles"
    kind = RUN
    quantities = QUANTITIES

    def call(self, given: Given, symbols: Mapping[str, str]) -> Experiment:
        """See `Subject`."""
        from emu.assembly import get_variant

        names = (*SCALES, "messages", "variant", "machine", "workload", "placement", "queues", "types", "preempt")
        asked: dict[str, Any] = {name: given[name] for name in names if name in given} | _scales(given)
        _positive("messages", asked)
        stalls = (Stall.parse(str(given["stall"])),) if "stall" in given else ()
        made = Experiment(**asked, tick_hz=int(given.get("tick", 0)), overrides=_overrides(given), stalls=stalls)
        get_variant(made.variant)
        apply_overrides(load_machine(made.machine), made.overrides)
        return made

    def with_seed(self, call: Experiment, seed: int) -> Experiment:
        """See `Subject`."""
        return replace(call, seed=seed)

    def seed_varies(self, call: Experiment) -> str:
        """See `Subject`."""
        return seed_varies(call.placement or "", call.tick_hz)


class Kernels(Subject):
    """Real kernels, a region of a program in each."""

    named = "kernel"
    words = ("kernel", "machine", "program", "from", "to")
    numbers = (*SCALES, "threads_per_core", "per", "per_thread")
    items = "items"
    columns: ClassVar[Mapping[str, str]] = {
        "lock_wait_cycles_per_item": "lock wait",
        "idle_cycles_per_item": "idle",
        "instructions_per_item": "instructions",
        "wakeups_per_item": "wakeups",
        "context_switches_per_item": "switches",
    }
    columns_are = "an item"
    kind = REGION

    quantities: ClassVar[Mapping[str, Quantity]] = {
        "items_per_second": lambda run: run.items_per_second,
        "lock_wait_cycles_per_item": lambda run: _an_item(run, run.measured.cycles_by_state.get("lock_wait", 0)),
        "idle_cycles_per_item": lambda run: _an_item(run, run.measured.cycles_by_state.get("idle", 0)),
        "instructions_per_item": lambda run: _an_item(run, run.measured.instructions),
        "wakeups_per_item": lambda run: _an_item(run, run.wakeups),
        "context_switches_per_item": lambda run: _an_item(run, run.context_switches),
    }

    def call(self, given: Given, symbols: Mapping[str, str]) -> RegionRun:
        """See `Subject`."""
        for name in ("program", "from"):
            if name not in given:
                raise UserError(f"a kernel needs {name}: {'what it runs' if name == 'program' else 'a mark, such as work_begin'}")
        machine = str(given.get("machine", DEFAULT_MACHINE))
        scales = {"cores": load_machine(machine).topology.processors, **_scales(given)}
        program = _program(str(given["program"]), scales)
        kernel = Path(str(given["kernel"]))
        spec = BootSpec(kernel, scales["cores"], program=Path(program[0]), arguments=tuple(program[1:]), machine=machine)
        beside = symbols.get(str(given["kernel"]))
        if beside is not None and not Path(beside).is_file():
            raise UserError(f"symbols {beside}: there is no such file; give the System.map of the kernel's build")
        start, stop = region_marks(str(given["from"]), None if "to" not in given else str(given["to"]), dashes="")
        region = RegionSpec(start, stop, _items(given, scales), None if beside is None else Path(beside))
        made = RegionRun(spec, region, _overrides(given))
        apply_overrides(load_machine(machine), made.overrides)
        _can_be_read(replace(spec, cpus=1))
        return made

    def with_seed(self, call: RegionRun, seed: int) -> RegionRun:
        """See `Subject`."""
        return replace(call, region=replace(call.region, seed=seed))

    def seed_varies(self, call: RegionRun) -> str:
        """See `Subject`."""
        return SEED_VARIES


VARIANTS, KERNELS = Variants(), Kernels()
SUBJECTS: tuple[Subject, ...] = (VARIANTS, KERNELS)


def _an_item(run: DetailResult, total: float) -> float | None:
    return None if run.items is None else total / run.items


def _scales(given: Given) -> dict[str, int]:
    """Cores and threads, as far as they are said."""
    found = {name: int(given[name]) for name in SCALES if name in given}
    if "threads_per_core" in given:
        if "threads" in given:
            raise UserError("threads and threads_per_core say the same: leave one of them")
        if "cores" not in given:
            raise UserError("threads_per_core needs cores")
        found["threads"] = int(given["threads_per_core"]) * int(given["cores"])
    for name in SCALES:
        _positive(name, found)
    return found


def _positive(name: str, given: Mapping[str, Any]) -> None:
    if name in given and given[name] < 1:
        raise UserError(f"{name} must be 1 or more, not {given[name]}")


def _overrides(given: Given) -> tuple[Override, ...]:
    return tuple(parse_override(f"{name.removeprefix(SET)}={value}") for name, value in given.items() if name.startswith(SET))


def _program(text: str, scales: Mapping[str, int]) -> list[str]:
    """Its words; {threads} and {cores} in them are numbers of the point."""

    def number(place: re.Match[str]) -> str:
        if place[1] not in scales:
            raise UserError(f"program: there is no {place[0]}: wanted {', '.join(f'{{{name}}}' for name in scales)}")
        return str(scales[place[1]])

    try:
        words = [_PLACE.sub(number, word) for word in shlex.split(text)]
    except ValueError as error:
        raise UserError(f"program {text!r}: {error}") from None
    if not words:
        raise UserError("program must be a file and its arguments")
    if "threads" in scales and "{threads}" not in text:
        raise UserError("threads of a kernel's program have an effect only where it is told of them: write {threads} in program")
    return words


def _items(given: Given, scales: Mapping[str, int]) -> int:
    """How many the program does in the region."""
    if ("per" in given) == ("per_thread" in given):
        raise UserError(
            "a kernel needs per, how many items the program does from mark to mark, or per_thread, how many each thread"
        )
    _positive("per", given)
    _positive("per_thread", given)
    if "per" in given:
        return int(given["per"])
    if "threads" not in scales:
        raise UserError("per_thread needs threads")
    return int(given["per_thread"]) * scales["threads"]


@cache
def _can_be_read(spec: BootSpec) -> None:
    read_inputs(spec)
