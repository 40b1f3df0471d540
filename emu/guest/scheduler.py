"""Runqueues and the one task group: each core's `rq`, the group's cfs_rq and sched_entity per core, idle and empty.

All user tasks are threads of one process and share one autogroup, so the hierarchy has two levels: a task is queued on
the group's cfs_rq of its core, and the group's entity of that core on the root cfs_rq inside the rq.
"""

from collections.abc import Sequence

from emu.guest.domains import build_domains
from emu.guest.processor import Processor
from emu.guest.ram import DIRECT_MAP, direct
from emu.guest.record import Kernel, Record
from emu.guest.tasks import MAX_RT_PRIO, NICE_0_INVERSE, NICE_0_WEIGHT, UserTask, build_sleeping_kernel_task

MIN_VRUNTIME = -(1 << 20)  # init_cfs_rq: shortly before the counter wraps, as the kernel starts it
MIGRATION_COST_NS = 500_000  # sysctl_sched_migration_cost
AVERAGE_IDLE_NS = 50_000  # below the migration cost, as on a machine that passes messages: no search for work when idle
CYC2NS_SHIFT = 31
LOAD_AVG_MAX = 47742
INITIAL_PERIOD_CONTRIB = 1023
NICE_0_LOAD = 1024
INITIAL_LOAD, INITIAL_UTILISATION = NICE_0_LOAD, 512  # a new task counts as fully runnable and half busy
LOAD_CALC_TICKS = 5 * 250 + 1  # LOAD_FREQ at HZ=250


def build_scheduler(
    kernel: Kernel, cores: Sequence[Record], idle: Sequence[Record], tasks: Sequence[UserTask], processor: Processor
) -> None:
    """Build every core's queues and put the (sleeping) tasks where they will be queued."""
    queues, entities = [], []
    for core, (area, idle_task) in enumerate(zip(cores, idle, strict=True)):
        rq = _build_rq(kernel, core, idle_task)
        area["runqueue"] = rq.virtual
        queue = kernel.allocate("cfs_rq", f"group cfs_rq/{core}", core=core)
        entity = kernel.allocate("sched_entity", f"group se/{core}", core=core)
        _init_cfs_rq(queue, rq)
        _init_group_entity(entity, rq, queue)
        _init_entity(idle_task.inner("se", "sched_entity"), parent=0, queue=rq.address("cfs"), depth=0)
        queues.append(queue)
        entities.append(entity)
    group = _build_task_group(kernel, queues, entities)
    build_domains(kernel, cores, processor)
    signal = kernel.allocate("signal_struct", "signal_struct")
    for area in cores:
        _start_clock(area, processor.clock_hz)
    kernel.set_global("__cpu_online_mask", (1 << len(cores)) - 1)
    kernel.ram.put(kernel.global_physical("cpu_bit_bitmap") + 8 * 63, 1 << 63)
    for user in tasks:
        task = kernel.record("task_struct", user.task_struct)
        entity, queue = entities[user.plan.core], queues[user.plan.core]
        task_entity = task.inner("se", "sched_entity")
        task_entity["load_weight"], task_entity["load_inv_weight"] = NICE_0_WEIGHT, NICE_0_INVERSE
        task_entity["vruntime"] = MIN_VRUNTIME
        _init_average(task_entity.inner("avg", "sched_avg"))
        task["sched_task_group"], task["signal"] = group.virtual, signal.virtual
        _init_entity(task_entity, parent=entity.virtual, queue=queue.virtual, depth=1)
    _init_group_averages(entities, [user.plan.core for user in tasks])


def _build_rq(kernel: Kernel, core: int, idle: Record) -> Record:
    """One runqueue, running its idle task."""
    rq = kernel.allocate("rq", f"rq/{core}", core=core)
    rq["curr"] = rq["idle"] = idle.virtual
    rq["stop"] = build_sleeping_kernel_task(kernel, f"migration/{core}", core).virtual
    rq["rt_highest_prio_curr"] = MAX_RT_PRIO
    for at in range(0, rq.size_of("rt_queues"), 16):  # struct list_head
        for word in (0, 8):
            rq.put_word("rt_queues", rq.address("rt_queues") + at, offset=at + word)
    rq["cpu"] = core
    rq["online"] = 1
    rq["avg_idle"] = AVERAGE_IDLE_NS
    rq["max_idle_balance_cost"] = MIGRATION_COST_NS
    rq["cfs_tasks_next"] = rq["cfs_tasks_prev"] = rq.address("cfs_tasks_next")
    rq["rd"] = kernel.symbol("def_root_domain")
    rq["calc_load_update"] = LOAD_CALC_TICKS
    _init_cfs_rq(rq.inner("cfs", "cfs_rq"), rq)
    rq["leaf_cfs_rq_list_next"] = rq["leaf_cfs_rq_list_prev"] = rq.address("leaf_cfs_rq_list_next")
    rq["tmp_alone_branch"] = rq.address("leaf_cfs_rq_list_next")
    return rq


