"""What is written down when an instruction retires: its time, where that time went, locks, probes, digest."""

from emu.engine.lock_frames import begin_frame, enter_routine, jump_frame, leave_routine
from emu.engine.lock_sites import count_iteration, count_under_locks
from emu.engine.locks import account_locks
from emu.engine.log import log_event
from emu.engine.probes import (
    BEGINS_RUN,
    ENDS_RUN,
    ERRNO_EVENT,
    LOGGED_EVENT,
    PROBED_EVENT,
    UNDER_LOCKS,
    account_errno,
    account_event,
    account_spin,
    settle_span,
)
from emu.engine.records import (
    CALLS_LOCK,
    ESTIMATED,
    EVENT,
    HISTORY,
    I32,
    I64,
    IF_ZERO,
    INSTRUCTION,
    JUMPED_TO,
    LOCK,
    NOT_TAKEN,
    PAGE,
    PAUSE,
    R_NONE,
    REPEAT,
    TAKEN,
    U8,
)
from emu.engine.registers import RCX, RSP, get
from emu.engine.schedule import advance_dispatch, attribute_gap, catch_up, ends_at, stall_dispatch
from emu.engine.trace import NO_ACCESS, note, note_access, trace_instruction
from emu.native import array_at, inlined, mix, njit
from emu.timing.branch import CALL, CONDITIONAL, INDIRECT_JUMP, NONE, PREDICTOR, RETURN, mispredicted
from emu.trace.record import Cause, Kind, State

USER, KERNEL, INTERRUPT = int(State.USER), int(State.KERNEL), int(State.INTERRUPT)
LOCK_WAIT, SPIN, STALL = int(State.LOCK_WAIT), int(State.SPIN), int(State.STALL)
K_MARK = int(Kind.MARK)
C_MISPREDICT = int(Cause.MISPREDICT)


@njit
def index_of(machine, core, pc):  # type: ignore[no-untyped-def]
    """Index of the instruction at a virtual address, -1 where there is no text.

    The text lies in one piece, or it is known by page; then the page is the one that the core is in.
    """
    if core.text_slots != 0:
        return I64(array_at(core.text_slots, PAGE, I32)[pc & (PAGE - 1)])
    offset = pc - machine.text.kernel_base
    if 0 <= offset < machine.text.kernel_bytes:
        return offset
    offset = pc - machine.text.user_base
    if 0 <= offset < machine.text.user_bytes:
        return machine.text.kernel_bytes + offset
    return -1


@njit
def note_cause(core, cycles, cause):  # type: ignore[no-untyped-def]
    """The instruction in flight waits `cycles` for something; the longest wait gives its cause."""
    if cycles > core.cause_cycles:
        core.cause = cause
        core.cause_cycles = cycles


@njit
def state_of(core, state):  # type: ignore[no-untyped-def]
    """Where a cycle goes: to the routine's own state unless this core is waiting for a lock or spinning."""
    if state == INTERRUPT:
        return state
    if core.wait.depth > 0:
        return LOCK_WAIT
    if core.spin.probe >= 0:
        return SPIN
    return state


