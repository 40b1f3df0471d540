"""msgget and msgctl, every way through them, in every variant; and that the scenarios here do take every branch."""

import errno
from functools import partial

import pytest

from bench.firmware.ipc_controller import (
    ANY,
    BAD_BUFFER,
    BUFFER,
    CREAT,
    INFO,
    MSG_INFO,
    MSG_STAT,
    RMID,
    SEQUENCE,
    SET,
    STAT,
    VARIANTS,
    ControlMachine,
    signed,
)
from bench.firmware.ipc_scenarios import Make, Played, Scenario, play
from bench.firmware.ipc_sender import USER_BUFFER

FULL = b"f" * 8192
BATCHING = VARIANTS[2:]  # senders are woken through the wake queue
CAP_SYS_ADMIN, CAP_SYS_RESOURCE = 21, 24
ROUTINES = (
    "sys_msgctl", "msgctl_nolock", "msgctl_down", "freeque", "expunge_all", "ss_wakeup", "ipcctl_pre_down_nolock",
    "ipc_update_perm", "ipc_get_maxid", "ipc_obtain_object_idr", "ipc_rmid", "idr_remove", "msg_rcu_free",
    "security_msg_queue_free",
    "security_msg_queue_msgctl", "down_write", "up_write", "down_read", "up_read", "rwsem_down_write_failed",
    "rwsem_down_read_failed",
)  # fmt: skip


def refused(msqid: int, command: int, buffer: int, error: int, make: Make) -> None:
    machine = make()
    machine.settings()
    assert machine.control(msqid, command, buffer) == -error
    machine.check_clean(queues=[0])


REFUSED = (
    *((-1, command, BUFFER, errno.EINVAL) for command in (RMID, SET, STAT, INFO, MSG_STAT, MSG_INFO)),
    *((0, command, BUFFER, errno.EINVAL) for command in (-1, 4, 5, 10, 13, 100, 0x7FFFFFFF)),
    *((msqid, command, BUFFER, errno.EINVAL) for command in (RMID, SET, STAT) for msqid in (1, 256, SEQUENCE, 0x7FFFFFFF)),
    *((msqid, MSG_STAT, BUFFER, errno.EINVAL) for msqid in (1, 255, 256, SEQUENCE + 1)),
    *((0, command, BAD_BUFFER, errno.EFAULT) for command in (SET, STAT, MSG_STAT, INFO, MSG_INFO)),
    (77, SET, BAD_BUFFER, errno.EFAULT),  # the buffer is read before the id is looked up
    (77, STAT, BAD_BUFFER, errno.EINVAL),
)


def status(make: Make) -> None:
    """All fields, by id and by index; what the kernel leaves out is zero."""
    machine = make()
    machine.send(3, b"12345")
    machine.send(4, b"1234567890")
    machine.cores[2].start("sys_msgrcv", 0, USER_BUFFER, 100, 3, 0)
    assert machine.cores[2].run() == 5
    assert machine.control(0, RMID) == 0
    assert machine.get_queue(7, CREAT | 0o640) == SEQUENCE
    machine.queue = machine.queue_of(0)
    machine.send(3, b"12345", msqid=SEQUENCE)
    machine.send(4, b"1234567890", msqid=SEQUENCE)
    machine.cores[2].start("sys_msgrcv", SEQUENCE, USER_BUFFER, 100, 3, 0)
    assert machine.cores[2].run() == 5
    for name, value in (("uid", 5), ("gid", 6), ("cuid", 7), ("cgid", 8)):
        machine.queue[f"q_perm.{name}"] = value
    machine.queue["q_lrpid"] = 1002
    machine.queue["q_rtime"] += 20
    machine.queue["q_ctime"] += 10
    now = machine.kernel.global_record("timekeeper", "tk_core")["xtime_sec"]
    machine.be(euid=7, cap_effective=0)
    for msqid, command, result in ((SEQUENCE, STAT, 0), (0, MSG_STAT, SEQUENCE)):
        machine.write(BUFFER, b"\xee" * 0x80)
        assert machine.control(msqid, command) == result
        words = [7, 5, 6, 7, 8, 0o640, 1, 0, 0, 0, 0, 0]
        longs = [now, now + 20, now + 10, 10, 1, 16384]
        wanted = b"".join(word.to_bytes(4, "little") for word in words) + b"".join(long.to_bytes(8, "little") for long in longs)
        wanted += (1000).to_bytes(4, "little") + (1002).to_bytes(4, "little") + bytes(16)
        assert machine.read(BUFFER, 0x80) == wanted + b"\xee" * 8
    machine.queue["q_perm.mode"] = 0o333
    for msqid, command in ((SEQUENCE, STAT), (0, MSG_STAT)):
        assert machine.control(msqid, command) == -errno.EACCES


