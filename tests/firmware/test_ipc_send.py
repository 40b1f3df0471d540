"""The sending half of the message path, every way through it, in every variant; and that the scenarios here do take every branch.

A scenario is a function that gets a maker of machines. All are run once for their own sake, and once more together to see which
branches of the guest's code they take.
"""

import errno
import random
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from unicorn import x86_const as x86

from bench.firmware.ipc_machine import MASK
from bench.firmware.ipc_scenarios import Make, Played, Scenario, play
from bench.firmware.ipc_sender import QUEUE_AT, USER_BUFFER, USER_TOP, SendMachine
from emu.run.script_run import ScriptMachine
from emu.subjects.ipc_msg.script.check import mismatches
from emu.subjects.ipc_msg.script.text import parse

VARIANTS = ("baseline", "wakeq", "wakeq-senders")
ERESTARTNOHAND = 514
FULL = b"f" * 8192
ANY, EQUAL, NOTEQUAL, LESSEQUAL, NUMBER = 1, 2, 3, 4, 5
E2BIG_IN_R_MSG, EAGAIN_IN_R_MSG = -7 & MASK, -11 & MASK
ROUTINES = (
    "sys_msgsnd", "do_msgsnd", "load_msg", "free_msg", "ipc_obtain_object_check", "idr_find_slowpath", "ipcperms", "in_group_p",
    "groups_search", "ns_capable", "security_capable", "cap_capable", "ipc_rcu_putref", "msg_rcu_free",
    "security_msg_queue_msgsnd", "security_msg_msg_alloc", "security_ipc_permission",
)  # fmt: skip


def text_of(size: int, seed: int = 0) -> bytes:
    return random.Random(f"{size}/{seed}").randbytes(size)


# What is refused, and in which order it is looked at.

Setup = Callable[[SendMachine], object]


def removed(machine: SendMachine) -> None:
    machine.queue["q_perm.deleted"] = 1


def denied(machine: SendMachine) -> None:
    machine.queue["q_perm.mode"] = 0o400


def full(machine: SendMachine) -> None:
    machine.queue["q_qbytes"] = 0


def full_of_messages(machine: SendMachine) -> None:
    machine.queue["q_qnum"] = machine.queue["q_qbytes"] = 100


def error_at_index(machine: SendMachine) -> None:
    machine.slot(7, -errno.ENOSPC & MASK)


def no_tree(machine: SendMachine) -> None:
    machine.namespace["msg_ids_hint"] = machine.namespace["msg_ids_top"] = 0


def hooks_refuse(name: str, machine: SendMachine) -> None:
    machine.hook(name, "agreeing_hook", "refusing_hook")


NO_TEXT = {"at": USER_TOP - 8, "text": b""}  # the type is the last that is the user's
NOWAIT = {"flags": 0x800}
REFUSED: tuple[tuple[str, int, tuple[Setup, ...], dict[str, Any]], ...] = (
    ("pointer", errno.EFAULT, (), {"at": USER_TOP - 4, "size": 9000}),
    ("size above the limit", errno.EINVAL, (), {"size": 8193, **NO_TEXT}),
    ("size below 0", errno.EINVAL, (), {"size": -1}),
    ("id below 0", errno.EINVAL, (), {"msqid": -1, "size": 8, **NO_TEXT}),
    ("type 0", errno.EINVAL, (), {"mtype": 0, "size": 8, **NO_TEXT}),
    ("type below 0", errno.EINVAL, (), {"mtype": -(1 << 63)}),
    ("text before id", errno.EFAULT, (), {"msqid": 5, "size": 8, **NO_TEXT}),
    ("text in a segment", errno.EFAULT, (), {"at": USER_TOP - 8 - 4048, "text": FULL[:4048], "size": 4049}),
    ("text in the second segment", errno.EFAULT, (), {"at": USER_TOP - 8 - 8136, "text": FULL[:8136], "size": 8137}),
    ("no object", errno.EINVAL, (), {"msqid": 1}),
    ("index beyond the tree", errno.EINVAL, (), {"msqid": 256}),
    ("greatest id", errno.EINVAL, (), {"msqid": 0x7FFFFFFF}),
    ("other sequence number", errno.EINVAL, (), {"msqid": 32768}),
    ("no tree", errno.EINVAL, (no_tree,), {}),
    ("an error for an object", errno.ENOSPC, (error_at_index,), {"msqid": 7}),
    ("permission before removal", errno.EACCES, (denied, removed), {}),
    ("removal before room", errno.EIDRM, (removed, full), NOWAIT),
    ("no room for bytes", errno.EAGAIN, (full,), NOWAIT),
    ("no room for one more", errno.EAGAIN, (full_of_messages,), {"text": b"", **NOWAIT}),
    ("hook on the message", errno.EINVAL, (partial(hooks_refuse, "msg_msg_alloc"),), {}),
    ("hook on the queue", errno.EINVAL, (partial(hooks_refuse, "msg_queue_msgsnd"),), {}),
    ("hook on the permission", errno.EACCES, (partial(hooks_refuse, "ipc_permission"),), {}),
)


