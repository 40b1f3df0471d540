"""What `monitor COMMAND` says and does: what gdb itself has no command for."""

from collections.abc import Iterator

from emu.debug.debugged import Command, Debugged, Knowledge
from emu.debug.points import LINE, LINE_BYTES, NotMapped, Point, Points, TooMany
from emu.errors import UserError
from emu.units import line_of
from emu.whole import whole


class Monitor:
    """The commands, each a method that yields lines."""

    def __init__(self, target: Debugged, guest: Knowledge, points: Points) -> None:
        """Of one debugger."""
        self._target, self._guest, self._points = target, guest, points
        self._commands: dict[str, Command] = {
            "help": ("", "this list", self._help),
            "where": ("", "the position of the machine, and what each core is doing", self._where),
            "physical": ("ADDRESS", "where a virtual address of this core's is in RAM", self._physical),
            "line": ("ADDRESS", "stop when the cache line there changes hands; without ADDRESS: which are watched", self._line),
            "unline": ("ADDRESS", "no longer", self._unline),
            "digest": ("", "of all of RAM: equal positions of equal runs have equal ones", self._digest),
            **guest.commands,
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
        here, *cores = self._target.where()
        yield f"{here}; {self._target.stop.reason.value}"
        for each, how_far in enumerate(cores):
            yield f"core {each}: {self._guest.core(each)}, {how_far}"

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
        yield self._target.digest()

    def _line_at(self, arguments: list[str]) -> Point:
        return Point(LINE, line_of(self._address(arguments)), LINE_BYTES)

    def _address(self, arguments: list[str]) -> int:
        return typed_address(self._guest, arguments)


def typed_address(guest: Knowledge, arguments: list[str]) -> int:
    """An address as typed: a number, or a symbol."""
    if len(arguments) != 1:
        raise UserError("wanted one address, as a number or a symbol")
    found = guest.address(arguments[0])
    return whole("an address that is no symbol", arguments[0], hexadecimal=True) if found is None else found
