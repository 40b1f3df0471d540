"""The message queue in plain Python, as an `Executor` of scripts and as a judge of what others gave.

What is fixed, and what is not. Between two operations the machine is at rest, so one operation's own effect is fixed. Not
fixed is the order in which the tasks that it wakes get the queue's lock for their next try; there the model holds every
outcome that the kernel allows, and nothing else:

- a receive or IPC_SET wakes blocked senders; when not all of them fit, or their messages queue up, any order is legal;
- IPC_SET wakes all receivers, each of which leaves the list and goes back to its end: their order is open from then on. It
  is kept open (a group of receivers without order) until a message decides it;
- each receiver does that in two turns of the lock, and between them a sender may put a message on the queue.

A blocked sender has no place in an order that could be seen: every wakeup wakes all that can go on, so senders are a set.

What the kernel's version decides is in `model_state.Kernel`, with its reason.
"""

from collections.abc import Iterator

from bench.oracle.model_rules import (
    READ,
    WRITE,
    courses,
    create,
    filled,
    find,
    get,
    information,
    matches,
    room,
    status,
    status_by_index,
)
from bench.oracle.model_state import LINUX_4_8, Kernel, Message, Queue, State, result_of, text_of
from emu.subjects.ipc_msg.script import script as s
from emu.subjects.ipc_msg.script.words import operation_text

_EXPLORED_AT_MOST = 4096
MSG_STAT_ANY = 13

Endings = list[tuple[State, s.Outcome]]


class TooMany(Exception):
    """Occurs when a step has more legal courses than are worth following."""