def information(make: Make) -> None:
    """The limits, or what is in use; the result is the highest index."""
    machine = make()
    for index in range(1, 5):
        assert machine.get_queue(0, CREAT) == index * SEQUENCE + index
    machine.send(1, b"123")
    machine.send(1, b"1234")
    for removed, highest in ((None, 4), (2 * SEQUENCE + 2, 4), (4 * SEQUENCE + 4, 3), (3 * SEQUENCE + 3, 1)):
        if removed is not None:
            assert machine.control(removed, RMID) == 0
        for command, pool, used, texts in (
            (INFO, 512000, 16384, 16384),
            (MSG_INFO, machine.namespace["msg_ids_in_use"], 2, 7),
        ):
            machine.write(BUFFER, b"\xee" * 0x28)
            assert machine.control(0, command) == highest
            fields = [pool, used, 8192, 16384, 256, 16, texts, 0xFFFF]
            assert machine.read(BUFFER, 0x28) == b"".join(each.to_bytes(4, "little") for each in fields) + b"\xee" * 8
    for msqid in (0, SEQUENCE + 1):
        assert machine.control(msqid, RMID) == 0
    assert (machine.control(0, INFO), machine.control(0, MSG_INFO)) == (0, 0)
    machine.check_clean()


def hooks(make: Make) -> None:
    """A hook that refuses stops each command before it does anything; hooks that agree do not."""
    for command in (STAT, MSG_STAT, INFO, MSG_INFO, SET, RMID):
        machine = make()
        machine.settings()
        machine.hook("msg_queue_msgctl", "agreeing_hook", "refusing_hook")
        assert machine.control(0, command) == -errno.EINVAL
        machine.check_clean(queues=[0])
        machine.hook("msg_queue_msgctl", "agreeing_hook", "agreeing_hook")
        machine.hook("msg_queue_free", "agreeing_hook", "agreeing_hook")
        assert machine.control(0, command) == 0
        machine.check_clean(queues=[] if command == RMID else [0])


def ownership(make: Make) -> None:
    """Creator, owner and who has CAP_SYS_ADMIN may change and remove a queue; nobody else, whatever its mode."""
    for command in (SET, RMID):
        for euid, capable, allowed in ((11, 0, True), (12, 0, True), (13, 0, False), (13, 1, True)):
            machine = make()
            machine.queue["q_perm.cuid"], machine.queue["q_perm.uid"], machine.queue["q_perm.mode"] = 11, 12, 0o777
            machine.be(euid=euid, cap_effective=capable << CAP_SYS_ADMIN)
            machine.settings(mode=0o700)
            assert machine.control(0, command) == (0 if allowed else -errno.EPERM)
            machine.check_clean(queues=[] if command == RMID and allowed else [0])
            if command == SET:
                assert machine.queue["q_perm.mode"] == (0o700 if allowed else 0o777)


def settings(make: Make) -> None:
    """What IPC_SET changes, and what it does not."""
    machine = make()
    machine.kernel.global_record("timekeeper", "tk_core")["xtime_sec"] += 100
    created, now = machine.queue["q_ctime"], machine.kernel.global_record("timekeeper", "tk_core")["xtime_sec"]
    machine.queue["q_perm.mode"] = 0o4600
    names = ("uid", "gid", "mode", "cuid", "cgid", "key", "id", "seq")
    before = [machine.queue[f"q_perm.{name}"] for name in names]
    for wrong in ({"uid": 0xFFFFFFFF}, {"gid": 0xFFFFFFFF}):
        machine.settings(qbytes=5, mode=0o111, **wrong)
        assert machine.control(0, SET) == -errno.EINVAL
        assert [machine.queue[f"q_perm.{name}"] for name in names] == before
        assert (machine.queue["q_qbytes"], machine.queue["q_ctime"], machine.queue["q_perm.lock"]) == (16384, created, 0)
    machine.settings(uid=21, gid=22, mode=0o1052, qbytes=77)
    assert machine.control(0, SET) == 0
    assert [machine.queue[f"q_perm.{name}"] for name in names] == [21, 22, 0o4052, *before[3:]]
    assert (machine.queue["q_qbytes"], machine.queue["q_ctime"]) == (77, now)
    machine.check_clean(queues=[0])