def refused(case: tuple[str, int, tuple[Setup, ...], dict[str, Any]], make: Make) -> None:
    machine = make()
    _, error, setups, arguments = case
    for setup in setups:
        setup(machine)
    before = machine.statistics()
    assert machine.send(**arguments) == -error
    assert machine.statistics() == before
    machine.check_untouched()


def hooks_that_agree(make: Make) -> None:
    machine = make()
    for name in ("msg_msg_alloc", "msg_queue_msgsnd", "ipc_permission", "msg_queue_msgrcv"):
        machine.hook(name, "agreeing_hook", "agreeing_hook")
    msr = machine.receiver(1, mode=ANY, mtype=0, size=100)
    assert machine.send() == 0
    assert msr["r_msg"] in machine.held()


def no_memory(size: int, drained: int, leave: int, make: Make) -> None:
    """No object is left for some part of the message: the parts before it are given back."""
    machine = make()
    taken = set(machine.drain(drained, leave))
    assert machine.held() == taken
    assert machine.send(text=text_of(size)) == -errno.ENOMEM
    assert machine.held() == taken
    assert machine.queue["q_qnum"] == 0


NO_MEMORY = ((8, 64, 0), (8192, 4096, 0), (8192, 4096, 1), (8192, 64, 0), (4049, 16, 0))  # size of text, object drained, left

# What is sent.

SIZES = (0, 1, 8, 4047, 4048, 4049, 8135, 8136, 8137, *range(8143, 8193, 7), 8192)


def sizes(make: Make) -> None:
    """Each length arrives whole, and is counted."""
    for size in SIZES:
        machine = make()
        text = text_of(size)
        assert machine.send(5, text) == 0
        assert machine.messages() == [(5, text)]
        blocks = 1 + (size > 4048) + (size > 8136)
        assert len(machine.held()) == blocks
        statistics = machine.statistics()
        assert statistics["q_stime"] == machine.kernel.global_record("timekeeper", "tk_core")["xtime_sec"] > 0
        names = ("q_qnum", "q_cbytes", "q_lspid", "q_lrpid", "q_rtime", "msg_bytes", "msg_hdrs")
        assert [statistics[name] for name in names] == [1, size, 1000, 0, 0, size, 1]
        machine.cores[1].start("sys_msgrcv", 0, USER_BUFFER, 8192, 5, 0)
        assert machine.cores[1].run() == size
        assert machine.read(USER_BUFFER, 8 + size) == (5).to_bytes(8, "little") + text
        machine.check_untouched()


def up_to_the_brim(make: Make) -> None:
    """Messages fit until the bytes are used up, then only empty ones; then until there are as many as bytes allowed."""
    machine = make()
    machine.queue["q_qbytes"] = 20
    wanted = []
    for size in (8, 8, 4):
        assert machine.send(1, text_of(size), flags=0x800) == 0
        wanted.append((1, text_of(size)))
    assert machine.send(1, b"x", flags=0x800) == -errno.EAGAIN
    for number in range(17):
        assert machine.send(2 + number, b"", flags=0x800) == 0
        wanted.append((2 + number, b""))
    assert machine.send(1, b"", flags=0x800) == -errno.EAGAIN
    assert machine.messages() == wanted
    assert [machine.statistics()[name] for name in ("q_qnum", "q_cbytes", "msg_bytes", "msg_hdrs")] == [20, 20, 20, 20]


# Who may.


def may_send(mode: int, who: str, capable: bool) -> bool:
    """What ipc/util.c says of write permission."""
    shift = 6 if who in ("creator", "owner") else 3 if "group" in who else 0
    return capable or bool(mode >> shift & 2)


