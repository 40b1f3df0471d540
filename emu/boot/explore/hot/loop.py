"""The exploring gear's turns: whoever the strategy has named runs until the strategy names another, or Python is needed."""

from emu.boot.explore.hot.buffer import show
from emu.boot.explore.hot.events import choose_core, let_time_pass, wake_all
from emu.boot.explore.hot.records import AGENT, EXPLORE, I64, STOP_TURN, TURN_MAX
from emu.boot.hot.blocks import leave_block
from emu.boot.hot.code_pages import catch_up
from emu.boot.hot.deliver import takes_interrupt
from emu.boot.hot.records import (
    ALL_HALTED,
    CORE,
    DEADLINE,
    ENGINE_ERROR,
    INTERRUPT,
    MACHINE,
    RUNNING,
    SLICE_DONE,
    STOP_CODE,
    STOP_EVENT,
    STOP_LIMIT,
    STOPPED,
)
from emu.boot.hot.round_robin import budget, reached_goal, rest_of_block, take_turn
from emu.explore.strategy.choose import begin_schedule
from emu.explore.strategy.records import NOBODY, STRATEGY
from emu.native import NEVER, array_at, entry, njit

IDLE_MAX = 2  # rounds in which those that wait have looked in vain


@njit
def name_core(explore, machine):  # type: ignore[no-untyped-def]
    """See to it that a core has been chosen, and is the one whose turn it is; False if none can go on before time has passed."""
    anew = explore.chosen == NOBODY
    if anew:
        explore.chosen = choose_core(explore)
        while explore.chosen == NOBODY:
            if explore.idle >= IDLE_MAX and (machine.deadline < NEVER or all_halted(machine)):
                explore.idle = 0
                return False
            explore.idle += 1
            wake_all(explore)
            explore.chosen = choose_core(explore)
    if anew or machine.turn != explore.chosen:
        machine.turn = explore.chosen
        machine.turn_full = machine.turn_left = TURN_MAX
        show(explore, array_at(explore.agents, explore.core_count, AGENT)[explore.chosen])
    return True


@njit
def all_halted(machine):  # type: ignore[no-untyped-def]
    """Whether no core is running, be it in a loop that waits."""
    cores = array_at(machine.cores, machine.core_count, CORE)
    running = 0
    for index in range(machine.core_count):
        running += cores[index].status == RUNNING
    return running == 0


@njit
def run_slice(explore, machine):  # type: ignore[no-untyped-def]
    """Run until Python is needed; `machine.outcome` says for what, as in the fast gear (`round_robin.run_slice`)."""
    cores = array_at(machine.cores, machine.core_count, CORE)
    while True:
        rest = rest_of_block(cores[machine.turn])
        if machine.now >= machine.deadline and rest == 0:
            machine.outcome = DEADLINE
            return
        if machine.now >= machine.stop_at or machine.now >= machine.slice_end:
            machine.outcome = SLICE_DONE
            return
        if not name_core(explore, machine):
            machine.outcome = ALL_HALTED
            return
        core = cores[machine.turn]
        if reached_goal(core):
            machine.outcome = SLICE_DONE
            return
        if not machine.resumed and rest == 0 and takes_interrupt(core):
            machine.outcome = INTERRUPT
            return
        machine.resumed = 0
        if core.status != RUNNING:
            explore.chosen = NOBODY
            continue
        if not run_core(explore, machine, core):
            return


@njit
def run_core(explore, machine, core):  # type: ignore[no-untyped-def]
    """Let the chosen core run; False if Python is needed."""
    machine.turns += 1
    fixed = machine.deadline - machine.now
    own = max(min(machine.turn_left, fixed), rest_of_block(core))
    if core.stale_count or core.flush:
        catch_up(machine, core)
    over = take_turn(machine, core, own, budget(machine, core, own), fixed < machine.turn_left)
    if core.stop & STOP_TURN:
        leave_block(machine, core)
        core.block_count = 0
        over = True
    ran = core.count - core.turn_start
    core.turn_start = core.count
    machine.now += ran
    machine.turn_left -= ran
    machine.resumed = 0 if over or core.stop & STOP_EVENT else 1
    if over and core.stop & STOP_TURN == 0:
        explore.chosen = NOBODY
        let_time_pass(explore)
    if core.error:
        machine.outcome = ENGINE_ERROR
        return False
    if core.stop & ~(STOP_LIMIT | STOP_EVENT | STOP_CODE | STOP_TURN) or machine.finished:
        machine.outcome = STOPPED
        return False
    return True


@njit
def begin(explore, schedule):  # type: ignore[no-untyped-def]
    """Begin a schedule: buffers are empty, and nobody is chosen yet."""
    agents = array_at(explore.agents, explore.core_count, AGENT)
    for index in range(explore.core_count):
        agent = agents[index]
        agent.event = agent.pending = agent.first = agent.waits = agent.locked = agent.looked = 0
        agent.era += 1
        agent.stale_reads = agent.stale_since = agent.seen_changes = 0
        agent.code_page = -1
    explore.running = explore.chosen = NOBODY
    explore.schedule = schedule
    explore.changes = explore.late = explore.accesses = explore.digest = explore.idle = 0
    explore.log_count = explore.step_count = 0
    begin_schedule(array_at(explore.strategy, 1, STRATEGY)[0], I64(schedule))


@entry
def run(explore_address: int) -> None:
    """Run one slice of the exploration at a host address."""
    explore = array_at(explore_address, 1, EXPLORE)[0]
    run_slice(explore, array_at(explore.machine, 1, MACHINE)[0])


@entry
def show_at(explore_address: int, core: int) -> None:
    """Let RAM show a core's view."""
    explore = array_at(explore_address, 1, EXPLORE)[0]
    show(explore, array_at(explore.agents, explore.core_count, AGENT)[core])


@entry
def begin_at(explore_address: int, schedule: int) -> None:
    """Begin a schedule of the exploration at a host address."""
    begin(array_at(explore_address, 1, EXPLORE)[0], schedule)