class QueueModel:
    """Runs scripts, and says whether what another executor gave is legal."""

    def __init__(self, kernel: Kernel = LINUX_4_8) -> None:
        self._kernel = kernel

    def run(self, script: s.Script) -> s.Results:
        """Run a script; where several courses are legal, take the one in which tasks get the lock in the order of the lists."""
        state = self.start(script)
        results = []
        for step in script.steps:
            state = self.advance([state], step)[0]
            results.append(result_of(step, state))
        return tuple(results)

    def objection(self, script: s.Script, results: s.Results) -> str:
        """Say what is not legal in these results, or nothing."""
        states = [self.start(script)]
        for number, (step, result) in enumerate(zip(script.steps, results, strict=True), 1):
            after = self.advance(states, step)
            states = [state for state in after if result_of(step, state) == result]
            if not states:
                legal = sorted({text_of(step, result_of(step, state)) for state in after})
                return f"step {number}: got {text_of(step, result)}; legal: {' or '.join(legal)}"
        return ""

    def fixed(self, script: s.Script) -> bool:
        """Say whether only one course of results is legal."""
        states = [self.start(script)]
        for step in script.steps:
            states = self.advance(states, step)
            if len({result_of(step, state) for state in states}) > 1:
                return False
        return True

    def start(self, script: s.Script) -> State:
        state = State(users=dict(script.users))
        for _ in range(script.queues):
            create(self._kernel, state, Queue(0, s.QUEUE_MODE))
        return state

    def advance(self, states: list[State], step: s.Step) -> list[State]:
        """Give every state in which the machine may be at rest after a step, the likeliest first."""
        found: dict[object, State] = {}
        seen: set[object] = set()
        for state in states:
            state = state.copy()
            state.events = {}
            if step.task in state.calls:
                raise AssertionError(f"t{step.task} sleeps: {operation_text(state.calls[step.task])}")
            for after, outcome in self._issue(state, step.task, step.operation):
                after.events[step.task] = outcome
                self._settle(after, found, seen)
        return list(found.values())

    # One operation, up to its return or its sleep.

    def _issue(self, state: State, task: int, op: s.Operation) -> Endings:
        match op:
            case s.Msgget():
                return [(state, get(self._kernel, state, state.user_of(task), op))]
            case s.Send():
                return self._send(state, task, op)
            case s.Recv():
                return [(state, self._receive(state, task, op))]
            case s.Stat() | s.Set() | s.Rmid():
                return [(state, self._control(state, task, op))]
            case s.MsgStat():
                return [(state.copy(), outcome) for outcome in status_by_index(self._kernel, state, state.user_of(task), op)]
            case s.IpcInfo() | s.MsgInfo():
                return [(state.copy(), outcome) for outcome in information(state, op)]
            case s.Msgctl():
                return [(state, self._unnamed(state, op))]
            case s.NextId(id):
                state.next_id = id
                return [(state, s.DONE)]
            case s.Sleep():
                state.clock += 1
                return [(state, s.DONE)]
            case s.Signal(target) | s.Kill(target) if state.user_of(task) != state.user_of(target):
                return [(state, s.Outcome("EPERM"))]
            case s.Signal(target, ignored):
                if target in state.calls and not ignored:
                    state.comes_back(target, s.Outcome("EINTR"))
                return [(state, s.DONE)]
            case s.Kill(target):
                if target in state.calls:
                    state.comes_back(target, s.DIES)
                state.events[target] = s.DIES
                return [(state, s.DONE)]
        return [(state, s.DIES)]

    def _send(self, state: State, task: int, op: s.Send) -> Endings:
        if op.bad == "pointer":
            return [(state, s.Outcome("EFAULT"))]
        if not 0 <= op.size <= s.MESSAGE_MAX or state.never(op.queue) or op.type < 1:
            return [(state, s.Outcome("EINVAL"))]
        if op.bad and op.size:
            return [(state, s.Outcome("EFAULT"))]
        if state.queue(op.queue) is None:
            return [(state, s.Outcome("EINVAL"))]
        return self._try_send(state, task, op)

    def _try_send(self, state: State, task: int, op: s.Send) -> Endings:
        """One turn of the lock of a sender."""
        queue = state.there(op.queue)
        if not queue.permits(state.user_of(task), WRITE):
            return [(state, s.Outcome("EACCES"))]
        if not queue.fits(op.size):
            if op.nowait:
                return [(state, s.Outcome("EAGAIN"))]
            if task not in queue.senders:
                queue.senders.append(task)
            state.calls[task] = op
            return [(state, s.BLOCKS)]
        queue.lspid, queue.stime = task, state.clock
        message = Message(op.type, op.payload)
        return [(after, s.DONE) for after in self._hand_over(state, op.queue, message)]

    def _hand_over(self, state: State, number: int, message: Message) -> list[State]:
        """The first waiting receiver of the type that is large enough gets the message; small ones before it get E2BIG."""
        queue = state.there(number)
        for group in queue.receivers:
            takers = [task for task in group if matches(self._kernel, state.calls[task], message)]
            large = [task for task in takers if room(state.calls[task]) >= len(message.text)]
            small = [task for task in takers if task not in large]
            if large:
                place = queue.receivers.index(group)
                return [self._given(state, number, place, taker, met, message) for taker, met in courses(large, small)]
        self._too_small(state, [task for group in queue.receivers for task in group], message)
        queue.messages.append(message)
        queue.cbytes += len(message.text)
        return [state]

    def _given(self, state: State, number: int, place: int, taker: int, met: tuple[int, ...], message: Message) -> State:
        state = state.copy()
        queue = state.there(number)
        before = [task for group in queue.receivers[:place] for task in group]
        self._too_small(state, [*before, *met], message)
        operation = state.calls[taker]
        assert isinstance(operation, s.Recv)
        state.comes_back(taker, filled(operation, message))
        queue.lrpid, queue.rtime = taker, state.clock
        return state

    def _too_small(self, state: State, tasks: list[int], message: Message) -> None:
        for task in tasks:
            operation = state.calls[task]
            if matches(self._kernel, operation, message) and room(operation) < len(message.text):
                state.comes_back(task, s.Outcome("E2BIG"))

    def _receive(self, state: State, task: int, op: s.Recv) -> s.Outcome:
        if state.never(op.queue) or op.size < 0:
            return s.Outcome("EINVAL")
        if op.copy:
            if op.other or not op.nowait:
                return s.Outcome("EINVAL")
            if not self._kernel.copies:
                return s.Outcome("ENOSYS")
            # The copy is first filled from the caller's buffer, from its very beginning: the type is read as text.
            readable = {"": s.MESSAGE_MAX, "text": s.TYPE_LENGTH, "pointer": 0}[op.bad]
            if min(op.size, s.MESSAGE_MAX) > readable:
                return s.Outcome("EFAULT")
        if state.queue(op.queue) is None:
            return s.Outcome("EINVAL")
        return self._try_receive(state, task, op)

    def _try_receive(self, state: State, task: int, op: s.Recv) -> s.Outcome:
        """One turn of the lock of a receiver."""
        queue = state.there(op.queue)
        if not queue.permits(state.user_of(task), READ):
            return s.Outcome("EACCES")
        if (place := find(self._kernel, queue, op)) is None:
            if op.nowait:
                return s.Outcome("ENOMSG")
            if queue.receivers and state.back.intersection(queue.receivers[-1]):
                queue.receivers[-1].append(task)
            else:
                queue.receivers.append([task])
            state.calls[task] = op
            return s.BLOCKS
        message = queue.messages[place]
        if op.size < len(message.text) and not op.noerror:
            return s.Outcome("E2BIG")
        if op.copy:
            return s.Outcome("EINVAL") if len(message.text) > op.size else filled(op, message)
        del queue.messages[place]
        queue.cbytes -= len(message.text)
        queue.lrpid, queue.rtime = task, state.clock
        self._wake_senders(state, queue)
        return filled(op, message)

    def _unnamed(self, state: State, op: s.Msgctl) -> s.Outcome:
        """A command without a word of its own: most are not there."""
        if not self._kernel.stat_any or op.command != MSG_STAT_ANY or state.queue(op.queue) is None:
            return s.Outcome("EINVAL")
        return s.Outcome(f"q{op.queue}")

    def _control(self, state: State, task: int, op: s.Stat | s.Set | s.Rmid) -> s.Outcome:
        queue = state.queue(op.queue)
        if state.never(op.queue):
            return s.Outcome("EINVAL")
        if isinstance(op, s.Set) and op.bad:
            return s.Outcome("EFAULT")
        if queue is None:
            return s.Outcome("EINVAL")
        if isinstance(op, s.Stat):
            return status(queue, state.user_of(task), op.bad)
        if not queue.owned_by(state.user_of(task)):
            return s.Outcome("EPERM")
        asleep = [task for group in queue.receivers for task in group]
        if isinstance(op, s.Rmid):
            for task in [*asleep, *queue.senders]:
                state.comes_back(task, s.Outcome("EIDRM"))
            state.queues[op.queue - 1] = None
            return s.DONE
        if op.qbytes > s.QUEUE_BYTES:
            return s.Outcome("EPERM")
        if -1 in (op.uid, op.gid):
            return s.Outcome("EINVAL")
        queue.qbytes, queue.mode, queue.ctime = op.qbytes, op.mode, state.clock
        queue.uid, queue.gid = op.uid, op.gid
        state.woken.update(dict.fromkeys(asleep, "leave"))
        self._wake_senders(state, queue)
        return s.DONE

    def _wake_senders(self, state: State, queue: Queue) -> None:
        for task in queue.senders:
            operation = state.calls[task]
            assert isinstance(operation, s.Send)
            if self._kernel.wakes_senders_in_vain or queue.fits(operation.size):
                state.woken[task] = "send"

    # Whoever was woken tries again, in any order.

    def _settle(self, state: State, found: dict[object, State], seen: set[object]) -> None:
        """Collect every state of rest that can follow."""
        if state.woken:
            if (key := state.key()) in seen:
                return
            seen.add(key)
        if len(seen) + len(found) > _EXPLORED_AT_MOST:
            raise TooMany
        if state.woken:
            for after in self._next(state):
                self._settle(after, found, seen)
        else:
            state.back = frozenset()
            found.setdefault(state.key(), state)

    def _next(self, state: State) -> Iterator[State]:
        """Give the states after one more turn of the lock, whosever it is; turns whose order cannot be seen go at once."""
        for task, turn in list(state.woken.items()):
            operation = state.calls[task]
            queue = state.there(operation.queue)
            permitted = queue.permits(state.user_of(task), WRITE)
            if turn == "send" and not (permitted and queue.fits(operation.size)):
                # No write permission, or no room: what frees room wakes this sender again.
                del state.woken[task]
                if not permitted:
                    state.comes_back(task, s.Outcome("EACCES"))
        quiet = not any(self._acts(state, task, turn) for task, turn in state.woken.items())
        tasks = list(state.woken)[:1] if quiet else list(state.woken)
        if not tasks:
            yield state
        for task in tasks:
            yield from self._turn(state.copy(), task)

    def _acts(self, state: State, task: int, turn: str) -> bool:
        """Say whether a woken task may do more than go back to sleep or fail for itself."""
        if turn == "send":
            return True
        operation = state.calls[task]
        queue = state.there(operation.queue)
        return queue.permits(state.user_of(task), READ) and find(self._kernel, queue, operation) is not None

    def _turn(self, state: State, task: int) -> list[State]:
        operation = state.calls[task]
        queue = state.there(operation.queue)
        turn = state.woken.pop(task)
        if turn == "leave":
            queue.forget(task)
            state.woken[task] = "find"
            return [state]
        if turn == "send":
            endings = self._try_send(state, task, operation)
        else:
            endings = [(state, self._try_receive(state, task, operation))]
            if endings[0][1] == s.BLOCKS:
                state.back |= {task}
        for after, outcome in endings:
            if outcome != s.BLOCKS:
                after.comes_back(task, outcome)
        return [after for after, _ in endings]