def permissions(make: Make) -> None:
    creator, owner, creators_group, group, mine, my_group, extra = range(11, 18)
    identities = {
        "creator": {"cuid": mine},
        "owner": {"uid": mine},
        "creator's group": {"cgid": my_group},
        "group": {"gid": my_group},
        "supplementary group": {"gid": extra},
        "other": {},
    }
    machine = make()
    for who, fields in identities.items():
        ids = {"cuid": creator, "uid": owner, "cgid": creators_group, "gid": group, **fields}
        for name, value in ids.items():
            machine.queue[f"q_perm.{name}"] = value
        for capable in (False, True):
            cred = machine.credentials(euid=mine, fsgid=my_group, group_info=machine.groups([3, extra, 90]))
            cred["cap_effective"] = 1 << 15 if capable else MASK ^ (1 << 15)
            for mode in (0, 0o200, 0o20, 0o2, 0o577, 0o757, 0o775, 0o777, 0o700, 0o70, 0o7):
                machine.queue["q_perm.mode"] = mode
                machine.cores[0].task["flags"] = 0
                got = machine.send(text=b"", flags=0x800)
                assert got == (0 if may_send(mode, who, capable) else -errno.EACCES), (who, oct(mode), capable)
                used = capable and not may_send(mode, who, False)
                assert machine.cores[0].task["flags"] == 0x100 * used, "PF_SUPERPRIV: the privilege was used"


def supplementary_groups(make: Make) -> None:
    """Every member of small and large sets is found, and none between them."""
    machine = make()
    search = partial(machine.cores[0].call, "groups_search")
    assert search(0, 5) == 0, "no set at all"
    for count in (0, 1, 2, 3, 10, 33):
        members = [10 + 3 * number for number in range(count)]
        info = machine.groups(members)
        for group in range(9, 12 + 3 * count):
            assert search(info, group) == (group in members)
    info = machine.groups(range(0, 4000, 2))
    for group in (0, 1, 2046, 2047, 2048, 2049, 3998, 3999, 0x80000000):
        assert search(info, group) == (group in range(0, 4000, 2))


def user_namespaces(make: Make) -> None:
    """A capability counts in its own user namespace and those below it; who made a namespace has all of them there."""
    machine = make()
    initial = machine.symbol("init_user_ns")
    child, grandchild = (machine.kernel.allocate("user_namespace", name) for name in ("child", "grandchild"))
    child["parent"], child["owner"], grandchild["parent"], grandchild["owner"] = initial, 50, child.virtual, 60
    call = partial(machine.cores[0].call, "ns_capable")
    for home, euid, capability, wanted in (
        (initial, 1, 15, (1, 1, 1)),
        (initial, 1, 14, (0, 0, 0)),
        (initial, 50, 14, (0, 1, 1)),
        (child.virtual, 60, 14, (0, 0, 1)),
        (child.virtual, 61, 15, (0, 1, 1)),
        (grandchild.virtual, 50, 15, (0, 0, 1)),
    ):
        machine.credentials(euid=euid, user_ns=home, cap_effective=1 << capability)
        assert tuple(call(namespace, 15) for namespace in (initial, child.virtual, grandchild.virtual)) == wanted


def layers(make: Make) -> None:
    """The id tree's own walk: one layer without a hint, two and four layers, ids that no tree of that height can hold."""
    machine = make()
    idr = machine.namespace.address("msg_ids_hint")
    find = partial(machine.cores[0].call, "idr_find_slowpath", idr)
    machine.namespace["msg_ids_hint"] = 0
    assert machine.send(text=b"") == 0
    below, ids = machine.symbol("msg_idr_layer"), [0]
    for height in (1, 2, 3):
        layer = machine.kernel.allocate("idr_layer", f"layer {height}")
        layer["layer"] = height
        layer.put_word("ary", below, offset=8 * height)
        below, ids = layer.virtual, [(height << 8 * height) + number for number in ids]
        machine.namespace["msg_ids_top"] = below
        assert [find(number) for number in ids] == [machine.queue.virtual]
        assert [find(number) for number in (ids[0] + 1, 0, (height + 1) << 8 * height)] == [0, 0, 0]
        assert find(1 << 8 * (height + 1)) == 0 if height < 3 else find(0x7FFFFFFF) == 0
        assert find(-1) == 0
    machine.namespace["msg_ids_top"] = 0
    assert find(0) == 0


# A sender that waits.


