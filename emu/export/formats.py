"""The formats by name, and the one way in which each is written: whole, or not at all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from emu.errors import UserError
from emu.export.clock import Clock
from emu.export.folded import write_folded
from emu.export.ftrace import Ftrace
from emu.export.speedscope import write_speedscope
from emu.export.stacks import Stacks, Weight
from emu.export.timeline import Timeline
from emu.export.walk import Progress
from emu.files import Output
from emu.trace.file import TraceFile


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants of an export."""

    clock: Clock = Clock.CYCLES
    weight: Weight = Weight.CYCLES


Writer = Callable[[TraceFile, BinaryIO, Asked, Progress], None]


def _perfetto(trace: TraceFile, file: BinaryIO, asked: Asked, progress: Progress) -> None:
    from emu.export.perfetto import PerfettoSink

    Timeline(trace, PerfettoSink(file, asked.clock, trace.header.clock_hz)).draw(asked.clock.words(), progress)


def _chrome(trace: TraceFile, file: BinaryIO, asked: Asked, progress: Progress) -> None:
    from emu.export.chrome import ChromeSink

    sink = ChromeSink(file, asked.clock, trace.header.clock_hz)
    Timeline(trace, sink).draw(asked.clock.words(), progress)
    sink.close()


def _ftrace(trace: TraceFile, file: BinaryIO, asked: Asked, progress: Progress) -> None:
    Ftrace(trace, asked.clock).write(file, progress)


def _folded(trace: TraceFile, file: BinaryIO, asked: Asked, progress: Progress) -> None:
    write_folded(Stacks(trace, asked.weight).read(progress), file)


def _speedscope(trace: TraceFile, file: BinaryIO, asked: Asked, progress: Progress) -> None:
    write_speedscope(Stacks(trace, asked.weight).read(progress), file, trace.header, asked.weight.value)


@dataclass(frozen=True, slots=True)
class Format:
    """A format, and which options mean something to it."""

    write: Writer
    options: tuple[str, ...]
    why: str  # what else it has


_TIMES = ("--clock",), "it has times, not weights"
_WEIGHTS = ("--weight",), "it has weights of call stacks, not times"
FORMATS: Mapping[str, Format] = {
    "perfetto": Format(_perfetto, *_TIMES),
    "chrome": Format(_chrome, *_TIMES),
    "ftrace": Format(_ftrace, *_TIMES),
    "folded": Format(_folded, *_WEIGHTS),
    "speedscope": Format(_speedscope, *_WEIGHTS),
}


def export(trace: TraceFile, name: str, output: Output, asked: Asked, progress: Progress) -> None:
    """Write a trace in one of the formats; what goes wrong leaves nothing behind."""
    if asked.clock is Clock.NS and not trace.header.clock_hz:
        raise UserError(f"trace {trace.path}: it does not say how long a cycle is, so --clock ns cannot be; --clock cycles can")
    try:
        with output.open() as file:
            FORMATS[name].write(trace, file, asked, progress)
        output.commit()
    except OSError as error:
        raise output.cannot(error) from None
    finally:
        output.discard()
