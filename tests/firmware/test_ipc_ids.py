"""msgget: ids, sequence numbers, keys in every variant; the order of steps in expunge_all, and its bug of 2020."""

import errno

import capstone
import pytest
from unicorn import UcError
from unicorn import x86_const as x86

from bench.firmware.ipc_controller import ANY, CREAT, EXCL, RMID, SEQUENCE, STAT, VARIANTS, ControlMachine, signed
from bench.firmware.ipc_scenarios import Make, Played, Scenario, play

IPC_PRIVATE = 0
ALL_TAKEN = 2**64 - 1
ROUTINES = (
    "sys_msgget", "ipcget", "ipc_findkey", "newque", "ipc_rcu_alloc", "ipc_addid", "idr_alloc", "msg_security",
    "security_msg_queue_alloc", "security_msg_queue_associate",
)  # fmt: skip


def numbers(make: Make) -> None:
    """The lowest free index; the sequence number goes on; an id of before is refused."""
    machine = make()
    assert [machine.get_queue(IPC_PRIVATE, 0) for _ in range(2)] == [SEQUENCE + 1, 2 * SEQUENCE + 2]
    assert machine.control(SEQUENCE + 1, RMID) == 0
    assert machine.get_queue(IPC_PRIVATE, 0o777) == 3 * SEQUENCE + 1
    assert [machine.control(SEQUENCE + 1, command) for command in (STAT, RMID)] == [-errno.EINVAL] * 2
    assert machine.send(msqid=SEQUENCE + 1) == -errno.EINVAL
    assert machine.send(msqid=3 * SEQUENCE + 1) == 0
    assert machine.control(3 * SEQUENCE + 1, RMID) == 0
    machine.check_clean(queues=[0, 2 * SEQUENCE + 2])


def sequence_wraps(make: Make) -> None:
    """Behind the last sequence number comes 0, and an id is never negative."""
    machine = make()
    machine.namespace["msg_ids_seq"] = 0xFFFF
    assert [machine.get_queue(IPC_PRIVATE, 0) for _ in range(2)] == [0x7FFF8001, 2]
    machine.check_clean(queues=[0, 0x7FFF8001, 2])


def new_queue(make: Make) -> None:
    """What a queue begins with."""
    machine = make()
    machine.be(euid=4, egid=5)
    assert machine.get_queue(-9, CREAT | 0o7640) == SEQUENCE + 1
    queue = machine.queue_of(1)
    wanted = {
        "lock": 0, "deleted": 0, "id": SEQUENCE + 1, "key": 2**32 - 9, "uid": 4, "gid": 5, "cuid": 4, "cgid": 5, "mode": 0o640,
        "seq": 1, "security": 0,
    }  # fmt: skip
    assert {name: queue[f"q_perm.{name}"] for name in wanted} == wanted
    now = machine.kernel.global_record("timekeeper", "tk_core")["xtime_sec"]
    wanted = {"stime": 0, "rtime": 0, "ctime": now, "cbytes": 0, "qnum": 0, "qbytes": 16384, "lspid": 0, "lrpid": 0}
    assert {name: queue[f"q_{name}"] for name in wanted} == wanted
    assert machine.kernel.at("ipc_rcu", queue.virtual - 0x40)["refcount"] == 1


def no_room(make: Make) -> None:
    """One queue more than msg_ctlmni is refused, and what was allocated is given back; so is one more than IPCMNI."""
    machine = make()
    machine.namespace["msg_ctlmni"] = 2
    assert machine.get_queue(IPC_PRIVATE, 0) == SEQUENCE + 1
    assert machine.get_queue(IPC_PRIVATE, 0) == -errno.ENOSPC
    machine.check_clean(queues=[0, SEQUENCE + 1])
    machine.namespace["msg_ctlmni"], machine.namespace["msg_ids_in_use"] = 0x10000, 0x8000
    assert machine.get_queue(IPC_PRIVATE, 0) == -errno.ENOSPC


def last_ids(make: Make) -> None:
    """The only layer of the tree has 256 ids, as many as msg_ctlmni allows; where it has no more, no error is made up."""
    machine = make()
    assert machine.namespace["msg_ctlmni"] == 256
    for offset in (0, 8, 16):
        machine.layer.put_word("bitmap", ALL_TAKEN, offset=offset)
    machine.layer.put_word("bitmap", ALL_TAKEN >> 1, offset=24)
    assert machine.get_queue(IPC_PRIVATE, 0) == SEQUENCE + 255
    with pytest.raises(UcError):
        machine.get_queue(IPC_PRIVATE, 0)