def limit(make: Make) -> None:
    """More bytes than msg_ctlmnb need CAP_SYS_RESOURCE."""
    for qbytes, capable, result in (
        (16384, 0, 0), (16385, 0, -errno.EPERM), (1 << 40, 0, -errno.EPERM), (MAX, 0, -errno.EPERM), (1 << 40, 1, 0),
    ):  # fmt: skip
        machine = make()
        machine.be(euid=0, cap_effective=capable << CAP_SYS_RESOURCE)
        machine.settings(qbytes=qbytes)
        assert machine.control(0, SET) == result
        assert machine.queue["q_qbytes"] == (16384 if result else qbytes)
        machine.check_clean(queues=[0])


MAX = 2**64 - 1


def removal_of_messages(make: Make) -> None:
    """Messages left on the queue are freed, short ones and long ones, and no longer counted."""
    for sizes in ((), (0,), (8, 8, 8), (8192, 5000, 1)):
        machine = make()
        for size in sizes:
            assert machine.send(1, b"x" * size) == 0
        assert machine.namespace["msg_bytes"] == sum(sizes)
        assert machine.control(0, RMID) == 0
        machine.check_clean()
        assert machine.send(1, b"") == -errno.EINVAL


def sleeping_receivers(command: int, result: int, make: Make) -> None:
    """Each finds the result and is woken: under the lock in the baseline, behind it otherwise. They stay on the list."""
    for count in (0, 1, 2):
        machine = make(counted=True)
        machine.settings()
        records = [machine.receiver(core, mode=ANY, mtype=0, size=8) for core in (2, 3)[:count]]
        tasks = [machine.cores[core].task for core in (2, 3)[:count]]
        usage = [task["usage"] for task in tasks]
        with machine.watching("wake_up_process") as woken:
            assert machine.control(0, command) == 0
        locked = int(machine.image.variant == "baseline")
        assert woken == [("wake_up_process", task.virtual, locked) for task in tasks]
        assert [signed(msr["r_msg"]) for msr in records] == [-result] * count
        assert [task["usage"] for task in tasks] == usage
        assert [task["wake_q_next"] for task in tasks] == [0] * count
        if command == SET:
            assert machine.waiting("q_receivers") == [msr.virtual for msr in records]
        machine.check_clean(queues=[] if command == RMID else [0])


def blocked_sender(make: Make) -> None:
    """A real one: its queue lives until it has its reference back, and it answers EIDRM."""
    machine = make(counted=True)
    for _ in range(2):
        machine.send(1, FULL)
    mss = machine.block(2, b"waits")
    assert machine.references["refcount"] == 2
    with machine.watching("wake_up_process") as woken:
        assert machine.control(0, RMID) == 0
    assert woken == [("wake_up_process", machine.cores[0].task.virtual, int(machine.image.variant not in BATCHING))]
    assert (mss["list.next"], machine.queue["q_perm.deleted"], machine.references["refcount"]) == (0, 1, 1)
    assert machine.references.virtual in machine.allocator.taken()
    assert (machine.namespace["msg_bytes"], machine.namespace["msg_hdrs"]) == (0, 0)
    machine.cores[0].step()
    assert machine.finish() == -errno.EIDRM
    machine.check_clean()


def set_wakes_senders(make: Make) -> None:
    """Linux 4.8 wakes all, under the lock; 4.9 those whose message fits, behind it, and moves the others to the end of the line."""
    for sizes, room, number, fitting in (
        ((), 10, 16, ()),
        ((5,), 10, 16, (0,)),
        ((11,), 10, 16, ()),
        ((11, 5, 12), 10, 16, (1,)),
        ((5, 11), 10, 16, (0,)),
        ((0, 0), 10, 11, ()),
    ):
        machine = make(counted=True)
        machine.settings(qbytes=room)
        machine.queue["q_qnum"] = number if number < 16 else 0
        records = [machine.sender(core, size) for core, size in zip((0, 2, 3), sizes, strict=False)]
        with machine.watching("wake_up_process") as woken:
            assert machine.control(0, SET) == 0
        batching = machine.image.variant in BATCHING
        wanted = list(fitting) if batching else range(len(sizes))
        assert woken == [("wake_up_process", records[index]["tsk"], int(not batching)) for index in wanted]
        order = [*fitting, *(each for each in range(len(sizes)) if each not in fitting)] if batching else range(len(sizes))
        assert machine.waiting("q_senders") == [records[index].virtual for index in order]