def _init_cfs_rq(queue: Record, rq: Record) -> None:
    queue["min_vruntime"] = MIN_VRUNTIME
    queue["rq"] = rq.virtual


def _init_group_entity(entity: Record, rq: Record, queue: Record) -> None:
    """The group's entity of one core: on the root queue when any of the group's tasks is."""
    entity["load_weight"], entity["load_inv_weight"] = NICE_0_WEIGHT, 0
    _init_entity(entity, parent=0, queue=rq.address("cfs"), depth=0)
    entity["my_q"] = queue.virtual


def _init_entity(entity: Record, *, parent: int, queue: int, depth: int) -> None:
    entity["parent"] = parent
    entity["cfs_rq"] = queue
    entity["depth"] = depth


def _init_group_averages(entities: Sequence[Record], starts: Sequence[int]) -> None:
    """Set the load of the group's entity on each core to its share, as after the tasks have waited busily for their start.

    A group's entity begins with no load and takes some 100 ms to get it (half in 32 ms): as long as it has none, wake_affine
    finds every core free and draws all tasks to their wakers. The benchmark has had its share by the time it is measured.
    """
    for core, entity in enumerate(entities):
        share = NICE_0_LOAD * starts.count(core) // len(starts)
        average = entity.inner("avg", "sched_avg")
        average["load_avg"], average["load_sum"] = share, share * LOAD_AVG_MAX


def _init_average(average: Record) -> None:
    """Set a new task's load as init_entity_runnable_average does; time 0 lets the first enqueue add it to the queue's."""
    average["period_contrib"] = INITIAL_PERIOD_CONTRIB
    average["load_avg"], average["load_sum"] = INITIAL_LOAD, INITIAL_LOAD * LOAD_AVG_MAX
    average["util_avg"], average["util_sum"] = INITIAL_UTILISATION, INITIAL_UTILISATION * LOAD_AVG_MAX


def _build_task_group(kernel: Kernel, queues: Sequence[Record], entities: Sequence[Record]) -> Record:
    """The autogroup of the process, and the root group: arrays of their queues and entities by core."""
    group = kernel.allocate("task_group", "task_group")
    root = kernel.global_record("task_group", "root_task_group")
    for each, owned, seats in (
        (group, [queue.virtual for queue in queues], [entity.virtual for entity in entities]),
        (root, [entity["cfs_rq"] for entity in entities], [0] * len(entities)),
    ):
        each["shares"] = NICE_0_WEIGHT
        each["cfs_rq"], each["se"] = _pointers(kernel, owned), _pointers(kernel, seats)
    group["parent"] = root.virtual
    for queue, entity in zip(queues, entities, strict=True):
        queue["tg"] = group.virtual
        kernel.record("cfs_rq", entity["cfs_rq"] - DIRECT_MAP)["tg"] = root.virtual
    return group


def _pointers(kernel: Kernel, values: Sequence[int]) -> int:
    """Kernel address of a new array of pointers, on lines of its own."""
    physical = kernel.ram.allocate(8 * len(values))
    kernel.ram.name("task_group array", None, physical, 8 * len(values))
    for index, value in enumerate(values):
        kernel.ram.put(physical + 8 * index, value)
    return direct(physical)


def _start_clock(area: Record, clock_hz: int) -> None:
    """The factor from cycles to nanoseconds, as set_cyc2ns_scale leaves it."""
    area["cyc2ns_head"] = area["cyc2ns_tail"] = area.address("cyc2ns_mult")
    area["cyc2ns_mult"], area["cyc2ns_shift"] = (10**9 << CYC2NS_SHIFT) // clock_hz, CYC2NS_SHIFT
