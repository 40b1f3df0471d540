"""What `monitor COMMAND` says and does: what gdb itself has no command for."""

from collections.abc import Callable, Iterator

from emu.debug.guest import Guest
from emu.debug.points import LINE, LINE_BYTES, NotMapped, Point, Points, TooMany
from emu.debug.target import Target
from emu.errors import UserError
from emu.units import line_of
from emu.whole import whole

CONSOLE_LINES = 20


class Monitor:
    """The commands, each a method that yields lines."""

    def __init__(self, target: Target, guest: Guest, points: Points) -> None:
        """Of one debugger."""
        self._target, self._guest, self._points = target, guest, points
        self._commands: dict[str, tuple[str, str, Callable[[int, list[str]], Iterator[str]]]] = {
            "help": ("", "this list", self._help),
            "where": ("", "the position of the machine, and what each core is doing", self._where),
            "tasks": ("", "all tasks of the guest, as far as its kernel has types", self._tasks),
            "console": ("", f"the last {CONSOLE_LINES} lines of the guest's console", self._console),
            "physical": ("ADDRESS", "where a virtual address of this core's is in RAM", self._physical),
            "line": ("ADDRESS", "stop when the cache line there changes hands; without ADDRESS: which are watched", self._line),
            "unline": ("ADDRESS", "no longer", self._unline),
            "digest": ("", "of all of RAM: equal positions of equal runs have equal ones", self._digest),
        }

    def run(self, text: str, core: int) -> str:
        """A command of a debugger that looks at a core."""
        name, *arguments = text.split() or ["help"]
        found = self._commands.get(name)
        if found is None:
            return f"there is no command {name!r}; monitor help lists them\n"
        try:
            lines = list(found[2](core, arguments))
        except UserError as error:
            lines = [str(error)]
        return "".join(f"{line}\n" for line in lines)

    def _help(self, core: int, arguments: list[str]) -> Iterator[str]:
        for name, (operands, what, _) in self._commands.items():
            yield f"monitor {f'{name} {operands}':17} {what}"

    def _where(self, core: int, arguments: list[str]) -> Iterator[str]:
        target = self._target
        since = target.position - target.beginning
        yield f"{target.position} instructions, {since} behind the beginning; {target.stop.reason.value}"
        for each in range(len(target.machine.cores)):
            yield f"core {each}: {self._guest.core(each)}, {int(target.core(each).record['count'])} instructions"

    def _tasks(self, core: int, arguments: list[str]) -> Iterator[str]:
        found = False
        for task in self._guest.tasks():
            found = True
            yield f"{task.pid or 0:6} {task.state or '?'} {task.comm:16} {task.address:#x}"
        if not found:
            yield "this kernel has neither BTF nor DWARF, which say where tasks are; monitor where has those that run"

    def _console(self, core: int, arguments: list[str]) -> Iterator[str]:
        yield from self._target.session.console.content.decode("latin-1").splitlines()[-CONSOLE_LINES:]

    def _physical(self, core: int, arguments: list[str]) -> Iterator[str]:
        address = self._address(arguments)
        found = self._target.physical(core, address)
        yield f"{address:#x}: not mapped" if found is None else f"{address:#x} is at {found:#x}"

    def _line(self, core: int, arguments: list[str]) -> Iterator[str]:
        if not arguments:
            for point in self._points.lines():
                yield f"line {point.address:#x} is watched"
            return
        point = self._line_at(arguments)
        try:
            self._points.insert(point, core)
        except NotMapped:
            raise UserError(f"{point.address:#x} is not mapped") from None
        except TooMany:
            raise UserError("so many lines cannot be watched; monitor unline ADDRESS") from None
        yield f"stops when the line {point.address:#x} goes from one core to another"

    def _unline(self, core: int, arguments: list[str]) -> Iterator[str]:
        point = self._line_at(arguments)
        if point not in self._points.lines():
            raise UserError(f"line {point.address:#x} is not watched")
        self._points.remove(point)
        yield f"line {point.address:#x} is not watched any more"

    def _digest(self, core: int, arguments: list[str]) -> Iterator[str]:
        yield f"{self._target.machine.ram.digest()} at {self._target.position} instructions"

    def _line_at(self, arguments: list[str]) -> Point:
        return Point(LINE, line_of(self._address(arguments)), LINE_BYTES)

    def _address(self, arguments: list[str]) -> int:
        """An address as typed: a number, or a symbol."""
        if len(arguments) != 1:
            raise UserError("wanted one address, as a number or a symbol")
        found = self._guest.address(arguments[0])
        return whole("an address that is no symbol", arguments[0], hexadecimal=True) if found is None else found
