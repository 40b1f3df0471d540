"""`emu boot --from MARK --to MARK --gdb`: a region in full detail, which a debugger has until it lets it go on."""

import socket
from collections.abc import Callable, Iterator, Mapping

from emu.boot.build import read_inputs
from emu.boot.full.looks import FullLooks
from emu.boot.full.region import Region
from emu.boot.run import Watchers
from emu.boot.spec import BootSpec
from emu.debug.boot_run import guest_names
from emu.debug.connection import reserve
from emu.debug.debugged import Command
from emu.debug.debugger import Left
from emu.debug.full_target import FullTarget
from emu.debug.guest import Guest, GuestNames
from emu.debug.monitor import typed_address
from emu.debug.session import serve
from emu.description.machine_file import MachineFile
from emu.errors import UserError
from emu.subjects.kernel.detail import DetailRun, RegionSpec, run_detail


class _Gone(Exception):
    """Occurs when the debugger has left, and the machine with it."""

    def __init__(self, left: Left) -> None:
        super().__init__(left)
        self.left = left


class FullGuest(Guest):
    """A kernel in full detail."""

    def __init__(self, target: FullTarget, names: GuestNames) -> None:
        """Of a target."""
        super().__init__(target, names)
        self._full = target

    @property
    def commands(self) -> Mapping[str, Command]:
        """What `monitor` can do there besides."""
        return {**super().commands, "cache": ("ADDRESS", "which caches have the line there, and in which state", self._cache)}

    def _cache(self, core: int, arguments: list[str]) -> Iterator[str]:
        address = typed_address(self, arguments)
        physical = self._full.physical(core, address)
        if physical is None:
            raise UserError(f"{address:#x} is not mapped")
        yield from self._full.caches(physical)


class _Debugger:
    """Serves one debugger at the beginning of a region."""

    def __init__(self, spec: BootSpec, names: GuestNames, listener: socket.socket, watchers: Watchers) -> None:
        self.looks = FullLooks(spec.cpus)
        self._names, self._listener, self._watchers = names, listener, watchers

    def attach(self, region: Region, over: Callable[[], bool]) -> None:
        watchers = self._watchers
        target = FullTarget(region, self.looks, over)
        left = serve(target, FullGuest(target, self._names), self._listener, watchers.should_stop, watchers.announce)
        if left != Left.DETACHED:
            raise _Gone(left)


def debug_detail(
    spec: BootSpec, region: RegionSpec, description: MachineFile, port: int, watchers: Watchers
) -> tuple[DetailRun | None, Left]:
    """Boot to the beginning of a region, let a debugger have it, and account to its end once it has detached."""
    listener = reserve(port)
    try:
        names = guest_names(read_inputs(spec).kernel, region.symbols)
        return run_detail(spec, region, description, watchers, _Debugger(spec, names, listener, watchers)), Left.DETACHED
    except _Gone as gone:
        return None, gone.left
    finally:
        listener.close()