def blocks(make: Make) -> None:
    """It is on the list, interruptible, with a reference; room and a wakeup let it go on."""
    machine = make(3)
    assert [machine.send(1, FULL) for _ in range(2)] == [0, 0]
    stamps = machine.statistics()
    mss = machine.block(2, text_of(100))
    sender = machine.cores[0]
    assert machine.waiting("q_senders") == [mss.virtual]
    assert (mss["tsk"], sender.task["state"], machine.references["refcount"]) == (sender.task.virtual, 1, 2)
    if machine.image.variant == "wakeq-senders":
        assert mss["msgsz"] == 100
    assert (machine.queue["q_perm.lock"], machine.statistics()) == (0, stamps)

    sender.step()  # out of schedule for nothing: it goes to the end of the line
    other = machine.kernel.allocate("msg_sender", "other")
    head = machine.queue.address("q_senders")
    other["list.next"], other["list.prev"] = head, mss.virtual
    mss["list.next"] = machine.queue["q_senders.prev"] = other.virtual
    sender.run("schedule")
    assert machine.waiting("q_senders") == [other.virtual, mss.virtual]
    assert machine.references["refcount"] == 2

    machine.cores[1].start("sys_msgrcv", 0, USER_BUFFER, 8192, 1, 0x1000)
    machine.queue["q_senders.next"] = machine.queue["q_senders.prev"] = head  # both leave the list while nobody is told
    machine.cores[1].run()
    machine.queue["q_senders.next"] = machine.queue["q_senders.prev"] = mss.virtual
    mss["list.next"] = mss["list.prev"] = head
    sender.step()
    assert machine.finish() == 0
    assert machine.messages() == [(1, FULL), (2, text_of(100))]
    assert (machine.references["refcount"], machine.waiting("q_senders"), machine.queue["q_perm.lock"]) == (1, [], 0)
    assert len(machine.held()) == 4


def woken_by_a_receiver(make: Make) -> None:
    """A receive wakes it with the room it needs."""
    machine = make(2, counted=True)
    for _ in range(2):
        machine.send(1, FULL)
    machine.block(2, text_of(8000))
    woken = []
    entry = machine.symbol("wake_up_process")
    receiver = machine.cores[1]
    listening = receiver.on_code

    def watch(pc: int) -> None:
        if listening:
            listening(pc)
        if pc == entry:
            woken.append(receiver.uc.reg_read(x86.UC_X86_REG_RDI))

    receiver.on_code = watch
    receiver.start("sys_msgrcv", 0, USER_BUFFER, 8192, 1, 0)
    assert receiver.run() == 8192
    assert woken == [machine.cores[0].task.virtual]
    machine.cores[0].step()
    assert machine.finish() == 0
    assert machine.messages() == [(1, FULL), (2, text_of(8000))]
    assert machine.waiting("q_senders") == []


def signalled(make: Make) -> None:
    machine = make()
    full(machine)
    machine.block(2, text_of(5000))
    machine.pend_signal()
    machine.cores[0].step()
    assert machine.finish() == -ERESTARTNOHAND
    machine.check_untouched()


def signal_and_room(make: Make) -> None:
    """A signal counts before the room that there is by now."""
    machine = make()
    full(machine)
    machine.block()
    machine.pend_signal()
    machine.queue["q_qbytes"] = 16384
    machine.cores[0].step()
    assert machine.finish() == -ERESTARTNOHAND
    machine.check_untouched()


def may_no_longer(make: Make) -> None:
    """Permissions are looked at again after the sleep."""
    machine = make()
    full(machine)
    machine.block()
    denied(machine)
    machine.cores[0].step()
    assert machine.finish() == -errno.EACCES
    machine.check_untouched()


def removed_in_sleep(references: int, make: Make) -> None:
    """A removed queue stays until the last sender has read it; who drops the last reference frees it."""
    machine = make()
    full(machine)
    mss = machine.block(1, text_of(4049))
    removed(machine)
    mss["list.next"] = 0  # ss_wakeup with kill
    machine.references["refcount"] = references  # freeque has dropped its own
    machine.pend_signal()  # EIDRM comes before the signal
    machine.cores[0].step()
    machine.cores[0].run("free_msg" if references > 1 else "msg_rcu_free")
    assert machine.queue["q_perm.lock"] == 0
    assert machine.finish() == -errno.EIDRM
    assert machine.allocator.taken() == ({machine.references.virtual} if references > 1 else set())