@njit
def task_index(machine, pointer):  # type: ignore[no-untyped-def]
    """Index of a task_struct in the task table, -1 for an idle task."""
    offset = pointer - machine.tasks.base
    if offset < 0 or offset >= machine.tasks.stride * machine.tasks.count:
        return I64(-1)
    return I64(offset // machine.tasks.stride)


@njit
def account_mark(machine, core, instruction):  # type: ignore[no-untyped-def]
    """Count the event bound to the retiring instruction, if it has happened."""
    value = core.event_value if instruction.register >= 0 else I64(0)
    if instruction.traits & IF_ZERO and value != 0:
        return
    mark = instruction.mark
    counts = array_at(machine.marks.counts, mark + 1, I64)
    counts[mark] += 1
    if instruction.routine != R_NONE:
        enter_routine(machine, core, instruction.routine, mark, value)
        return
    roles = array_at(machine.marks.roles, mark + 1, U8)[mark]
    if roles & ENDS_RUN and counts[mark] == machine.done_wanted:
        machine.end_at = core.clock + machine.run_ahead_max + 1
        core.limit = min(core.limit, machine.end_at - 1)
        core.horizon = min(core.horizon, machine.end_at - 1)
        if machine.parking.parked != 0:
            core.limit = I64(-1)
    if roles & PROBED_EVENT:
        account_event(machine, core, mark, task_index(machine, value))
    if roles & ERRNO_EVENT:
        account_errno(machine, mark, value)
    if roles & LOGGED_EVENT and machine.log.room != 0:
        log_event(machine, core, core.retired_at, mark, value, 0, 0)
    if roles & UNDER_LOCKS and machine.locking.site_count != 0:
        count_under_locks(machine, core)
    if roles & BEGINS_RUN:
        machine.boot_cycles = core.retired_at
    note(machine, core, K_MARK, core.retired_at, mark, 0, value)


@njit
def note_branch(machine, core, instruction, next_pc):  # type: ignore[no-untyped-def]
    """Remember which way a branch has gone; an indirect jump is noted where it led."""
    outcomes = array_at(machine.branch_outcomes, machine.text.kernel_bytes + machine.text.user_bytes, U8)
    if instruction.branch == CONDITIONAL:
        outcomes[core.current] |= NOT_TAKEN if next_pc == core.current_pc + instruction.length else TAKEN
    elif instruction.branch == INDIRECT_JUMP:
        target = index_of(machine, core, next_pc)
        if target >= 0:
            outcomes[target] |= JUMPED_TO


@njit
def resolve_branch(machine, core, instruction, end, next_pc):  # type: ignore[no-untyped-def]
    """A branch has turned out to go to `next_pc` at `end`: if that was not predicted, the front end starts again."""
    predictor = array_at(core.predictor, 1, PREDICTOR)[0]
    following = core.current_pc + instruction.length
    if mispredicted(predictor, instruction.branch, core.current_pc, following, next_pc):
        penalty = machine.costs.return_mispredict if instruction.branch == RETURN else machine.costs.mispredict
        stall_dispatch(core, end + penalty, C_MISPREDICT)
    if machine.branch_outcomes != 0:
        note_branch(machine, core, instruction, next_pc)


@njit
def follow_calls(machine, core, instruction, next_pc):  # type: ignore[no-untyped-def]
    """A branch has retired: know who calls the routines of locks, and when these return."""
    following = core.current_pc + instruction.length
    if instruction.traits & CALLS_LOCK:
        if instruction.branch == CALL:
            begin_frame(machine, get(core, RSP), following)
        elif next_pc != following:  # or it is a conditional jump that goes on
            jump_frame(machine, get(core, RSP), core.current_pc)
    elif instruction.branch == RETURN and machine.locking.frame_count > 0:
        leave_routine(machine, core)


@njit
def pass_time(core, state, until):  # type: ignore[no-untyped-def]
    """Every cycle of a core up to `until` gets its one state: STALL for what a stall held it, `state` for the rest, returned."""
    cycles = until - core.retired_at - core.stalled
    core.cycles[state] += cycles
    core.cycles[STALL] += core.stalled
    core.stalled = 0
    core.retired_at = until
    return cycles


@inlined
def settle_time(machine, core, instruction, state, next_pc):  # type: ignore[no-untyped-def]
    """The instruction in flight retires: its time goes to `state`, and the clock to the next dispatch; returns its cycles."""
    if machine.untimed != 0:  # somebody else says who comes next: an instruction is a cycle
        core.clock += 1
        core.retired_at = core.clock
        return I64(1)
    end = ends_at(core, instruction)
    retired_at = max(core.retired_at, end)
    if instruction.branch != NONE:
        resolve_branch(machine, core, instruction, end, next_pc)
    gap = retired_at - core.retired_at
    if state < LOCK_WAIT:
        attribute_gap(core, instruction, gap - core.stalled)
    pass_time(core, state, retired_at)
    advance_dispatch(machine, core, instruction, end, retired_at, next_pc)
    return gap


@njit
def go_on_with_string(machine, core):  # type: ignore[no-untyped-def]
    """A string instruction comes to its next element: time goes on, and a store waits until the buffer has room for it.

    It comes here once more when no element is left: then the room matters only to what follows.
    """
    core.clock += 1
    if core.barrier > core.clock and get(core, RCX) != 0:
        catch_up(core, core.barrier, core.barrier_cause)
    core.start = max(core.start, core.clock)


@inlined
def retire(machine, core, next_pc):  # type: ignore[no-untyped-def]
    """The instruction in flight is done and `next_pc` follows: settle its time and everything that hangs on it."""
    instruction = array_at(machine.instructions, core.current + 1, INSTRUCTION)[core.current]
    if instruction.traits & REPEAT and next_pc == core.current_pc:
        go_on_with_string(machine, core)
        return
    state = state_of(core, instruction.state)
    cost = settle_time(machine, core, instruction, state, next_pc)
    core.instructions += 1
    if instruction.branch != NONE and machine.locking.frame_room != 0:
        follow_calls(machine, core, instruction, next_pc)
    if instruction.traits & ESTIMATED:
        array_at(machine.estimated, core.current + 1, I64)[core.current] += 1
    core.digest = mix(mix(core.digest, core.current_pc), core.retired_at)
    core.retired[(core.history_count - 1) & (HISTORY - 1)] = core.retired_at
    if core.settling >= 0 and state in (USER, KERNEL):
        settle_span(machine, core, core.retired_at - cost)
    if machine.tracing.at != 0:
        trace_instruction(machine, core, cost, state)
    if core.locking.acquiring >= 0 or core.locking.failing >= 0 or core.locking.releasing >= 0:
        account_locks(machine, core)
    if core.spin.probed >= 0:
        account_spin(machine, core, instruction.probe)
    if instruction.traits & EVENT:
        account_mark(machine, core, instruction)
    if instruction.traits & PAUSE and core.wait.depth > 0:
        locks = array_at(machine.locking.locks, machine.locking.count, LOCK)
        locks[core.wait.lock[core.wait.depth - 1]].spin_iterations += 1
        if machine.locking.site_count != 0:
            count_iteration(machine, core)
    core.current = -1
    core.cause = 0
    core.cause_cycles = 0
    note_access(core, NO_ACCESS, 0, 0, 0)
