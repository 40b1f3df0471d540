"""The fast gear: cores take turns of a quantum of instructions; sequentially consistent, no time but a clock of instructions."""

from unicorn import unicorn_const as uc_const

from emu.boot.hot.blocks import faults_as_write, leave_block
from emu.boot.hot.code_pages import catch_up
from emu.boot.hot.deliver import GENERAL_PROTECTION, PAGE_FAULT, deliver, takes_interrupt
from emu.boot.hot.records import (
    ALL_HALTED,
    CORE,
    DEAD,
    DEADLINE,
    ENGINE_ERROR,
    HALTED,
    I64,
    INTERRUPT,
    MACHINE,
    RUNNING,
    SLICE_DONE,
    STOP_CODE,
    STOP_EVENT,
    STOP_LIMIT,
    STOP_SHUTDOWN,
    STOPPED,
    U32,
    U64,
)
from emu.boot.hot.walk import FETCH, NOT_CANONICAL, PF_WRITE, READ
from emu.engine.env import CFLAGS_NEXT_TB, CR2, EFLAGS, EIP, IF, get64, put64
from emu.native import array_at, call, entry, njit

NO_UNTIL = 0  # no core has an exit address
UNICORN_FAULT = uc_const.UC_ERR_EXCEPTION


@njit
def next_quantum(machine):  # type: ignore[no-untyped-def]
    """How long the next turn is: the quantum, or 1 to twice as many by the generator (xorshift64*)."""
    if machine.random == U64(0):
        return machine.quantum
    state = machine.random
    state ^= state >> U64(12)
    state ^= state << U64(25)
    state ^= state >> U64(27)
    machine.random = state
    drawn = (state * U64(0x2545F4914F6CDD1D)) >> U64(33)
    return I64(1) + I64(drawn) % (2 * machine.quantum)


@njit
def page_fault(machine, core):  # type: ignore[no-untyped-def]
    """Unicorn has left a block for a page that is not there or not allowed; False after a triple fault."""
    core.page_faults += 1
    core.cut_end = 0
    code = core.fault_code
    if core.fault_access != FETCH:
        leave_block(machine, core)
    core.block_count = 0
    if code == NOT_CANONICAL:
        return deliver(machine, core, I64(GENERAL_PROTECTION), I64(0), False)
    if core.fault_access == READ and faults_as_write(machine, core):
        code |= PF_WRITE
    put64(core, CR2, array_at(core.fault_at, 1, I64)[0])
    return deliver(machine, core, I64(PAGE_FAULT), code, False)


@njit
def take_turn(machine, core, own, budget, cuts):  # type: ignore[no-untyped-def]
    """Let a core retire `budget` of the `own` instructions that it has left, or fewer; True if its turn is over.

    A block that does not fit into its own waits for the next turn, unless the turn `cuts` blocks: that costs a translation of
    each part. A block that only the budget is too small for is cut, as the turn goes on behind it some time. The parts of a block
    make no difference to the guest: `core.cut_end` says where it would have ended.
    """
    core.turn_start = core.count
    core.limit = core.count + budget
    core.stop = 0
    core.event = 0
    core.error = 0
    progressed = machine.turn_left < machine.turn_full
    while True:
        core.fault = 0
        if core.cut_end > core.count:
            part = min(core.limit, core.cut_end) - core.count
            array_at(core.cpu + CFLAGS_NEXT_TB, 1, U32)[0] = U32(min(part, core.part) if core.part else part)
            core.part = 0
        error = call(machine.emu_start, core.uc, get64(core, EIP), NO_UNTIL, 0, 0)
        if core.stop & ~STOP_LIMIT:
            return False
        if core.fault and error == UNICORN_FAULT:
            if not page_fault(machine, core):
                core.stop = STOP_SHUTDOWN
                return False
        elif error != 0:
            core.error = error
            return False
        elif core.stop == 0:
            core.status = HALTED if get64(core, EFLAGS) & IF else DEAD
            return True
        left = core.limit - core.count
        if left <= 0:
            return core.count - core.turn_start >= own
        if core.stop:
            room = own - (core.count - core.turn_start)
            if core.next_block > room and not cuts and (progressed or core.count > core.turn_start):
                return True
            if core.cut_end <= core.count:
                core.cut_end = core.count + min(core.next_block, room)
            core.stop = 0


