"""msgsnd and msgrcv of both variants on plain Unicorn cores: the steps, their order, and how long they are."""

import pytest
import unicorn
from unicorn import x86_const as x86

from bench.firmware.ipc_machine import IpcMachine

VARIANTS = ("baseline", "wakeq")
EAGAIN = 2**64 - 11
TYPE = 7
PAYLOAD = 0x1122334455667788


def send(machine: IpcMachine, core: int, mtype: int, payload: int, until: str = "returned") -> int:
    buffer = machine.user(core)
    machine.put(buffer, mtype)
    machine.put(buffer + 8, payload)
    machine.cores[core].start("sys_msgsnd", 0, buffer, 8, 0)
    return machine.cores[core].run(until)


def receive(machine: IpcMachine, core: int, mtype: int, until: str = "returned", flags: int = 0) -> int:
    machine.cores[core].start("sys_msgrcv", 0, machine.user(core) + 0x100, 8, mtype, flags)
    return machine.cores[core].run(until)


def received(machine: IpcMachine, core: int) -> tuple[int, int]:
    return machine.get(machine.user(core) + 0x100), machine.get(machine.user(core) + 0x108)


def check_empty(machine: IpcMachine) -> None:
    queue = machine.queue
    assert (queue["q_qnum"], queue["q_cbytes"], queue["q_perm.lock"]) == (0, 0, 0)
    for head in ("q_messages", "q_receivers", "q_senders"):
        assert queue[f"{head}.next"] == queue[f"{head}.prev"] == queue.address(head)
    counters = machine.symbol("init_ipc_ns") + machine.kernel.offset("ipc_namespace", "msg_bytes")
    assert machine.get(counters) == 0
    assert len(machine.free_objects()) == machine.total_objects


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_message_that_nobody_waits_for_is_queued_and_then_found(variant: str) -> None:
    machine = IpcMachine(variant, cores=2)
    assert send(machine, 0, TYPE, PAYLOAD) == 0
    queue = machine.queue
    assert (queue["q_qnum"], queue["q_cbytes"], queue["q_lspid"], queue["q_perm.lock"]) == (1, 8, 1000, 0)
    assert receive(machine, 1, TYPE) == 8
    assert received(machine, 1) == (TYPE, PAYLOAD)
    assert queue["q_lrpid"] == 1000, "task_tgid_vnr: the thread group's"
    check_empty(machine)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(
    ("wanted", "flags", "expected"),
    [(0, 0, 5), (3, 0, 3), (5, 0, 5), (-4, 0, 2), (-2, 0, 2), (5, 0x2000, 3), (9, 0x2000, 5)],
    ids=["any", "equal", "equal first", "lowest up to 4", "lowest up to 2", "except 5", "except 9"],
)
def test_find_msg_takes_the_first_that_matches(variant: str, wanted: int, flags: int, expected: int) -> None:
    machine = IpcMachine(variant)
    for number, mtype in enumerate((5, 3, 2, 5, 2)):
        send(machine, 0, mtype, 100 + number)
    assert receive(machine, 0, wanted, flags=flags) == 8
    first = {5: 100, 3: 101, 2: 102}[expected]
    assert received(machine, 0) == (expected, first)
    assert machine.queue["q_qnum"] == 4