def off_the_list_already(make: Make) -> None:
    """ss_del leaves an entry alone whose next is NULL."""
    machine = make()
    full(machine)
    mss = machine.block()
    head = machine.queue.address("q_senders")
    machine.queue["q_senders.next"] = machine.queue["q_senders.prev"] = head
    mss["list.next"] = 0
    machine.queue["q_qbytes"] = 16384
    machine.cores[0].step()
    assert machine.finish() == 0
    assert machine.waiting("q_senders") == []


def no_reference(make: Make) -> None:
    """ipc_rcu_getref does not revive a queue that nobody holds."""
    machine = make()
    full(machine)
    machine.references["refcount"] = 0
    assert machine.send() == -errno.EIDRM
    assert (machine.references["refcount"], machine.held()) == (0, set())


def reference_taken_in_between(make: Make) -> None:
    """ipc_rcu_getref tries again if the count changes between its load and its cmpxchg."""
    machine = make()
    full(machine)
    machine.start_send()
    tail = machine.queue.address("q_senders")
    while machine.queue["q_senders.next"] == tail:
        machine.cores[0].step()
    while machine.cores[0].result != 1:
        machine.cores[0].step()
    machine.references["refcount"] = 5
    machine.cores[0].run("schedule")
    assert machine.references["refcount"] == 6


def putref(make: Make) -> None:
    machine = make()
    machine.references["refcount"] = 2
    machine.cores[0].call("ipc_rcu_putref", machine.references.virtual + QUEUE_AT)
    assert (machine.references["refcount"], len(machine.allocator.taken())) == (1, 1)
    machine.cores[0].call("ipc_rcu_putref", machine.references.virtual + QUEUE_AT)
    assert machine.allocator.taken() == set()


# pipelined_send.


def wants(mode: int, wanted: int, mtype: int) -> bool:
    """What testmsg says."""
    return {ANY: True, NUMBER: True, EQUAL: mtype == wanted, NOTEQUAL: mtype != wanted, LESSEQUAL: mtype <= wanted}.get(mode, False)


def scans(make: Make) -> None:
    """Random lines of receivers: the first that wants the message and has room gets it; those before it with too little, E2BIG."""
    source = random.Random(7)
    for _ in range(60):
        machine = make(5)
        line = [
            (source.randrange(7), source.randrange(1, 5), source.choice((0, 7, 8, 9, 2**31 - 1)))
            for _ in range(source.randrange(5))
        ]
        records = [machine.receiver(core, mode=m, mtype=t, size=s) for core, (m, t, s) in enumerate(line, 1)]
        mtype = source.randrange(1, 5)
        assert machine.send(mtype, b"8 bytes.") == 0
        taker = next((n for n, (m, t, s) in enumerate(line) if wants(m, t, mtype) and s >= 8), None)
        small = [n for n, (m, t, s) in enumerate(line[:taker]) if wants(m, t, mtype) and s < 8]
        left = [record.virtual for n, record in enumerate(records) if n != taker and n not in small]
        assert machine.waiting("q_receivers") == left
        for number, record in enumerate(records):
            if number != taker:
                assert record["r_msg"] == (E2BIG_IN_R_MSG if number in small else EAGAIN_IN_R_MSG)
        statistics = machine.statistics()
        assert (statistics["q_lspid"], machine.queue["q_perm.lock"]) == (1000, 0)
        if taker is None:
            assert machine.messages() == [(mtype, b"8 bytes.")]
            assert statistics["q_lrpid"] == 0
        else:
            message = machine.kernel.at("msg_msg", records[taker]["r_msg"])
            assert (message["m_type"], message["m_ts"], machine.read(message.virtual + 48, 8)) == (mtype, 8, b"8 bytes.")
            assert {message.virtual} == machine.held()
            assert [statistics[n] for n in ("q_qnum", "q_cbytes", "msg_bytes", "msg_hdrs")] == [0, 0, 0, 0]
            assert (statistics["q_lrpid"], statistics["q_rtime"]) == (1001 + taker, statistics["q_stime"])
        for core in machine.cores:
            assert (core.task["usage"], core.task["wake_q_next"]) == (2, 0)


