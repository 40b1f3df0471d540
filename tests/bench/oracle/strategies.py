"""Random scripts that reach the corners of the message path, for Hypothesis.

A script is drawn as a list of operations that know nothing of each other, so that it shrinks by leaving operations out, and
then made legal with the model at hand: an operation of a task that sleeps, in any course the model holds possible, goes to the
next task that is awake; the last task awake does not wait, unless it is its last word; who is dead is not asked. Between
operations several courses may be legal. `fixed=True` ends a script before the first step where two of them could be told
apart: on such scripts all executors give the same results, on the others each gives one of the model's.
"""

from dataclasses import replace

from hypothesis import strategies as st

from bench.oracle.model_state import LINUX_4_8, Kernel, State, result_of
from bench.oracle.queue_model import QueueModel, TooMany
from emu.subjects.ipc_msg.script import script as s

INLINE = 4096 - 48  # text beside the header of a message, in one page
SEGMENT = 4096 - 8  # text of each further page
SIZES = (0, 1, 8, 16, 24, 64)
LARGE = (INLINE - 1, INLINE, INLINE + 1, INLINE + SEGMENT, INLINE + SEGMENT + 1, s.MESSAGE_MAX - 1, s.MESSAGE_MAX)
ILLEGAL = (-1, s.MESSAGE_MAX + 1)
COURSES_AT_MOST = 48  # states that the model holds possible at once: a script ends before it passes this

_seldom = st.sampled_from((False,) * 7 + (True,))
_often = st.booleans()
_any_size = st.sampled_from(SIZES * 6 + (8, 16) * 6 + LARGE + ILLEGAL)
_send_type = st.sampled_from((1, 2, 3) * 10 + (4, 2**63 - 1, 0, -1))
_recv_type = st.sampled_from((0, 0, 1, 1, 2, 2, 3, -1, -2, -3, -4, -(2**63), -(2**63 - 1), 2**63 - 1))
_pointer = st.sampled_from(("",) * 30 + ("pointer", "text"))
_queue = st.sampled_from((1,) * 30 + (2, 2, s.NO_QUEUE))
_mode = st.sampled_from((0o600,) * 12 + (0o200, 0o400, 0o000))
_qbytes = st.sampled_from((0, 1, 7, 8, 16, 24, 32, 64, INLINE, s.MESSAGE_MAX, s.QUEUE_BYTES, s.QUEUE_BYTES, s.QUEUE_BYTES + 1))
_task = st.integers(0, 5)  # who; taken modulo who can
_user = st.sampled_from((0, 0, 0, 1001, 1002))
_owner = st.sampled_from((0,) * 8 + (1001, 1001, -1))
_id = st.builds(
    lambda sequence, index: sequence * s.INDICES + index, st.sampled_from((0, 3, 65535)), st.sampled_from((100, 100, 101))
)
ABILITIES = frozenset(("private", "users", "queues", "ids"))  # of a host: see host_driver.main

_send = st.builds(
    s.Send, type=_send_type, size=_any_size, fill=st.sampled_from((0, 1, 90, 255)), nowait=_seldom, bad=_pointer, queue=_queue
)
_spelled = st.binary(min_size=1, max_size=20).map(lambda text: s.Send(type=1, size=len(text), text=text))
_recv = st.builds(
    s.Recv,
    type=_recv_type,
    size=st.sampled_from((s.MESSAGE_MAX,) * 30 + SIZES * 4 + LARGE + (-1, 2**31 - 1)),
    nowait=_seldom,
    noerror=st.sampled_from((False, False, True)),
    other=st.sampled_from((False, False, True)),
    bad=_pointer,
    queue=_queue,
)
_copy = st.builds(
    s.Recv,
    type=st.sampled_from((0, 0, 1, 2, 3, -1)),
    size=_any_size,
    nowait=st.sampled_from((True,) * 7 + (False,)),
    noerror=_often,
    other=_seldom,
    copy=st.just(True),
    bad=_pointer,
    queue=_queue,
)
_set = st.builds(s.Set, qbytes=_qbytes, mode=_mode, bad=_seldom, queue=_queue)
_set_owner = st.builds(s.Set, mode=st.sampled_from((0o600, 0o640, 0o604, 0o066)), uid=_owner, gid=_owner, queue=_queue)
_get = st.builds(
    s.Msgget, key=st.sampled_from((0, 1, 1, 2)), create=_often, excl=_seldom, mode=st.sampled_from((0o600, 0o400, 0o660))
)
_KINDS: dict[str, tuple[int, st.SearchStrategy[s.Operation]]] = {
    "send": (30, _send),
    "receive": (30, _recv),
    "send spelled": (4, _spelled),
    "copy": (4, _copy),
    "stat": (5, st.builds(s.Stat, bad=_seldom, queue=_queue)),
    "set": (8, _set),
    "signal": (5, st.builds(s.Signal, target=_task, ignored=_seldom)),
    "get": (2, _get),
    "remove": (2, st.builds(s.Rmid, queue=_queue)),
    "stat by index": (2, st.builds(s.MsgStat, bad=_seldom, queue=_queue)),
    "stat of a number": (1, st.builds(s.MsgStat, index=st.sampled_from((0, 1, 100, 101, 255, 2**31 - 1)))),
    "information": (2, st.builds(s.IpcInfo, bad=_seldom) | st.builds(s.MsgInfo, bad=_seldom)),
    "no command": (1, st.builds(s.Msgctl, command=st.sampled_from((-1, 4, 10, 13, 14, 2**31 - 1)), queue=_queue)),
    "owner": (3, _set_owner),
    "next id": (1, st.builds(s.NextId, id=_id)),
    "kill": (1, st.builds(s.Kill, target=_task)),
    "exit": (1, st.just(s.Exit())),
}