def next_id(make: Make) -> None:
    """The next queue gets the id that was asked for, or the next one whose index is free; those after it are numbered as before."""
    machine = make()
    for wanted, got in (
        (7 * SEQUENCE + 100, 7 * SEQUENCE + 100),
        (3 * SEQUENCE + 100, 3 * SEQUENCE + 101),
        (5 * SEQUENCE + 63, 5 * SEQUENCE + 63),
        (5 * SEQUENCE + 63, 5 * SEQUENCE + 64),  # in the next word of the bitmap
        (255, 255),
        (0xFFFF * SEQUENCE + 1, 0xFFFF * SEQUENCE + 1),
    ):
        machine.namespace["msg_ids_next_id"] = wanted
        assert machine.get_queue(IPC_PRIVATE, 0o600) == got
        assert machine.namespace["msg_ids_next_id"] == 0xFFFFFFFF, "-1: it was for one queue"
        assert machine.control(got, STAT) == 0
    assert machine.get_queue(IPC_PRIVATE, 0) == SEQUENCE + 2
    machine.namespace["msg_ids_next_id"] = 255
    with pytest.raises(UcError):
        machine.get_queue(IPC_PRIVATE, 0)


def no_memory(make: Make) -> None:
    machine = make()
    machine.drain(256)
    while machine.call("__kmalloc", 256, 0x24000C0):
        pass
    taken = machine.allocator.taken()
    assert machine.get_queue(IPC_PRIVATE, 0) == -errno.ENOMEM
    assert machine.allocator.taken() == taken
    assert machine.namespace["msg_ids_in_use"] == 1


def keys(make: Make) -> None:
    """A key finds its queue, behind other ones and behind holes; the flags say what shall be if it does, or does not."""
    machine = make()
    assert machine.get_queue(5, 0o600) == -errno.ENOENT
    assert machine.get_queue(5, EXCL | 0o600) == -errno.ENOENT
    assert machine.get_queue(5, CREAT | EXCL | 0o600) == SEQUENCE + 1
    assert machine.control(0, RMID) == 0
    for flags in (0, CREAT, EXCL, 0o600, 0o400):
        assert machine.get_queue(5, flags) == SEQUENCE + 1
    assert machine.get_queue(5, CREAT | EXCL) == -errno.EEXIST
    assert machine.get_queue(6, CREAT) == 2 * SEQUENCE
    assert machine.get_queue(6, 0) == 2 * SEQUENCE
    machine.be(euid=9, egid=9, fsgid=9)
    assert machine.get_queue(5, 0o600) == -errno.EACCES
    assert machine.get_queue(5, 0) == SEQUENCE + 1
    machine.check_clean(queues=[2 * SEQUENCE, SEQUENCE + 1])


def hooks(make: Make) -> None:
    machine = make()
    assert machine.get_queue(5, CREAT) == SEQUENCE + 1
    for name, key in (("msg_queue_alloc", IPC_PRIVATE), ("msg_queue_associate", 5)):
        machine.hook(name, "agreeing_hook", "refusing_hook")
        assert machine.get_queue(key, 0) == -errno.EINVAL
        machine.check_clean(queues=[0, SEQUENCE + 1])
        machine.hook(name, "agreeing_hook", "agreeing_hook")
    assert machine.get_queue(5, 0) == SEQUENCE + 1
    assert machine.get_queue(IPC_PRIVATE, 0) == 2 * SEQUENCE + 2


SCENARIOS: dict[str, Scenario] = {
    each.__name__: each for each in (numbers, sequence_wraps, new_queue, no_room, last_ids, next_id, no_memory, keys, hooks)
}


each_variant = pytest.mark.parametrize("variant", VARIANTS, scope="module")


@pytest.fixture(scope="module")
def played(variant: str) -> Played:
    return play(ControlMachine, variant, SCENARIOS)


@each_variant
@pytest.mark.parametrize("name", SCENARIOS)
def test_ids(name: str, played: Played) -> None:
    played.check(name)


