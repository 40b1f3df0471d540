"""The workload pmsg-shared, our reconstruction: who sends what to whom, from which core, and how often.

The original benchmark's source is not public. Ours: one process, N threads in N/2 pairs, one token a pair, strict ping-pong
with 8-byte messages and blocking calls. Thread 2p starts pair p; every token passes a fixed number of times, so no queue has
anything on it at the end. What the name leaves open is a choice, a reading (docs/pmsg-shared.md):

- `placement`: where the members of a pair run (`placement.py`); None: as far apart as the machine has it.
- `queues`: `shared`, one for all pairs, or `pair`, one for each.
- `types`: `own`, each thread receives a message type of its own; or `common`, the first members all receive type 1 and the second
  ones type 2, so that on a shared queue any partner takes any token.

The seed varies what the real machine leaves to chance (`emu.guest.chance`).
"""

from emu.errors import UserError
from emu.guest.chance import start_delays
from emu.guest.held import Held
from emu.subjects.ipc_msg.memory import message_blocks
from emu.subjects.ipc_msg.workload.placement import checked, places
from emu.subjects.ipc_msg.workload.workload import PingPong, Workload, validate

NAME = "pmsg-shared"
COUNTS = ("pairs", "threads")  # what the benchmark's own first argument may count; docs/pmsg-shared.md says why pairs
QUEUES = ("shared", "pair")
TYPES = ("own", "common")
DEFAULT_MESSAGES = 2000
TOKEN_TEXT = 8  # bytes of a message


def default_threads(cores: int) -> int:
    """One thread a core, rounded up so that every thread has a partner."""
    return cores + cores % 2


def plan_pmsg_shared(
    *,
    cores: int,
    cores_per_module: int = 2,
    threads: int | None = None,
    messages: int = DEFAULT_MESSAGES,
    placement: str | None = None,
    queues: str = QUEUES[0],
    types: str = TYPES[0],
    seed: int = 1,
) -> Workload:
    """Plan the workload, or raise `UserError` saying what was wanted. With tokens that are all alike, messages are made even."""
    threads = default_threads(cores) if threads is None else threads
    validate(cores, threads, messages, seed)
    _validate_reading(threads, queues, types)
    placement = checked(placement, cores, cores_per_module)
    pairs = threads // 2
    fungible = queues == "shared" and types == "common"
    passes = _shares_of_tokens(messages, pairs, fungible)
    delay = start_delays(seed)
    seats = places(placement, pairs=pairs, cores=cores, cores_per_module=cores_per_module, seed=seed)
    tasks = []
    for index, seat in enumerate(seats):
        pair, second = divmod(index, 2)
        first_sends = (passes[pair] + 1) // 2
        kinds = (index + 1, (index ^ 1) + 1) if types == "own" else (second + 1, 2 - second)
        tasks.append(
            PingPong(
                index=index,
                pair=pair,
                queue=pair if queues == "pair" else 0,
                fungible=fungible,
                core=seat.core,
                cpus_allowed=seat.cpus_allowed,
                own_type=kinds[0],
                partner_type=kinds[1],
                sends=passes[pair] - first_sends if second else first_sends,
                receives=first_sends if second else passes[pair] - first_sends,
                starts_first=not second and passes[pair] > 0,
                start_delay=next(delay),
            )
        )
    tokens = tuple(Held(size, pairs, None) for size in message_blocks(TOKEN_TEXT))  # who passes one on has freed it before
    return Workload(
        cores,
        tuple(tasks),
        NAME,
        "pmsg_shared",
        placement=placement,
        messages=sum(passes),
        seed=seed,
        queues=queues,
        types=types,
        queues_at_start=pairs if queues == "pair" else 1,
        held=tokens,
    )


def _shares_of_tokens(messages: int, pairs: int, fungible: bool) -> list[int]:
    """How often each pair's token passes, as evenly as it goes.

    Tokens that are all alike go to and fro in whole rounds: then each ends with a first member whose sends are done. Could some
    end with second members too, those who are left might wait for the last tokens on opposite sides, for ever.
    """
    unit = 2 if fungible else 1
    rounds = -(-messages // unit)
    return [unit * (rounds // pairs + (pair < rounds % pairs)) for pair in range(pairs)]


def _validate_reading(threads: int, queues: str, types: str) -> None:
    if threads < 2 or threads % 2:
        raise UserError(f"threads must be an even number from 2, not {threads}: {NAME} runs in pairs, each needs a partner")
    for name, value, known in (("queues", queues, QUEUES), ("types", types, TYPES)):
        if value not in known:
            raise UserError(f"{name} must be {' or '.join(known)}, not {value!r}")
