"""The guest of the message path: Linux as `emu.guest` builds it, with queues, messages and what a call reads on its way to them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from emu.guest import build
from emu.guest.build import GuestLock
from emu.guest.processor import Processor
from emu.guest.record import Kernel, Record
from emu.guest.slab import KINDS, ram_bytes
from emu.guest.tasks import UserTask
from emu.image import Image
from emu.subjects.ipc_msg.ipc import Ipc, build_ipc
from emu.subjects.ipc_msg.programs import PROGRAMS
from emu.subjects.ipc_msg.slabs import slabs_of
from emu.subjects.ipc_msg.workload.workload import Workload


@dataclass(frozen=True, slots=True)
class Guest(build.Guest):
    """The guest, and what must hold of its queues."""

    workload: Workload
    ipc: Ipc

    def check_finished(self) -> None:
        """Check what holds after every complete run: all rounds done, queue empty; or raise `CheckFailed`."""
        program = PROGRAMS[self.workload.program]
        for task in self.tasks:
            program.check(self.kernel.record(program.memory, task.page), task.plan)
        self.ipc.check_empty(self.kernel)


def ram_of(workload: Workload) -> int:
    """Bytes of RAM that a workload's guest has."""
    return ram_bytes(slabs_of(workload))


def build_guest(
    image: Image, workload: Workload, processor: Processor, *, timer_period: int = 0, ram: NDArray[np.uint8] | None = None
) -> Guest:
    """Build the guest into `ram` (zeroed; allocated if absent); `timer_period`: the count of the local timer, 0 for off."""
    program = PROGRAMS[workload.program]
    made: list[Ipc] = []

    def populate(kernel: Kernel, cores: Sequence[Record], tasks: Sequence[UserTask]) -> Iterator[GuestLock]:
        made.append(build_ipc(kernel, cores, tasks, workload, program))
        return _places_of_queue_locks(kernel, made[0])

    data = np.zeros(ram_of(workload), np.uint8) if ram is None else ram
    guest = build.build_guest(image, workload, program, populate, processor, ram=data, timer_period=timer_period)
    return Guest(**{each.name: getattr(guest, each.name) for each in fields(guest)}, workload=workload, ipc=made[0])


def _places_of_queue_locks(kernel: Kernel, ipc: Ipc) -> Iterator[GuestLock]:
    """Where the locks of queues will lie that the guest makes: at one offset in each object of a slab cache."""
    size, header = kernel.size("msg_queue"), kernel.size("ipc_rcu")
    object_bytes = min(kind.object_bytes for kind in KINDS if kind.object_bytes >= header + size)
    locks = kernel.lock_fields("msg_queue")
    for slab in ipc.slabs:
        if slab.object_bytes == object_bytes:
            owner = next(each for each in kernel.ram.objects if each.physical == slab.physical)
            for at in range(slab.physical, slab.physical + slab.size, object_bytes):
                yield from (GuestLock(name, at + header + offset, owner, False, sleeping) for name, offset, sleeping in locks)