@each_variant
def test_the_scenarios_take_every_branch_both_ways(played: Played) -> None:
    assert played.ways_not_taken(ROUTINES, branches_at_least=20) == []


# The order of steps in expunge_all: (what, where), from a run of it over one receiver.

ORDER = {
    "baseline": ["next", "r_msg = 0", "r_tsk", "wake_up_process", "r_msg = -43"],
    "wakeq": ["next", "r_tsk", "wake_q_add", "r_msg = -43"],
    "wakeq-senders": ["next", "r_tsk", "wake_q_add", "r_msg = -43"],
    "wakeq-release": ["next", "r_tsk", "usage + 1", "r_msg = -43", "r_tsk", "wake_q_add_safe"],
    "wakeq-release-fixed": ["next", "r_tsk", "usage + 1", "r_msg = -43", "wake_q_add_safe"],
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_order_of_steps(variant: str) -> None:
    machine = ControlMachine(variant, counted=True)
    msr = machine.receiver(2, mode=ANY, mtype=0, size=8)
    core, seen = machine.cores[1], []
    engine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    engine.detail = True
    places = {msr.address("r_list"): "next", msr.address("r_tsk"): "r_tsk", msr.address("r_msg"): "r_msg"}
    usage = machine.cores[2].task.address("usage")
    text = machine.image.text

    def watch(pc: int) -> None:
        found = machine.image.symbol_at(pc)
        if found and found[1] == 0 and found[0] in ("wake_up_process", "wake_q_add", "wake_q_add_safe"):
            seen.append(found[0])
        if not found or found[0] != "expunge_all":
            return
        instruction = next(engine.disasm(bytes(text.data[pc - text.virtual :][:16]), pc))
        for operand in instruction.operands:
            if operand.type != capstone.x86.X86_OP_MEM or instruction.mnemonic == "lea":
                continue
            base = core.uc.reg_read(getattr(x86, f"UC_X86_REG_{instruction.reg_name(operand.mem.base).upper()}"))
            address = base + operand.mem.disp
            if address == usage:
                seen.append("usage + 1")
            elif (place := places.get(address)) == "r_msg":
                source = instruction.operands[1]
                value = source.imm if source.type == capstone.x86.X86_OP_IMM else signed(core.uc.reg_read(x86.UC_X86_REG_R13))
                seen.append(f"r_msg = {value}")
            elif place:
                seen.append(place)

    core.on_code = watch
    assert machine.control(0, RMID) == 0
    behind = [each for each in seen if each != "wake_up_process"] if variant != "baseline" else seen
    assert behind == ORDER[variant]
    if variant != "baseline":
        assert seen[-1] == "wake_up_process", "woken once the queue's lock is free"


@pytest.mark.parametrize("variant", VARIANTS)
def test_receiver_that_leaves_at_once_and_reuses_its_stack(variant: str) -> None:
    """A signal has woken the receiver: it sees r_msg the moment it is stored, returns, and its stack holds something else.

    Only `wakeq-release` reads the stack again: what it finds there it takes for a task.
    """
    machine = ControlMachine(variant, counted=True)
    msr = machine.receiver(2, mode=ANY, mtype=0, size=8)
    task, remover = machine.cores[2].task, machine.cores[1]
    garbage = machine.kernel.allocate("task_struct", "no task")
    garbage["usage"] = 100
    usage = task["usage"]
    remover.start("sys_msgctl", 0, RMID, 0)
    while signed(msr["r_msg"]) != -errno.EIDRM:
        remover.step()
    for field in ("r_list.next", "r_list.prev", "r_tsk", "r_mode", "r_msgtype", "r_maxsize", "r_msg"):
        msr[field] = garbage.virtual & (0xFFFFFFFF if field == "r_mode" else ALL_TAKEN)
    with machine.watching("wake_up_process") as woken:
        remover.run()
    victims = [address for _, address, _ in woken]
    if variant == "wakeq-release":
        assert victims == [garbage.virtual], "something that is no task is woken"
        assert (garbage["usage"], task["usage"]) == (99, usage + 1), "its memory is written, and the task's reference lost"
    else:
        assert victims == ([] if variant == "baseline" else [task.virtual])
        assert (garbage["usage"], task["usage"]) == (100, usage)
