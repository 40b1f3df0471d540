"""The formats by name, and the one way in which each is written: whole, or not at all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from emu.export.clock import Clock
from emu.export.timeline import Progress, Timeline
from emu.files import Output
from emu.trace.file import TraceFile


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants of an export."""

    clock: Clock = Clock.CYCLES


Writer = Callable[[TraceFile, BinaryIO, Asked, Progress], None]


def _perfetto(trace: TraceFile, file: BinaryIO, asked: Asked, progress: Progress) -> None:
    from emu.export.perfetto import PerfettoSink

    Timeline(trace, PerfettoSink(file, asked.clock, trace.header.clock_hz)).draw(asked.clock.words(), progress)


FORMATS: Mapping[str, Writer] = {"perfetto": _perfetto}


def export(trace: TraceFile, name: str, output: Output, asked: Asked, progress: Progress) -> None:
    """Write a trace in one of the formats; what goes wrong leaves nothing behind."""
    try:
        with output.open() as file:
            FORMATS[name](trace, file, asked, progress)
        output.commit()
    except OSError as error:
        raise output.cannot(error) from None
    finally:
        output.discard()
