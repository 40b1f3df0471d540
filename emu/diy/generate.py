"""The text of a test from a cycle: threads, columns and the final condition, for both dialects."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from emu.diy.cycle import THREADS_MAX, Cycle
from emu.diy.edge import WORD
from emu.diy.events import Event, Plan, plan
from emu.diy.spelling import SPELLINGS, Spelling
from emu.errors import UserError


def render(cycle: Cycle, architecture: str, name: str | None = None) -> str:
    """The test of a cycle: X86 in Intel order or X86_64 in AT&T order; raises `UserError` where there is none."""
    placed, spelling = plan(cycle), SPELLINGS[architecture]
    if len(placed.threads) + len(placed.observed) > THREADS_MAX:
        raise UserError(
            f'no test for "{cycle}": with the threads that watch {", ".join(placed.observed)} it has '
            f"{len(placed.threads) + len(placed.observed)}; the most is {THREADS_MAX}"
        )
    writers = [_Thread(number, spelling, placed) for number in range(len(placed.threads))]
    columns = [_write(writer, events) for writer, events in zip(writers, placed.threads, strict=True)]
    registers = [equal for writer in writers for equal in writer.equals]
    for number, (location, values) in enumerate(placed.observed.items(), start=len(columns)):
        observer = _Thread(number, spelling, placed)
        columns.append([observer.watch(location, value) for value in values])
        registers += observer.equals
    finals = [spelling.final(name, placed.finals[name]) for name, stores in placed.stores.items() if stores > 1]
    initial = " ".join(f"uint32_t {name};" for name in placed.stores)
    condition = " /\\ ".join([*finals, *registers])
    lines = [
        f"{architecture} {name or cycle.name}",
        f'"{cycle}"',
        "Generator=emu diy",
        "{",
        *([initial] if placed.mixed else []),
        "}",
        *_table(columns),
        f"exists ({condition})",
    ]
    return "\n".join(lines) + "\n"


def render_all(cycles: Iterable[Cycle], architectures: Sequence[str]) -> tuple[dict[str, str], list[UserError]]:
    """Tests by name, in the architectures by turns, and why the others have none; a name's second test gets 001 behind it."""
    texts: dict[str, str] = {}
    refused: list[UserError] = []
    taken: Counter[str] = Counter()
    for cycle in cycles:
        number = taken[cycle.name]
        name = f"{cycle.name}{number:03}" if number else cycle.name
        try:
            texts[name] = render(cycle, architectures[len(texts) % len(architectures)], name)
        except UserError as error:
            refused.append(error)
        else:
            taken[cycle.name] += 1
    return texts, refused


class _Thread:
    """Writes the instructions of one thread and hands out its registers."""

    def __init__(self, number: int, spelling: Spelling, placed: Plan) -> None:
        self.equals: list[str] = []
        self.spelling, self._number = spelling, number
        own = placed.threads[number] if number < len(placed.threads) else ()
        accumulator = any(event.after.instruction == "cmpxchg" for event in own)
        self._free = list(spelling.registers[accumulator:])
        self._shared = {name for name, stores in placed.stores.items() if stores}

    def watch(self, location: str, value: int) -> str:
        """A load of an observer."""
        register = self._take()
        self._expect(register, value)
        return self.spelling.load(location, (0, WORD), register)

    def event(self, event: Event) -> list[str]:
        """The lines of a load or a store; a locked instruction is written where its load is."""
        if event.before.kind == "rmw":
            return []
        if event.direction == "W":
            return self._store(event)
        register = self._take()
        if event.location in self._shared:
            self._expect(register, event.value)
        return [self.spelling.load(event.location, event.part, register)]

    def locked(self, load: Event, store: Event) -> list[str]:
        """One locked instruction that is both events."""
        instruction = load.after.instruction
        if instruction == "inc":  # does not say what it read
            return [self.spelling.increment(load.location, load.part)]
        register = self._take()
        self._expect(register, load.value)
        if instruction == "cmpxchg":
            return self.spelling.compare(load.location, load.part, load.value, store.value, register)
        mask = (1 << 8 * load.access.size) - 1
        operand = (store.value - load.value) & mask if instruction == "xadd" else store.value
        return self.spelling.exchange(instruction, load.location, load.part, operand, register)

    def _store(self, event: Event) -> list[str]:
        if event.access.locked:
            return self.spelling.exchange("xchg", event.location, event.part, event.value, self._take())
        return [self.spelling.store(event.location, event.part, event.value)]

    def _take(self) -> str:
        if not self._free:
            raise UserError(f"thread {self._number} of the cycle loads more often than there are registers")
        return self._free.pop(0)

    def _expect(self, register: str, value: int) -> None:
        self.equals.append(f"{self._number}:{self.spelling.whole(register)}={value}")


def _write(writer: _Thread, events: Sequence[Event]) -> list[str]:
    lines: list[str] = []
    for number, event in enumerate(events):
        if event.after.kind == "rmw":
            lines += writer.locked(event, events[number + 1])
        else:
            lines += writer.event(event)
        if event.after.program_order and event.after.kind != "po":
            lines.append(writer.spelling.fence(event.after.kind))
    return lines


def _table(columns: Sequence[Sequence[str]]) -> list[str]:
    """Rows of the code, one column a thread, as wide as its widest cell."""
    cells = [[f"P{number}", *column] for number, column in enumerate(columns)]
    widths = [max(map(len, column)) for column in cells]
    rows = zip_longest(*cells, fillvalue="")
    return [" " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " ;" for row in rows]