@njit
def next_turn(machine):  # type: ignore[no-untyped-def]
    """The turn passes on."""
    cores = array_at(machine.cores, machine.core_count, CORE)
    machine.turn = (machine.turn + 1) % machine.core_count
    machine.turn_full = next_quantum(machine) if cores[machine.turn].status == RUNNING else 0
    machine.turn_left = machine.turn_full


@njit
def reached_goal(core):  # type: ignore[no-untyped-def]
    """Whether a core has come to the count at which somebody wants to look."""
    return core.goal != 0 and core.count >= core.goal


@njit
def rest_of_block(core):  # type: ignore[no-untyped-def]
    """How many instructions are left of a block in whose middle the core stands: nothing happens before they have retired."""
    return max(core.cut_end - core.count, I64(0))


@njit
def budget(machine, core, own):  # type: ignore[no-untyped-def]
    """How many of its own instructions a core retires before Python looks."""
    most = min(own, machine.stop_at - machine.now)
    return min(most, core.goal - core.count) if core.goal != 0 else most


@njit
def run_slice(machine):  # type: ignore[no-untyped-def]
    """Run until Python is needed; `machine.outcome` says for what, `machine.turn` whose turn it is.

    A run may be left and taken up anywhere without a difference to the guest: interrupts are looked for at the begin of a turn and
    in front of each block, but not where Python had something to do (`machine.resumed`), nor in front of the rest
    of a block that was cut for it (`core.cut_end`).
    """
    cores = array_at(machine.cores, machine.core_count, CORE)
    idle = 0
    while True:
        core = cores[machine.turn]
        rest = rest_of_block(core)
        if machine.now >= machine.deadline and rest == 0:
            machine.outcome = DEADLINE
            return
        if machine.now >= machine.stop_at or (machine.now >= machine.slice_end and machine.turn_left <= 0):
            machine.outcome = SLICE_DONE
            return
        if reached_goal(core):
            machine.outcome = SLICE_DONE
            return
        if not machine.resumed and rest == 0 and takes_interrupt(core):
            machine.outcome = INTERRUPT
            return
        machine.resumed = 0
        if core.status != RUNNING or machine.turn_left <= 0:
            idle = 0 if core.status == RUNNING else idle + 1
            if idle > machine.core_count:
                machine.outcome = ALL_HALTED
                return
            next_turn(machine)
            continue
        idle = 0
        machine.turns += 1
        fixed = machine.deadline - machine.now
        own = max(min(machine.turn_left, fixed), rest)
        whole = fixed >= machine.turn_left  # nothing but its own length ends this turn
        if core.stale_count or core.flush:
            catch_up(machine, core)
        over = take_turn(machine, core, own, budget(machine, core, own), machine.exact or not whole)
        ran = core.count - core.turn_start
        core.turn_start = core.count
        machine.now += ran
        machine.turn_left -= ran
        if over and whole:  # a block that did not fit may have left some of it
            machine.turn_left = 0
        machine.resumed = 0 if over or core.stop & STOP_EVENT else 1
        if core.error:
            machine.outcome = ENGINE_ERROR
            return
        if core.stop & ~(STOP_LIMIT | STOP_EVENT | STOP_CODE) or machine.finished:
            machine.outcome = STOPPED
            return


@entry
def run(machine_address: int) -> None:
    """Run one slice of the machine at a host address."""
    run_slice(array_at(machine_address, 1, MACHINE)[0])


@entry
def interrupt(core_address: int, vector: int, code: int) -> bool:
    """Deliver an interrupt or an exception to a core between turns; False after a triple fault."""
    core = array_at(core_address, 1, CORE)[0]
    core.status = RUNNING
    return deliver(array_at(core.machine, 1, MACHINE)[0], core, vector, code, False)  # type: ignore[no-any-return]
