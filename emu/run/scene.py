"""A scene: the last operations of a script, issued at once, as a search sees them. What goes before them has happened.

What may come of them is what comes of issuing them one after the other, in some order: each call of the message path takes effect
at one instant. A queue that is gone is told by two errors, EIDRM to who had found it and EINVAL to who had not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np

from emu.engine.lock_word import WORD_BYTES
from emu.engine.machine import Machine
from emu.errors import CheckFailed, UserError
from emu.explore.explorer import Bounds, Explorer, Rules
from emu.explore.flat import for_search
from emu.guest.ram import DIRECT_MAP
from emu.guest.tasks import STACK_BYTES
from emu.image import LOCK_KINDS, Image
from emu.isa import Instruction, Memory
from emu.memory.store_buffer import drain_all
from emu.native import address_of
from emu.run.interleaving import Interleaving, interleaving, place_of, source_of
from emu.run.script_run import ScriptMachine, StepStuck
from emu.run.snapshot import Snapshot
from emu.run.trace_setup import trace_header
from emu.schedules.checks import Heap, StackOf
from emu.schedules.data_races import Access, DataRaces, Program
from emu.schedules.lock_discipline import LockDiscipline
from emu.subjects.ipc_msg.marked import MarkedAccesses
from emu.subjects.ipc_msg.script import script as s
from emu.subjects.ipc_msg.script.words import call_text, outcome_text

FAR = 1 << 49  # no interrupt arrives by itself: the search takes it at every moment that it can
ALLOCATOR = (
    "__kmalloc", "___slab_alloc", "__slab_free", "get_partial_node", "kfree", "kmalloc_slab", "put_cpu_partial",
    "unfreeze_partials", "new_slab",
)  # fmt: skip
GONE = {"EIDRM": "EINVAL"}
QUEUED = LOCK_KINDS[0]
BOUNDS = Bounds(states=4_000_000, depth=20_000)

Result = tuple[tuple[int, s.Outcome], ...]  # by task: what came of the calls that were under way


class ScriptScene:
    """A script's last group of operations, about to be made, on a machine of its own.

    One that is made while another task is at a point is about to be made with that task there: every schedule begins so.
    """

    def __init__(self, script: s.Script, variant: str, machine: str, preempt: str) -> None:
        """Run the script up to its last operations, and see what comes of those one after the other."""
        self.script, self.variant = script, variant
        *before, self.group = script.groups()
        if len(self.group) < 2 and not before:
            raise UserError(f"{script.name}: wanted operations that overlap in the last line (`t1: … & t2: …`), got one operation")
        scripted = self.scripted = ScriptMachine.of(script, variant, machine, preempt=preempt)
        self._queues = scripted.stage(replace(script, steps=tuple(step for group in before for step in group)))
        self._doing = scripted.under_way()
        self._staged = Snapshot(scripted.wired)
        self.serial = set(filter(None, map(self._in_order, permutations(self.group))))
        self._back()
        scripted.begin(script, self.group, self._queues)
        self._called = scripted.under_way()
        self.explorer = self._explorer()

    def _back(self) -> None:
        self._staged.restore()
        self.scripted.resume(self._doing)

    def _in_order(self, order: Sequence[s.Step]) -> Result | None:
        """What comes of the operations in one order; who cannot make his any more makes none. None: that goes wrong already."""
        self._back()
        told: dict[int, s.Outcome] = {}
        for step in order:
            if not self.scripted.is_free(step.task):
                continue
            alone = replace(step, during=None)
            single = replace(self.script, steps=(alone,))
            try:
                for result in self.scripted.issue(single, (alone,), self._queues):
                    told |= dict(result.returns) | {step.task: result.outcome}
            except (CheckFailed, StepStuck):
                return None  # so will a schedule, and the search shows which
        return _result(told)

    def _explorer(self) -> Explorer:
        wired = self.scripted.wired
        drain_all(address_of(wired.bus.record))
        for_search(wired.text)
        wired.machine.record["locking"]["count"] = 0
        wired.machine.counts("locking.of_line")[:] = -1
        wired.machine.record["costs"]["ipi_flight"] = FAR
        polls = _first_load(wired.image.symbols["script_task"], wired.text.decoded)
        told = [caller.told for caller in self.scripted.callers]
        rules = Rules(reduced=True, devices=True, rests=True)
        return Explorer(wired.machine, [polls] * wired.machine.count, rules, BOUNDS, place=self.place, told=told)

    @property
    def machine(self) -> Machine:
        """The machine that it is on."""
        return self.scripted.wired.machine

    @property
    def image(self) -> Image:
        """The guest's program."""
        return self.scripted.wired.image

    def physical(self, address: int) -> int | None:
        """Where a virtual address is in RAM; the interrupt controller's registers are not there."""
        wired = self.scripted.wired
        found = wired.guest.kernel.pages.translate(address)
        return found if found is not None and found < len(wired.bus.ram) else None

    @property
    def stacks(self) -> list[StackOf]:
        """The kernel stacks of its tasks."""
        kernel = self.scripted.wired.guest.kernel
        info, saved = kernel.line_size("thread_info"), kernel.offset("task_struct", "thread_sp")
        return [
            StackOf(task.stack + info, task.stack + STACK_BYTES, index, task.task_struct + saved)
            for index, task in enumerate(self.scripted.wired.guest.tasks)
        ]

    @property
    def heap(self) -> Heap:
        """Its allocator. What RCU defers is freed at once here, and may still be looked at: that is left out."""
        wired = self.scripted.wired
        kernel, allocator = wired.guest.kernel, wired.guest.ipc.allocator
        slabs = []
        for slab in wired.guest.ipc.slabs:
            states = kernel.ram.allocate(slab.objects)
            free = allocator.free_objects(slab)
            kernel.ram.write(
                states, bytes(DIRECT_MAP + slab.physical + number * slab.object_bytes in free for number in range(slab.objects))
            )
            slabs.append((slab.physical, slab.object_bytes, slab.objects, states))
        routines = {each.name: each for each in wired.image.routines}
        own = [(each.address, each.address + each.size) for name in ALLOCATOR if (each := routines.get(name))]
        made, kfree = routines["__kmalloc"], wired.image.symbols["kfree"]
        returns = [
            at
            for at, each in wired.text.decoded.items()
            if made.address <= at < made.address + made.size and each.mnemonic == "ret"
        ]
        deferred = routines["msg_rcu_free"]
        calls = [
            at
            for at, each in wired.text.decoded.items()
            if each.target == kfree and not deferred.address <= at < deferred.address + deferred.size
        ]
        return Heap(slabs, own, [(at, "RAX") for at in returns], [(at, "RDI") for at in calls])

    looked_at = 100

    sections = None  # a queue's lock is one of many

    @property
    def discipline(self) -> LockDiscipline | None:
        """Its spin locks; ticket locks are not looked at. A run queue's is released by the task that is switched to."""
        wired = self.scripted.wired
        if wired.image.lock_kind != QUEUED:
            return None
        names = {lock.physical: lock.name for lock in wired.guest.locks if not lock.sleeping}
        words = {at: int.from_bytes(wired.bus.ram[at : at + WORD_BYTES].tobytes(), "little") for at in names}
        locked = {at for at, each in wired.text.decoded.items() if each.locked}
        return LockDiscipline(names, words, {"rq.lock"}, locked.__contains__, self.place)

    @property
    def races(self) -> DataRaces:
        """What a race of its accesses is: locks are its spin locks and those that sleep."""
        wired, header = self.scripted.wired, trace_header(self.scripted.wired)
        locks = {lock.physical for lock in wired.guest.locks}
        marked = MarkedAccesses(wired.image, header)

        def where(access: Access) -> str:
            task = f"t{access.task + 1}" if access.task >= 0 else "an idle task"
            return f"{task} on {self.place(access.core, access.pc)}{source_of(wired.image, access.pc)}"

        return DataRaces(Program(wired.text.decoded, locks, locks, marked.is_marked, where, header.object_at))

    def object_at(self, address: int) -> str:
        """What lies at a physical address."""
        return trace_header(self.scripted.wired).object_at(address)

    @property
    def direct_map(self) -> int:
        """Virtual address of physical 0."""
        return DIRECT_MAP

    @property
    def title(self) -> str:
        """What happens at once."""
        return " & ".join(map(call_text, self.group))

    def judge(self) -> tuple[str, str] | None:
        """Where nobody can go on any more: which checker finds what wrong, if one does."""
        drain_all(address_of(self.scripted.wired.bus.record))
        self.scripted.resume(self._called)
        outcomes = self.scripted.came_back(self._queues)
        told = {**dict.fromkeys(self._called[0], s.BLOCKS), **outcomes}
        result = _result({task: each for task, each in told.items() if task in outcomes or task not in self._doing[0]})
        comes_back = [task for task, each in result if each == s.BLOCKS and self._comes_back(task)]
        if comes_back:
            names = ", ".join(f"t{task}" for task in comes_back)
            return "lost-wakeup", f"{names} sleeps for ever: in every order of the calls it would have come back"
        try:
            self.scripted.check()
        except CheckFailed as problem:
            return "invariant", str(problem)
        if result in self.serial:
            return None
        return "outcome", f"{result_text(result)}: in no order of the calls that would come of them"

    def _comes_back(self, task: int) -> bool:
        """Whether a task comes back from its call in every order of the calls."""
        return bool(self.serial) and all(dict(one).get(task) != s.BLOCKS for one in self.serial)

    def place(self, core: int, pc: int) -> str:
        """A core's place in its program."""
        return place_of(self.scripted.wired.image, core, pc)

    def picture(self, choices: np.ndarray) -> Interleaving:
        """A schedule's steps in words."""
        wired = self.scripted.wired
        return interleaving(choices, trace_header(wired), wired.image.lines)


def _result(told: dict[int, s.Outcome]) -> Result:
    return tuple(sorted((task, replace(each, word=GONE.get(each.word, each.word))) for task, each in told.items()))


def result_text(result: Result) -> str:
    """What came of calls."""
    return ", ".join(f"t{task}: {outcome_text(outcome)}" for task, outcome in result)


def _first_load(routine: int, decoded: Mapping[int, Instruction]) -> int:
    """The load by which a task of a script looks for its next call."""
    return min(at for at, each in decoded.items() if at >= routine and each.memory & Memory.LOAD)