def several_senders_removed(make: Make) -> None:
    """IPC_RMID wakes all, whether their message fits or not, and tells them that there is no list any more."""
    machine = make(counted=True)
    records = [machine.sender(core, size) for core, size in ((0, 8192), (2, 1), (3, 99999))]
    machine.references["refcount"] = 4
    with machine.watching("wake_up_process") as woken:
        assert machine.control(0, RMID) == 0
    assert [task for _, task, _ in woken] == [mss["tsk"] for mss in records]
    assert [mss["list.next"] for mss in records] == [0, 0, 0]


def woken_by_another(make: Make) -> None:
    """A task on another wake queue is left to that one: nothing is held for it here."""
    machine = make(counted=True)
    msr = machine.receiver(2, mode=ANY, mtype=0, size=8)
    task = machine.cores[2].task
    usage, task["wake_q_next"] = task["usage"], 1
    with machine.watching("wake_up_process") as woken:
        assert machine.control(0, RMID) == 0
    assert (signed(msr["r_msg"]), task["usage"]) == (-errno.EIDRM, usage)
    assert len(woken) == (machine.image.variant == "baseline")


def semaphore(holder: str, comer: str, make: Make) -> None:
    """Who comes while it is held waits for it; readers do not wait for readers."""
    machine = make()
    sem = machine.namespace.address("msg_ids_rwsem")
    first, second = machine.cores[0], machine.cores[1]
    assert first.call(f"down_{holder}", sem) >= 0
    second.start(f"down_{comer}", sem)
    for _ in range(200):
        if not second.finished:
            second.step()
    assert second.finished == (holder == comer == "read")
    first.call(f"up_{holder}", sem)
    if not second.finished:
        second.run()
    assert machine.get(sem) == (1 if comer == "read" else 0xFFFFFFFF00000001)
    if comer == "write":
        assert machine.get(sem + machine.kernel.offset("rw_semaphore", "owner")) == second.task.virtual
    second.call(f"up_{comer}", sem)
    assert machine.get(sem) == 0


def semaphore_lost_at_the_last(comer: str, make: Make) -> None:
    """Another core takes it between the look at it and the attempt to take it: back to waiting, until that one is gone."""
    machine = make(counted=True)
    sem, text, core = machine.namespace.address("msg_ids_rwsem"), machine.image.text, machine.cores[1]
    routine, resched = f"rwsem_down_{comer}_failed", machine.symbol("_cond_resched")
    listening, seen = core.on_code, []
    others = 0xFFFFFFFF00000001  # another core's down_write

    def interfere(pc: int) -> None:
        if listening:
            listening(pc)
        found = machine.image.symbol_at(pc)
        if pc == resched:
            machine.put(sem, 0)  # the other core releases it
        elif found and found[0] == routine and text.data[pc - text.virtual :][:4] in (b"\xf0\x48\x0f\xb1",):
            seen.append(pc)
            if len(seen) == 1:
                machine.put(sem, others)

    machine.put(sem, others)
    core.on_code = interfere
    core.call(f"down_{comer}", sem)
    core.on_code = listening
    assert len(seen) == 2
    core.call(f"up_{comer}", sem)
    assert machine.get(sem) == 0


SCENARIOS: dict[str, Scenario] = {
    **{f"refused: {msqid:#x} {each[0]} {each[1]:#x}": partial(refused, msqid, *each) for msqid, *each in REFUSED},
    **{
        f"receivers, command {command}": partial(sleeping_receivers, command, error)
        for command, error in ((RMID, errno.EIDRM), (SET, errno.EAGAIN))
    },
    **{
        f"{comer} while {holder}": partial(semaphore, holder, comer) for holder in ("read", "write") for comer in ("read", "write")
    },
    **{f"semaphore lost to {each}": partial(semaphore_lost_at_the_last, each) for each in ("read", "write")},
    **{
        each.__name__: each
        for each in (
            status, information, hooks, ownership, settings, limit, removal_of_messages, blocked_sender, set_wakes_senders,
            several_senders_removed, woken_by_another,
        )
    },
}  # fmt: skip


each_variant = pytest.mark.parametrize("variant", VARIANTS, scope="module")


@pytest.fixture(scope="module")
def played(variant: str) -> Played:
    return play(ControlMachine, variant, SCENARIOS)


@each_variant
@pytest.mark.parametrize("name", SCENARIOS)
def test_control(name: str, played: Played) -> None:
    played.check(name)


@each_variant
def test_the_scenarios_take_every_branch_both_ways(played: Played) -> None:
    assert played.ways_not_taken(ROUTINES, branches_at_least=45) == []
