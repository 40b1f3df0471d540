"""What is known of our own guest under a debugger: its routines, its tasks, what lies in its memory."""

from collections.abc import Callable, Iterator, Mapping

from emu.debug.debugged import Command
from emu.debug.image_file import image_file
from emu.debug.schedule import ScheduleTarget
from emu.engine.records import HALTED
from emu.image import Image


class SceneGuest:
    """The guest of a schedule; `object_at` names what lies at a physical address."""

    def __init__(self, target: ScheduleTarget, image: Image, object_at: Callable[[int], str]) -> None:
        """Of a target whose program is an image."""
        self._target, self._image, self._object_at = target, image, object_at
        self.file_name = f"/{image.variant}"

    @property
    def file(self) -> Callable[[], bytes]:
        """Makes the file with the guest's symbols."""
        return lambda: image_file(self._image)

    @property
    def commands(self) -> Mapping[str, Command]:
        """What `monitor` can do for it."""
        return {"stores": ("", "what is in the store buffer of each core, which it alone sees", self._stores)}

    def place(self, address: int) -> str:
        """An address of code by its routine."""
        found = self._image.symbol_at(address)
        return f"{address:#x}" if found is None else f"{found[0]}+{found[1]:#x}"

    def address(self, name: str) -> int | None:
        """Where a symbol is."""
        return self._image.symbols.get(name)

    def core(self, index: int) -> str:
        """What a core is doing, in words."""
        core = self._target.core(index)
        task = f", t{int(core['task']) + 1}" if core["task"] >= 0 else ""
        return f"{'halted' if core['status'] == HALTED else 'running'} at {self.place(self._target.pc(index))}{task}"

    def _stores(self, core: int, arguments: list[str]) -> Iterator[str]:
        for each in range(self._target.cores):
            stores = self._target.stores(each)
            yield f"core {each}:" + ("" if stores else " nothing")
            for address, size, value in stores:
                yield f"  {self._object_at(address)} = {value:#x}, {size} bytes at physical {address:#x}"
