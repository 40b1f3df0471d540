"""Which queue of a script is which: its numbers, and the ids that the kernel it runs on has given."""

from dataclasses import dataclass, field

from emu.subjects.ipc_msg.script import script as s


@dataclass(slots=True)
class Queues:
    """Ids of the queues of a script, in the order in which they were first seen."""

    ids: list[int] = field(default_factory=list)
    removed: set[int] = field(default_factory=set)  # their numbers
    named: bool = False  # the next new queue has an id that somebody asked for

    def id_of(self, number: int) -> int:
        """What a task passes for a queue; -1 for one that nobody has seen."""
        return self.ids[number - 1] if 1 <= number <= len(self.ids) else -1

    def number_of(self, queue: int) -> int:
        """The script's number of a queue, a new one if need be."""
        if queue not in self.ids:
            self.ids.append(queue)
        return self.ids.index(queue) + 1

    def index_of(self, operation: s.MsgStat) -> int:
        """What MSG_STAT is given: an index as it is, or that of a queue."""
        if operation.index is not None:
            return operation.index
        queue = self.id_of(operation.queue)
        return queue if queue < 0 else queue % s.INDICES

    def at(self, index: int) -> str:
        """The queue that has an index now, by its word; 0 if there is none."""
        there = [number for number, queue in enumerate(self.ids, 1) if queue % s.INDICES == index and number not in self.removed]
        return f"q{there[-1]}" if there else "0"

    def created(self, queue: int) -> s.Outcome:
        """What msgget gave; of a new queue whose id was asked for, with that. An id that comes again keeps its name."""
        found = queue in self.ids and self.ids.index(queue) + 1 not in self.removed
        number = self.number_of(queue)
        self.removed.discard(number)
        shown = self.named and not found
        self.named = self.named and found
        return s.Outcome(f"q{number}", (("id", str(queue)),) if shown else ())
