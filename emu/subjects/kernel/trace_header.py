"""The header of a region's trace: names for every number that its records hold, as far as the kernel tells them."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence

from emu.boot.full.gear import FullGear
from emu.boot.full.recorder import Recorder
from emu.elf.kernel_file import KERNEL_HALF
from emu.elf.symbols import SymbolTable
from emu.subjects.kernel.lock_names import NamedLock
from emu.subjects.kernel.names import Names
from emu.subjects.kernel.places import Places
from emu.trace.header import LockName, Region, Symbol, TaskName, TraceHeader
from emu.units import LINE_BYTES, line_of

USER = "user"
NO_LOCK = "no lock"  # a word that was taken as a spin lock is, and never released as one


def trace_header(
    gear: FullGear, recorder: Recorder, kernel: Names, places: Places, locks: Sequence[NamedLock], arguments: str
) -> TraceHeader:
    """Of a region that is over. `arguments` are the command line that made it."""
    names = {word: lock.name for lock in locks for word in lock.words}
    found = gear.machine.locks[: int(gear.machine.record["locking"]["count"][0])]["address"].tolist()
    return TraceHeader(
        variant=kernel.release(),
        machine=gear.description.name,
        cores=gear.machine.count,
        arguments=arguments,
        symbols=tuple(_functions(recorder.instructions, kernel.symbols)),
        instructions=recorder.instructions,
        marks=tuple(gear.decoder.events),
        locks=tuple(LockName(names.get(word, NO_LOCK), word) for word in found),
        tasks=tuple(TaskName(f"{task.comm}/{number}", task.address) for number, task in enumerate(recorder.tasks)),
        regions=tuple(_regions(recorder.addresses, places)),
        clock_hz=gear.description.clock_hz.value,
    )


def _functions(instructions: Mapping[int, str], symbols: SymbolTable | None) -> Iterable[Symbol]:
    """User space in one piece, and the functions of the kernel that were executed, each to where the next symbol is."""
    found = {USER: Symbol(USER, 0, KERNEL_HALF)}
    if symbols is None:
        return found.values()
    starts = sorted({address for address, _ in symbols})
    for address in instructions:
        place = symbols.at(address)
        if place is not None:
            begin = address - place[1]
            found[place[0]] = Symbol(place[0], begin, starts[bisect_right(starts, begin)] - begin)
    return found.values()


def _regions(addresses: Iterable[int], places: Places) -> Iterable[Region]:
    """The objects that were accessed, as far as one after the other is known; each reaches to the end of the last line that was."""
    found = dict[int, Region]()
    for address in addresses:
        place = places.line(address)
        if place is None:
            continue
        begin = address - place.offset
        end = line_of(address) + LINE_BYTES
        found[begin] = Region(place.struct or place.name, begin, end - begin)
    return found.values()
