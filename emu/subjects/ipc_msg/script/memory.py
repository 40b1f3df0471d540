"""What a script can have allocated at once, so that its guest gets as much memory as that."""

from collections import Counter

from emu.guest.held import Held
from emu.subjects.ipc_msg.memory import QUEUE_BLOCK, held_messages
from emu.subjects.ipc_msg.script import script as s


def held_by(script: s.Script) -> tuple[Held, ...]:
    """Messages sent or copied, and queues, as if every call got as far as it can, and no message were ever received."""
    operations = [step.operation for step in script.steps]
    made = script.queues + sum(isinstance(each, s.Msgget) for each in operations)
    queues = min(made, s.QUEUES_MAX)
    texts = Counter(each.size for each in operations if isinstance(each, s.Send) and 0 <= each.size <= s.MESSAGE_MAX)
    copies = Counter(
        min(each.size, s.MESSAGE_MAX) for each in operations if isinstance(each, s.Recv) and each.copy and each.size >= 0
    )
    return (
        *held_messages(texts, queues=queues, tasks=script.tasks),
        *held_messages(copies, queues=0, tasks=1),  # a call with a copy never blocks
        Held(QUEUE_BLOCK, min(made, s.QUEUES_MAX + 1), made),  # a queue is made before it is refused
    )