@pytest.mark.parametrize("variant", VARIANTS)
def test_messages_of_one_type_arrive_in_order(variant: str) -> None:
    machine = IpcMachine(variant)
    for number in range(20):
        send(machine, 0, 1 + number % 2, number)
    got = []
    for number in range(20):
        receive(machine, 0, 1 + number // 10)
        got.append(received(machine, 0)[1])
    assert got == [*range(0, 20, 2), *range(1, 20, 2)]
    check_empty(machine)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_sleeping_receiver_is_handed_its_message(variant: str) -> None:
    machine = IpcMachine(variant, cores=3, counted=True)
    sender, receiver, other = machine.cores
    receive(machine, 2, TYPE + 1, until="schedule")
    receive(machine, 1, TYPE, until="schedule")
    msr = machine.kernel.record("msg_receiver", machine.physical(machine.queue["q_receivers.prev"]))
    assert receiver.task["state"] == 1
    fields = [msr[name] for name in ("r_tsk", "r_mode", "r_msgtype", "r_maxsize", "r_msg")]
    assert fields == [receiver.task.virtual, 2, TYPE, 8, EAGAIN]
    assert (msr.virtual + msr.offset("r_msgtype")) % 64 == 0, "r_list, r_tsk and r_mode end a line, the rest begins the next"

    seen = []
    watched = {machine.symbol(name): name for name in ("wake_up_process", "wake_q_add", "wake_up_q")}

    def watch(pc: int) -> None:
        if pc in watched:
            target = sender.uc.reg_read(x86.UC_X86_REG_RSI if watched[pc] == "wake_q_add" else x86.UC_X86_REG_RDI)
            whose = receiver.task.virtual == target
            seen.append((watched[pc], whose, msr["r_msg"], machine.queue["q_perm.lock"] & 0xFF))

    sender.on_code = watch
    assert send(machine, 0, TYPE, PAYLOAD) == 0
    message = msr["r_msg"]
    if variant == "baseline":
        assert seen == [("wake_up_process", True, 0, 1)]
    else:
        assert seen == [("wake_q_add", True, EAGAIN, 1), ("wake_up_q", False, message, 0), ("wake_up_process", True, message, 0)]
    assert (machine.queue["q_qnum"], machine.queue["q_lrpid"], machine.queue["q_lspid"]) == (0, 1001, 1000)
    assert machine.queue["q_receivers.next"] == machine.queue["q_receivers.prev"], "the other receiver still waits"

    receiver.run()
    assert receiver.result == 8
    assert received(machine, 1) == (TYPE, PAYLOAD)
    assert len(machine.free_objects()) == machine.total_objects
    assert other.pc == machine.symbol("schedule")


def stores_of(machine: IpcMachine, core: int, names: dict[int, str]) -> list[tuple[str, int]]:
    """Trace the stores of a core to the places named, by physical address."""
    found: list[tuple[str, int]] = []

    def hook(uc: object, access: int, address: int, size: int, value: int, data: object) -> None:
        if address in names:
            found.append((names[address], value & (2 ** (8 * size) - 1)))

    machine.cores[core].uc.hook_add(unicorn.UC_HOOK_MEM_WRITE, hook)
    return found


@pytest.mark.parametrize("variant", VARIANTS)
def test_order_of_the_stores_of_a_hand_off(variant: str) -> None:
    machine = IpcMachine(variant, cores=2)
    receive(machine, 1, TYPE, until="schedule")
    msr = machine.kernel.record("msg_receiver", machine.physical(machine.queue["q_receivers.prev"]))
    queue = machine.queue
    stamps = ("q_lspid", "q_stime", "q_lrpid", "q_rtime")
    places = {queue.physical + machine.kernel.offset("msg_queue", name): name for name in stamps}
    places |= {queue.physical: "lock", msr.physical: "r_list.next", msr.physical + 8: "r_list.prev", msr.physical + 0x30: "r_msg"}
    seen = stores_of(machine, 0, places)
    send(machine, 0, TYPE, PAYLOAD)
    names = [name for name, _ in seen]
    clear = ["r_msg"] if variant == "baseline" else []
    expected = ["lock", "q_lspid", "q_stime", "r_list.next", "r_list.prev", *clear, "q_lrpid", "q_rtime", "r_msg", "lock"]
    assert names == expected
    r_msg = [value for name, value in seen if name == "r_msg"]
    assert r_msg == ([0] if variant == "baseline" else []) + [msr["r_msg"]]


def test_baseline_receiver_spins_while_r_msg_is_null_and_wakeq_receiver_has_no_loop() -> None:
    machine = IpcMachine("baseline", cores=2)
    receive(machine, 1, TYPE, until="schedule")
    send(machine, 0, TYPE, PAYLOAD, until="wake_up_process")
    receiver = machine.cores[1]
    for _ in range(2 + 3 + 4 * 10):
        receiver.step()
    loads = [mark.address for mark in machine.image.marks if mark.kind == "load" and mark.name == "r_msg"]
    assert min(loads) <= receiver.pc <= sorted(loads)[1] + 16, "still in the loop"
    machine.cores[0].run()
    receiver.run()
    assert received(machine, 1) == (TYPE, PAYLOAD)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_receiver_awake_for_nothing_looks_again_under_the_lock_and_queues_at_the_tail(variant: str) -> None:
    machine = IpcMachine(variant, cores=3)
    receive(machine, 1, TYPE, until="schedule")
    receive(machine, 2, TYPE, until="schedule")
    first, second = machine.queue["q_receivers.next"], machine.queue["q_receivers.prev"]
    receiver = machine.cores[1]
    receiver.step()  # out of schedule, with -EAGAIN still there
    receiver.run("schedule")
    assert (machine.queue["q_receivers.next"], machine.queue["q_receivers.prev"]) == (second, first)
    send(machine, 0, TYPE, PAYLOAD)
    machine.cores[2].run()
    assert received(machine, 2) == (TYPE, PAYLOAD)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_receiver_between_its_first_look_and_the_lock_finds_the_message_under_it(variant: str) -> None:
    machine = IpcMachine(variant, cores=2)
    receive(machine, 1, TYPE, until="schedule")
    receiver = machine.cores[1]
    receiver.step()
    receiver.run("_raw_spin_lock")  # it saw -EAGAIN
    send(machine, 0, TYPE, PAYLOAD)
    receiver.run()
    assert received(machine, 1) == (TYPE, PAYLOAD)
    check_empty(machine)


# Executed instructions of one call, callees not included, as measured on the real kernels (4.8.15, gcc 11 -O2, N=2), PRE and POST.
SEND = {
    "sys_msgsnd": 11, "__get_user_8": 8, "do_msgsnd": (132, 138), "load_msg": 51, "__kmalloc": 44.7, "kmalloc_slab": 14,
    "_copy_from_user": 7, "copy_user_generic_string": 14, "security_msg_msg_alloc": 9, "ipc_obtain_object_check": 34,
    "_raw_spin_lock": 6, "ipcperms": 33, "security_ipc_permission": 14, "security_msg_queue_msgsnd": 13, "pid_vnr": 20,
    "get_seconds": 4, "security_msg_queue_msgrcv": 17, "__task_pid_nr_ns": 31,
}  # fmt: skip
RECEIVE = {
    "sys_msgrcv": 2, "do_msgrcv": (107, 106), "ipc_obtain_object_check": 34, "ipcperms": 33, "security_ipc_permission": 14,
    "_raw_spin_lock": 6, "do_msg_fill": 18, "__put_user_8": 8, "store_msg": 25, "_copy_to_user": 7,
    "copy_user_generic_string": 14, "free_msg": 12, "security_msg_msg_free": 8, "__slab_free": 57.4,
}  # fmt: skip
HOLD = {"baseline": 79, "wakeq": 80}  # of do_msgsnd itself between taking and releasing the lock


@pytest.mark.parametrize("variant", VARIANTS)
def test_path_lengths_are_those_of_the_real_kernel(variant: str) -> None:
    machine = IpcMachine(variant, cores=2, counted=True)
    receive(machine, 1, TYPE, until="schedule")
    under: dict[str, int] = {}
    sender = machine.cores[0]

    def watch(pc: int) -> None:
        if machine.queue["q_perm.lock"]:
            found = machine.image.symbol_at(pc)
            assert found
            under[found[0]] = under.get(found[0], 0) + 1

    sender.on_code = watch
    send(machine, 0, TYPE, PAYLOAD)
    machine.cores[1].run()
    column = VARIANTS.index(variant)
    off = {}
    for counted, table in ((sender.executed, SEND), (machine.cores[1].executed, RECEIVE)):
        for name, entry in table.items():
            want = entry[column] if isinstance(entry, tuple) else entry
            print(f"{variant} {name:28} {counted[name]:4} real {want}")
            if abs(counted[name] - want) > max(2, 0.1 * want):
                off[name] = (counted[name], want)
    print(variant, "under the lock", sum(under.values()) - under.get("wake_up_process", 0), under)
    assert not off
    assert abs(under["do_msgsnd"] - HOLD[variant]) <= 8
