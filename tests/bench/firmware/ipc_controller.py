"""A machine for tests of msgget and msgctl: core 1 makes the calls, core 0 can be a blocked sender, the others receivers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from unicorn import x86_const as x86

from bench.firmware.ipc_machine import MASK
from bench.firmware.ipc_sender import QUEUE_AT, USER_BUFFER, USER_TOP, SendMachine
from emu.guest.record import Record
from emu.subjects.ipc_msg import objects

VARIANTS = ("baseline", "wakeq", "wakeq-senders", "wakeq-release", "wakeq-release-fixed")
CREAT, EXCL = 0x200, 0x400
RMID, SET, STAT, INFO, MSG_STAT, MSG_INFO = 0, 1, 2, 3, 11, 12
BUFFER = USER_BUFFER + 0x3000
BAD_BUFFER = USER_TOP - 8
SEQUENCE = 32768
ANY, NOTEQUAL = 1, 3


class ControlMachine(SendMachine):
    """The queue that tests start with is made by msgget, as id 0."""

    def __init__(self, variant: str = "baseline", cores: int = 4, *, counted: bool = False) -> None:
        super().__init__(variant, cores, counted=counted)

    def _queue_from_slab(self) -> None:
        assert self.get_queue(0, CREAT | 0o600) == 0
        self.queue = self.queue_of(0)
        self.references = self.kernel.at("ipc_rcu", self.queue.virtual - QUEUE_AT)

    def call(self, name: str, *arguments: int, core: int = 1) -> int:
        """Let a core make a call; what it returns, signed."""
        result = self.cores[core].call(name, *arguments)
        return result - ((result >> 63) << 64)

    def get_queue(self, key: int, flags: int) -> int:
        """Call msgget."""
        return self.call("sys_msgget", key, flags)

    def control(self, msqid: int, command: int, buffer: int = BUFFER) -> int:
        """Call msgctl."""
        return self.call("sys_msgctl", msqid, command, buffer)

    def queue_of(self, index: int) -> Record:
        """The queue in a slot of the id tree."""
        layer = self.symbol("msg_idr_layer") + self.kernel.offset("idr_layer", "ary")
        return self.kernel.at("msg_queue", self.get(layer + 8 * index))

    @property
    def layer(self) -> Record:
        """The only layer of the id tree."""
        return self.kernel.global_record("idr_layer", "msg_idr_layer")

    @property
    def buffer(self) -> Record:
        """What msgctl reads or fills."""
        return self.kernel.record("msqid64_ds", self.physical(BUFFER))

    def settings(self, *, mode: int = 0o600, qbytes: int = 16384, uid: int = 0, gid: int = 0) -> None:
        """Fill the buffer for IPC_SET."""
        self.write(BUFFER, b"\xee" * self.kernel.size("msqid64_ds"))
        self.buffer["msg_perm.mode"], self.buffer["msg_qbytes"] = mode, qbytes
        self.buffer["msg_perm.uid"], self.buffer["msg_perm.gid"] = uid, gid

    def be(self, **fields: int) -> Record:
        """Give the caller credentials of its own."""
        cred = self.credentials(**fields)
        self.cores[1].task["cred"] = cred.virtual
        self.cores[0].task["cred"] = self.symbol("init_cred")
        return cred

    def sender(self, core: int, size: int) -> Record:
        """Queue a blocked sender as do_msgsnd does, without its reference to the queue."""
        mss = self.kernel.allocate("msg_sender", f"sender {core} of {size}")
        mss["tsk"], mss["msgsz"] = self.cores[core].task.virtual, size
        last, head = self.queue["q_senders.prev"], self.queue.address("q_senders")
        mss["list.next"], mss["list.prev"] = head, last
        self.put(last, mss.virtual)
        self.queue["q_senders.prev"] = mss.virtual
        return mss

    @contextmanager
    def watching(self, *routines: str) -> Iterator[list[tuple[str, int, int]]]:
        """Collect core 1's calls of these routines: name, first argument, and whether the queue's lock was held."""
        entries, seen, core = {self.symbol(name): name for name in routines}, [], self.cores[1]
        listening, lock = core.on_code, self.queue.address("q_perm.lock")

        def watch(pc: int) -> None:
            if listening:
                listening(pc)
            if pc in entries:
                seen.append((entries[pc], core.uc.reg_read(x86.UC_X86_REG_RDI), self.get(lock, 4) & 0xFF))

        core.on_code = watch
        yield seen
        core.on_code = listening

    def check_clean(self, *, queues: Sequence[int] = ()) -> None:
        """Only these queues are there; nothing else is allocated, counted, or held."""
        there = objects.queues(self.kernel)
        assert [queue["q_perm.id"] for queue in there] == list(queues)
        assert self.namespace["msg_ids_in_use"] == self.layer["count"] == len(there)
        assert sum(word.bit_count() for word in self.layer.words("bitmap")) == len(there)
        assert set(self.allocator.taken()) == {queue.virtual - QUEUE_AT for queue in there}
        assert (self.namespace["msg_bytes"], self.namespace["msg_hdrs"]) == (0, 0)
        assert self.get(self.namespace.address("msg_ids_rwsem")) == 0
        assert all(queue["q_perm.lock"] == 0 for queue in there)


def signed(value: int) -> int:
    """An 8-byte field as a signed number."""
    value &= MASK
    return value - ((value >> 63) << 64)
