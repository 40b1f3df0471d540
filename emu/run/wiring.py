"""From a variant, a workload and a machine file to a machine that is wired and not yet started."""

from dataclasses import dataclass, replace
from functools import lru_cache

from emu.assembly import assemble_variant, variant_digest
from emu.description import MachineFile
from emu.description.machine_file import Costs
from emu.engine.machine import Machine, Options, Start
from emu.engine.text import Text, build_text
from emu.guest.paging import PAGE
from emu.guest.processor import processor_of
from emu.image import PREEMPT_DEFAULT, Image
from emu.memory.bus import Bus
from emu.run.kept_programs import kept
from emu.subjects.ipc_msg.build import Guest, build_guest, ram_of
from emu.subjects.ipc_msg.probes import load_probes
from emu.subjects.ipc_msg.workload.workload import Workload


@dataclass(slots=True)
class Wired:
    """Everything of one run."""

    description: MachineFile
    image: Image
    text: Text
    guest: Guest
    bus: Bus
    machine: Machine


@lru_cache(maxsize=16)
def image_of(variant: str, preempt: str = PREEMPT_DEFAULT) -> Image:
    """A variant, assembled for a kind of kernel preemption, once in a process."""
    return assemble_variant(variant, preempt)


def program_of(variant: str, preempt: str, description: MachineFile) -> tuple[Image, Text]:
    """An image, and its text with what its instructions cost on a machine."""
    text = _text_of(variant, preempt, description.costs)
    return text.image, text


@lru_cache(maxsize=16)
def _text_of(variant: str, preempt: str, costs: Costs) -> Text:
    name = f"{variant} {variant_digest(variant)} {preempt} {costs!r}"
    return kept(name, lambda: build_text(image_of(variant, preempt), costs))


def wire(description: MachineFile, variant: str, workload: Workload, options: Options, *, preempt: str = PREEMPT_DEFAULT) -> Wired:
    """Build the guest of a workload and the machine around it."""
    image, text = program_of(variant, preempt, description)
    text = replace(text, instructions=text.instructions.copy())  # a search changes its own
    bus = Bus(description, workload.cores, ram_of(workload))
    guest = build_guest(image, workload, processor_of(description), ram=bus.ram)
    for physical in guest.kernel.pages.small_pages:
        bus.small_pages(physical, PAGE)
    load_probes().check(image, {lock.name for lock in guest.locks})
    machine = Machine(bus, text, start_of(guest, image), options)
    return Wired(description, image, text, guest, bus, machine)


def start_of(guest: Guest, image: Image) -> Start:
    """Where the cores of a guest begin, and what the machine is told of its tasks, locks and events."""
    return Start(
        cr3=guest.cr3,
        primary_pc=guest.start_primary,
        secondary_pc=guest.start_secondary,
        task_pointer_at=guest.current_at,
        task_base=guest.task_base,
        task_stride=guest.task_stride,
        task_count=len(guest.tasks),
        locks=[(lock.physical, lock.name) for lock in guest.locks],
        lock_kind=image.lock_kind,
        sleeping_locks=frozenset(lock.physical for lock in guest.locks if lock.sleeping),
        probes=load_probes(),
    )