# What a script may have only where it can be asked.
_NEEDS = {"stat of a number": "private", "information": "queues", "owner": "users", "next id": "ids"}


@st.composite
def _asked(draw: st.DrawFn, kinds: tuple[str, ...]) -> tuple[int, s.Operation]:
    """Draw who and what. (`one_of` of `one_of` is one flat list to Hypothesis: the rare would be as frequent as the rest.)"""
    return draw(_task), draw(_KINDS[draw(st.sampled_from(kinds))][1])


@st.composite
def scripts(
    draw: st.DrawFn,
    *,
    tasks: int | None = None,
    kernels: tuple[Kernel, ...] = (LINUX_4_8,),
    fixed: bool = False,
    longest: int = 24,
    abilities: frozenset[str] = ABILITIES,
) -> s.Script:
    """Draw a script of 1 to 6 tasks that can be issued on all these kernels, with nothing that a host is not able to do."""
    kinds = tuple(kind for kind, (weight, _) in _KINDS.items() if _NEEDS.get(kind) in {None, *abilities} for _ in range(weight))
    tasks = tasks or draw(st.sampled_from((1, 2, 3, 4, 5, 6, 3, 4, 5, 6)))
    strangers = "users" in abilities and draw(st.sampled_from((False, False, True)))
    users = tuple((task, user) for task in range(1, tasks + 1) if (user := draw(_user))) if strangers else ()
    first = draw(st.sampled_from((None, 8, 16, 16, 24, 32, 64, s.MESSAGE_MAX)))
    lengths = (st.lists(_asked(kinds), min_size=least, max_size=longest) for least in (1, longest // 2, longest * 3 // 4))
    drawn = draw(st.one_of(*lengths))
    script = s.Script(tasks, (), users=users)
    return legal(script, [*([(0, s.Set(qbytes=first))] if first else []), *drawn], kernels=kernels, fixed=fixed)


def legal(
    script: s.Script, drawn: list[tuple[int, s.Operation]], *, kernels: tuple[Kernel, ...] = (LINUX_4_8,), fixed: bool = False
) -> s.Script:
    """Give a script without steps operations, by leaving out and changing what cannot be issued."""
    models = [QueueModel(kernel) for kernel in kernels]
    states = [[model.start(script)] for model in models]
    alive = list(range(1, script.tasks + 1))
    steps: list[s.Step] = []
    for place, (who, operation) in enumerate(drawn):
        asleep = {task for possible in states for state in possible for task in state.calls}
        awake = [task for task in alive if task not in asleep]
        if not awake:
            break
        operation = _there(states[0][0], who, operation)
        step = _step(awake, alive, who, operation, last=place == len(drawn) - 1)
        if step is None:
            continue
        try:
            after = [model.advance(possible, step) for model, possible in zip(models, states, strict=True)]
        except TooMany:
            break
        if any(len(possible) > COURSES_AT_MOST for possible in after) or (
            fixed and any(len({result_of(step, state) for state in possible}) > 1 for possible in after)
        ):
            break
        steps.append(step)
        states = after
        alive = _left(script, alive, step)
    return replace(script, steps=tuple(steps))


def _there(state: State, who: int, operation: s.Operation) -> s.Operation:
    """Mostly ask for a queue that is there: once q1 is removed for the next one, and if there is none create it."""
    by_index = isinstance(operation, s.MsgStat) and operation.index is not None
    if getattr(operation, "queue", None) != 1 or by_index or state.queues[0] or who == 0:
        return operation
    number = next((number for number, queue in enumerate(state.queues, 1) if queue), None)
    return replace(operation, queue=number) if number else s.Msgget()


def _step(awake: list[int], alive: list[int], who: int, operation: s.Operation, *, last: bool) -> s.Step | None:
    task = awake[who % len(awake)]
    match operation:
        case s.Send() | s.Recv() if len(awake) == 1 and not last:
            operation = replace(operation, nowait=True)
        case s.Signal(target):
            operation = replace(operation, target=alive[target % len(alive)])
        case s.Kill(target):
            others = [other for other in alive if other != task]
            if not others:
                return None
            operation = s.Kill(others[target % len(others)])
        case s.Exit() if len(awake) == 1 and not last:
            return None
    return s.Step(task, operation)


def _left(script: s.Script, alive: list[int], step: s.Step) -> list[int]:
    match step.operation:
        case s.Kill(target) if script.user_of(step.task) == script.user_of(target):
            return [task for task in alive if task != target]
        case s.Exit():
            return [task for task in alive if task != step.task]
    return alive
