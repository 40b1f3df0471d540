"""Whether the figures of a run agree with each other: every total is the sum of its named parts, and no two rows contradict."""

from collections.abc import Iterator

from emu.assembly.variants import get_variant, lock_kind
from emu.compare.comparison import STATES_OF_NO_CAUSE
from emu.run.result import RunResult

MESSAGE_WORDS = ("delivered", "enqueued", "handed_over", "under_way")


def contradictions(result: RunResult) -> list[str]:
    """What does not add up, in words."""
    return [words for words, holds in (*_cycles(result), *_counts(result), *_locks(result)) if not holds]


def _cycles(result: RunResult) -> Iterator[tuple[str, bool]]:
    states, whole = result.cycles_by_state, result.cores * result.cycles
    for index, core in enumerate(result.cycles_by_core_and_state):
        yield f"core {index}: {core} is not {result.cycles} cycles", core.total == result.cycles
    yield f"states {states} are not {whole}", states.total == whole
    causes = sum(result.cycles_by_cause.values()) + sum(getattr(states, name) for name in STATES_OF_NO_CAUSE)
    yield f"causes and states without one are {causes}, not {whole}", causes == whole
    for stall in result.stall_schedule:
        yield f"{stall} did {result.stalls[stall.point]}", result.stalls[stall.point].cycles % stall.cycles == 0
    stalled = sum(stall.cycles for stall in result.stalls.values())
    yield f"stalls took {stalled} cycles, the state {states.stall}", stalled == states.stall
    # An interrupt that comes while a receiver spins belongs to its spin, and its cycles to the interrupt.
    spin, away = result.message_spin, states.interrupt + states.stall + states.scheduler + states.kernel
    yield f"{spin} is not {states.message_spin} cycles", states.message_spin <= spin.cycles <= states.message_spin + away
    yield f"{spin} contradicts itself", (spin.entries == 0) == (spin.iterations == 0) == (spin.cycles == 0)
    yield f"{spin} is less than its state's {states.message_spin}", (spin.cycles == 0) == (states.message_spin == 0)


def _counts(result: RunResult) -> Iterator[tuple[str, bool]]:
    woken, came = result.wakeups, result.outcomes
    yield f"{woken}: by lock", woken.under_queue_lock + woken.after_unlock == woken.total
    yield f"{woken}: by what it found", woken.to_idle + woken.to_running + woken.found_awake + woken.under_way == woken.total
    yield f"{woken}: under way", 0 <= woken.under_way <= (result.threads if result.partial else 0)
    sent = came["enqueued"] + came["handed_over"]
    yield f"{came}: sent", came["delivered"] + came["under_way"] == sent
    yield f"{came}: under way", came["under_way"] >= 0 if result.partial else came["under_way"] == 0
    yield f"{came}: delivered", came["delivered"] == result.messages
    errors = {name: count for name, count in came.items() if name not in MESSAGE_WORDS}
    yield f"{errors}: names", all(name.startswith("E") and count > 0 for name, count in errors.items())


def _locks(result: RunResult) -> Iterator[tuple[str, bool]]:
    waited = sum(lock.wait_cycles for lock in result.locks.values())
    away = result.cycles_by_state.interrupt + result.cycles_by_state.stall
    state = result.cycles_by_state.lock_wait
    # A ticket lock is its next owner's from the release on, who goes on waiting until it sees that.
    owned = sum(lock.hold_cycles for lock in result.locks.values()) if lock_kind(get_variant(result.variant)) == "ticket" else 0
    yield f"waits of {waited} cycles, the state {state}", state - owned <= waited <= state + away
    for name, lock in result.locks.items():
        longest_wait, longest_hold = lock.wait_cycles_max, lock.hold_cycles_max
        yield f"{name}: {lock}: waits", lock.contended > 0 or lock.wait_cycles == 0
        yield f"{name}: {lock}: the longest wait", longest_wait <= lock.wait_cycles <= lock.contended * longest_wait
        yield f"{name}: {lock}: holds", lock.acquisitions > 0 or lock.hold_cycles == 0
        yield (
            f"{name}: {lock}: the longest hold",
            longest_hold <= lock.hold_cycles <= lock.acquisitions * longest_hold,
        )
        yield f"{name}: {lock}: contended", lock.contended <= lock.acquisitions + (result.cores if result.partial else 0)
        yield f"{name}: {lock}: longer than the run", max(longest_wait, longest_hold) <= result.cycles