def hook_passes_over_a_receiver(make: Make) -> None:
    machine = make()
    machine.hook("msg_queue_msgrcv", "refusing_hook")
    msr = machine.receiver(1, mode=ANY, mtype=0, size=100)
    assert machine.send() == 0
    assert (len(machine.messages()), msr["r_msg"], machine.waiting("q_receivers")) == (1, EAGAIN_IN_R_MSG, [msr.virtual])


def too_small_before_one_that_fits(make: Make) -> None:
    """When each is woken, and what r_msg holds then."""
    machine = make(4, counted=True)
    records = [machine.receiver(core, mode=EQUAL, mtype=1, size=size) for core, size in ((1, 7), (2, 0), (3, 8))]
    tasks = {machine.cores[core].task.virtual: core for core in (1, 2, 3)}
    entry = machine.symbol("wake_up_process")
    seen = []
    sender = machine.cores[0]
    listening = sender.on_code

    def watch(pc: int) -> None:
        if listening:
            listening(pc)
        if pc == entry:
            core = tasks[sender.uc.reg_read(x86.UC_X86_REG_RDI)]
            seen.append((core, records[core - 1]["r_msg"], machine.queue["q_perm.lock"] & 0xFF))

    sender.on_code = watch
    assert machine.send(1) == 0
    (message,) = machine.held()
    assert [record["r_msg"] for record in records] == [E2BIG_IN_R_MSG, E2BIG_IN_R_MSG, message]
    if machine.image.variant == "baseline":
        assert seen == [(1, 0, 1), (2, 0, 1), (3, 0, 1)]
    else:
        assert seen == [(1, E2BIG_IN_R_MSG, 0), (2, E2BIG_IN_R_MSG, 0), (3, message, 0)]


SCENARIOS: dict[str, Scenario] = {
    **{f"refused: {case[0]}": partial(refused, case) for case in REFUSED},
    **{f"no memory: {case[0]} bytes, {case[2]} left of {case[1]}": partial(no_memory, *case) for case in NO_MEMORY},
    **{f"removed in sleep, {count} references": partial(removed_in_sleep, count) for count in (1, 2)},
    **{
        each.__name__: each
        for each in (
            hooks_that_agree, sizes, up_to_the_brim, permissions, supplementary_groups, user_namespaces, layers, blocks,
            woken_by_a_receiver, signalled, signal_and_room, may_no_longer, off_the_list_already, no_reference,
            reference_taken_in_between, putref, scans, hook_passes_over_a_receiver, too_small_before_one_that_fits,
        )
    },
}  # fmt: skip


each_variant = pytest.mark.parametrize("variant", VARIANTS, scope="module")


@pytest.fixture(scope="module")
def played(variant: str) -> Played:
    return play(SendMachine, variant, SCENARIOS)


@each_variant
@pytest.mark.parametrize("name", SCENARIOS)
def test_sending(name: str, played: Played) -> None:
    played.check(name)


@each_variant
def test_the_scenarios_take_every_branch_both_ways(played: Played) -> None:
    assert played.ways_not_taken(ROUTINES, branches_at_least=70) == []


WHOLE_KERNEL = """\
tasks 5
t2: recv type=1 -> blocks
t5: send bad=pointer size=9000 -> EFAULT
t5: send bad=text -> EFAULT
t5: send bad=text size=8192 -> EFAULT
t5: send type=0 bad=text -> EINVAL
t5: send size=8193 -> EINVAL
t5: send queue=none -> EINVAL
t5: send type=1 size=4049 fill=7 -> 0
t2: returns 4049 type=1 crc=0x57ad064e
t5: send type=2 size=8192 fill=1 -> 0
t5: send type=2 size=8137 fill=2 -> 0
t5: send type=2 size=56 nowait -> EAGAIN
t5: send type=3 size=55 nowait -> 0
t4: send type=4 size=8000 fill=3 -> blocks
t1: send type=5 size=100 -> blocks
t5: recv type=3 size=55 -> 55
t5: recv type=2 -> 8192 type=2 crc=0x88397790
t1: returns 0
t4: returns 0
t5: recv type=2 -> 8137 type=2 crc=0xd65f7522
t5: recv type=5 -> 100
t5: recv type=4 -> 8000 type=4 crc=0x6a0d6790
"""


@pytest.mark.parametrize("variant", VARIANTS)
def test_on_the_whole_kernel_with_page_faults_and_real_sleep(variant: str) -> None:
    script = parse(WHOLE_KERNEL)
    assert mismatches(script, ScriptMachine.of(script, variant, "a10-7800").run(script)) == []
