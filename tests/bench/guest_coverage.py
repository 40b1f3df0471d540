"""`pytest --guest-coverage FILE`: which ways the guest's branches go in the tests of this run, added to a record in FILE.

Machines of the engine note it themselves. A bench that drives plain Unicorn cores calls `watch` for each. What a test runs
in a process of its own that does not fork from this one (the command line, plain Python) is not recorded.
"""

import multiprocessing.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import unicorn

from emu.engine.machine import Machine
from emu.engine.records import JUMPED_TO, NOT_TAKEN, TAKEN
from emu.image import Image
from emu.isa import Instruction, decode
from emu.isa.instruction import Branch
from emu.observe.branch_record import BranchRecord
from emu.observe.branches import guest_file, outcomes_of


class Recorder:
    """Outcomes of all machines of a process, one array an image."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._images: dict[int, tuple[Image, np.ndarray[Any, Any]]] = {}
        self._decoded: dict[int, Mapping[int, Instruction]] = {}

    def outcomes(self, image: Image) -> "np.ndarray[Any, Any] | None":
        """Where the outcomes of an image go; None if it is nothing of the guest's."""
        if id(image) not in self._images:
            if not any(guest_file(routine.file) for routine in image.routines):
                return None
            self._images[id(image)] = image, np.zeros(len(image.text.data) + len(image.user_text.data), np.uint8)
        return self._images[id(image)][1]

    def decoded(self, image: Image) -> Mapping[int, Instruction]:
        """Its instructions."""
        if id(image) not in self._decoded:
            self._decoded[id(image)] = decode(image)
        return self._decoded[id(image)]

    def install(self) -> None:
        """From here on every machine of the engine notes its branches."""
        build = Machine.__init__

        def init(machine: Machine, *arguments: Any, **named: Any) -> None:
            build(machine, *arguments, **named)
            outcomes = self.outcomes(machine.text.image)
            if outcomes is not None:
                machine.record_branches(outcomes)

        Machine.__init__ = init  # type: ignore[method-assign]
        multiprocessing.util.register_after_fork(self, Recorder._in_child)

    def _in_child(self) -> None:
        multiprocessing.util.Finalize(self, self.write, exitpriority=10)

    def watch(self, uc: unicorn.Uc, image: Image) -> None:
        """Note the branches of a plain Unicorn core that runs an image's kernel text."""
        outcomes = self.outcomes(image)
        if outcomes is None:
            return
        branches = {
            at: each for at, each in self.decoded(image).items() if each.branch in (Branch.CONDITIONAL, Branch.INDIRECT_JUMP)
        }
        base, before = image.text.virtual, [branches.get(0)]

        def on_code(uc: unicorn.Uc, address: int, size: int, data: object) -> None:
            branch, before[0] = before[0], branches.get(address)
            if branch is None or not 0 <= address - base < len(outcomes):
                return
            if branch.branch == Branch.INDIRECT_JUMP:
                outcomes[address - base] |= JUMPED_TO
            elif address in (branch.target, branch.next):  # else the test has sent the core elsewhere
                outcomes[branch.address - base] |= TAKEN if address == branch.target else NOT_TAKEN

        uc.hook_add(unicorn.UC_HOOK_CODE, on_code)

    def write(self) -> None:
        """Add what was recorded to the file."""
        record = BranchRecord()
        for image, outcomes in self._images.values():
            record.add(outcomes_of(image, self.decoded(image), outcomes))
        record.merge_into(self.path)


_recorder: Recorder | None = None


def start(path: Path) -> None:
    """Record from here on."""
    global _recorder  # noqa: PLW0603 (one a process, as the option is)
    _recorder = Recorder(path)
    _recorder.install()


def finish() -> None:
    """Write what was recorded, if anything was to be."""
    if _recorder is not None:
        _recorder.write()


def watch(uc: unicorn.Uc, image: Image) -> None:
    """Record the branches of a plain Unicorn core, if that was asked for."""
    if _recorder is not None:
        _recorder.watch(uc, image)
