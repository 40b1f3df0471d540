"""A machine for tests of the sending half: all slab caches, a queue that can be freed, receivers and credentials made by hand."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from bench.firmware.ipc_machine import MASK, IpcMachine
from emu.guest.allocator import Allocator
from emu.guest.paging import PAGE, USER_DATA
from emu.guest.ram import direct
from emu.guest.record import Record
from emu.guest.slab import KINDS, build_slabs, slab_counts
from emu.subjects.ipc_msg import objects
from emu.subjects.ipc_msg.slabs import usual_slabs

USER_BUFFER = 0x7F0100000000
USER_TOP = 0x7FFFFFFFF000  # addr_limit: user memory ends here
BUFFER_PAGES = 4
QUEUE_AT = 0x40  # behind its struct ipc_rcu
GFP_KERNEL = 0x24000C0
SIGPENDING = 4


class SendMachine(IpcMachine):
    """Core 0 sends; all others can receive."""

    def __init__(self, variant: str = "baseline", cores: int = 2, *, counted: bool = False) -> None:
        super().__init__(variant, cores, counted=counted, spare_slabs=4)
        for base in (USER_BUFFER, USER_TOP - BUFFER_PAGES * PAGE):
            for number in range(BUFFER_PAGES):
                self.pages.map(base + number * PAGE, self.ram.allocate(PAGE, PAGE), USER_DATA)
        self.namespace = self.kernel.global_record("ipc_namespace", "init_ipc_ns")
        areas = [core.area.inner(kind.field, "kmem_cache_cpu") for core in self.cores for kind in KINDS]
        self.allocator = Allocator(self.kernel, self.built_slabs, areas)
        self._queue_from_slab()

    def _slab(self, spare_slabs: int) -> None:
        self.built_slabs = build_slabs(
            self.kernel, [core.area for core in self.cores], slab_counts(len(self.cores), usual_slabs(len(self.cores), spare_slabs))
        )

    def _queue_from_slab(self) -> None:
        """Move the queue to where msgget puts it: what the last reference frees."""
        block = self.cores[0].call("__kmalloc", 0x100, GFP_KERNEL)
        self.ram.write(self.physical(block), bytes(0x100))
        self.queue = self.kernel.at("msg_queue", block + QUEUE_AT)
        self.references = self.kernel.at("ipc_rcu", block)
        self.references["refcount"] = 1
        self.queue["q_perm.mode"], self.queue["q_qbytes"] = 0o600, 16384
        for head in ("q_messages", "q_receivers", "q_senders"):
            self.queue[f"{head}.next"] = self.queue[f"{head}.prev"] = self.queue.address(head)
        self.slot(0, self.queue.virtual)

    def slot(self, index: int, pointer: int) -> None:
        """Put an object into the id tree."""
        self.put(self.symbol("msg_idr_layer") + self.kernel.offset("idr_layer", "ary") + 8 * index, pointer)

    def write(self, virtual: int, content: bytes) -> None:
        """Store bytes at a virtual address, page by page."""
        while content:
            part = PAGE - virtual % PAGE
            self.ram.write(self.physical(virtual), content[:part])
            virtual, content = virtual + part, content[part:]

    def read(self, virtual: int, size: int) -> bytes:
        """Bytes at a virtual address, page by page."""
        found = b""
        while len(found) < size:
            at = virtual + len(found)
            part = min(size - len(found), PAGE - at % PAGE)
            physical = self.physical(at)
            found += self.ram.data[physical : physical + part].tobytes()
        return found

    # Sending.

    def start_send(
        self,
        mtype: int = 1,
        text: bytes = b"8 bytes.",
        *,
        size: int | None = None,
        msqid: int = 0,
        flags: int = 0,
        at: int = USER_BUFFER,
    ) -> None:
        """Have core 0 call msgsnd with a message that lies at `at`; with `size`, that is what it says."""
        if at + 8 <= USER_TOP:
            self.write(at, (mtype & MASK).to_bytes(8, "little") + text)
        self.cores[0].start("sys_msgsnd", msqid, at, len(text) if size is None else size, flags)

    def send(self, mtype: int = 1, text: bytes = b"8 bytes.", **how: int) -> int:
        """Have core 0 call msgsnd, which must not sleep; what it returns."""
        self.start_send(mtype, text, **how)
        return self.finish()

    def finish(self) -> int:
        """Let core 0 end its call; what it returns."""
        result = self.cores[0].run()
        return result - ((result >> 63) << 64)

    def block(self, mtype: int = 1, text: bytes = b"8 bytes.") -> Record:
        """Let core 0 go to sleep in msgsnd; its struct msg_sender."""
        self.start_send(mtype, text)
        self.cores[0].run("schedule")
        return self.kernel.at("msg_sender", self.queue["q_senders.prev"])

    def pend_signal(self, pending: bool = True) -> None:
        """Set or clear TIF_SIGPENDING of core 0's task."""
        self.kernel.at("thread_info", self.cores[0].task["stack"])["flags"] = SIGPENDING * pending

    # What lies in memory.

    def messages(self) -> list[tuple[int, bytes]]:
        """Type and text of each message on the queue."""
        return [(message.type, self.text(message)) for message in objects.messages(self.kernel, self.queue)]

    def text(self, message: objects.Message) -> bytes:
        """A message's text from all its blocks."""
        found = b""
        for number, block in enumerate(message.blocks):
            header = 8 if number else 48
            found += self.read(block + header, min(PAGE - header, message.size - len(found)))
        return found

    def waiting(self, head: str) -> list[int]:
        """Addresses of the nodes on a list of the queue, which must be well-formed."""
        return objects.list_nodes(self.kernel, self.queue.address(head), head)

    def receiver(self, core: int, *, mode: int, mtype: int, size: int) -> Record:
        """Queue a receiver as do_msgrcv does."""
        msr = self.kernel.allocate("msg_receiver", f"receiver {core}")
        msr["r_tsk"], msr["r_mode"], msr["r_msgtype"], msr["r_maxsize"] = self.cores[core].task.virtual, mode, mtype, size
        msr["r_msg"] = -11 & MASK
        last, head = self.queue["q_receivers.prev"], self.queue.address("q_receivers")
        msr["r_list.next"], msr["r_list.prev"] = head, last
        self.put(last, msr.virtual)
        self.queue["q_receivers.prev"] = msr.virtual
        return msr

    def credentials(self, **fields: int) -> Record:
        """Give core 0's task credentials of its own."""
        cred = self.kernel.allocate("cred", "cred")
        cred["usage"], cred["user_ns"] = 1, self.symbol("init_user_ns")
        for name, value in fields.items():
            cred[name] = value
        self.cores[0].task["cred"] = cred.virtual
        return cred

    def groups(self, members: Sequence[int]) -> int:
        """A struct group_info with these groups, sorted, of up to two blocks; its address."""
        info = self.ram.allocate(0xA0, 64)
        group_info = self.kernel.record("group_info", info)
        group_info["ngroups"] = len(members)
        for number in range(0, max(len(members), 1), 1024):
            block = self.ram.allocate(PAGE, PAGE)
            for place, group in enumerate(members[number : number + 1024]):
                self.ram.put(block + 4 * place, group, 4)
            self.put(group_info.address("blocks") + 8 * (number // 1024), direct(block))
        return group_info.virtual

    def hook(self, name: str, *routines: str) -> None:
        """Make a security hook call these routines, one after another."""
        head = self.symbol(f"security_hook_{name}")
        entries = [self.kernel.allocate("security_hook_list", f"hook {name} {routine}") for routine in routines]
        ring = [head, *(entry.virtual for entry in entries), head]
        for here, following in pairwise(ring):
            self.put(here, following)
            self.put(following + 8, here)
        for entry, routine in zip(entries, routines, strict=True):
            entry["head"], entry["hook"] = head, self.symbol(routine)

    def drain(self, size: int, leave: int = 0) -> list[int]:
        """Allocate objects of a size until so many are left for core 0."""
        taken = []
        while address := self.cores[0].call("__kmalloc", size, GFP_KERNEL):
            taken.append(address)
        for _ in range(leave):
            self.cores[0].call("kfree", taken.pop())
        return taken

    def statistics(self) -> Mapping[str, int]:
        """Everything that counts messages, and who was last."""
        mine = {name: self.queue[name] for name in ("q_qnum", "q_cbytes", "q_lspid", "q_lrpid", "q_stime", "q_rtime")}
        return mine | {name: self.namespace[name] for name in ("msg_bytes", "msg_hdrs")}

    def held(self) -> set[int]:
        """What is allocated beside the queue."""
        return set(self.allocator.taken()) - {self.references.virtual}

    def check_untouched(self) -> None:
        """Nothing sent, nothing held, nothing leaked."""
        assert self.held() == set()
        assert self.messages() == []
        assert (self.namespace["msg_bytes"], self.namespace["msg_hdrs"]) == (0, 0)
        assert self.queue["q_perm.lock"] == 0
        assert self.references["refcount"] == 1
        assert self.waiting("q_senders") == []
