"""System calls of the host through ctypes, in one process: messages, namespaces, capabilities.

64-bit Linux only: the layout of struct msqid_ds is that of asm-generic/msgbuf.h and of x86-64, which agree there.
"""

import ctypes
import errno
import mmap
import os
import platform
import struct
import sys
from pathlib import Path

IPC_RMID, IPC_SET, IPC_STAT, IPC_INFO, MSG_STAT, MSG_INFO = 0, 1, 2, 3, 11, 12
MESSAGE_MAX = 8192
SYSCTL = Path("/proc/sys/kernel")

_CLONE_NEWUSER, _CLONE_NEWIPC = 0x10000000, 0x08000000
_PR_SET_PDEATHSIG, _SIGKILL = 1, 9
_PROT_NONE = 0
_UNTOUCHED = 0xEE

_PERM = struct.Struct("=iIIIII")  # key, uid, gid, cuid, cgid, mode
_TAIL = struct.Struct("=qqqqqqii")  # stime, rtime, ctime, cbytes, qnum, qbytes, lspid, lrpid
_TAIL_AT, _MSQID_DS = 48, 120
_INFO = struct.Struct("=7iH")  # struct msginfo

_libc = ctypes.CDLL(None, use_errno=True)


def _arguments() -> None:
    size, pointer, number = ctypes.c_size_t, ctypes.c_void_p, ctypes.c_int
    _libc.msgget.argtypes = [number, number]
    _libc.msgsnd.argtypes = [number, pointer, size, number]
    _libc.msgrcv.argtypes = [number, pointer, size, ctypes.c_long, number]
    _libc.msgrcv.restype = ctypes.c_ssize_t
    _libc.msgctl.argtypes = [number, number, pointer]
    _libc.mprotect.argtypes = [pointer, size, number]
    _libc.kill.argtypes = [number, number]


def why_not() -> str:
    """Say why this host cannot be asked, or nothing."""
    if sys.platform != "linux" or struct.calcsize("P") != 8:
        return f"the oracle wants 64-bit Linux, this is {platform.platform()}"
    _arguments()
    try:
        remove(create(0, 0o600))
    except OSError as problem:
        return f"this host gives no SysV message queues: {os.strerror(problem.errno)}"
    return ""


def enter_private_namespace() -> tuple[bool, bool]:
    """Leave the IPC namespace of the host for one of our own, by a user namespace if need be.

    Say whether it worked, and whether there are more users than ourselves in it.
    """
    if _libc.unshare(_CLONE_NEWIPC) == 0:
        return True, os.geteuid() == 0
    uid, gid = os.geteuid(), os.getegid()
    if _libc.unshare(_CLONE_NEWUSER | _CLONE_NEWIPC) != 0:
        return False, False
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        Path(f"/proc/self/{name}").write_text(text)
    return True, False


def write_sysctl(name: str, value: int) -> bool:
    """Set a figure of the namespace; say whether we may."""
    try:
        (SYSCTL / name).write_text(f"{value}\n")
    except OSError:
        return False
    return True


def read_sysctl(name: str) -> int:
    return int((SYSCTL / name).read_text())


def become(user: int) -> None:
    """Be a process of another user, and of the group of that number alone."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)


def drop_capabilities() -> None:
    """Be an ordinary user: permissions of queues count, and IPC_SET knows its limit."""
    header = struct.pack("=Ii", 0x20080522, 0)
    if _libc.capset(header, bytes(24)) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def create(key: int, flags: int) -> int:
    """Make a queue."""
    queue = _libc.msgget(key, flags)
    if queue < 0:
        raise OSError(ctypes.get_errno(), "msgget")
    return queue


def copies() -> bool:
    """Say whether this kernel knows MSG_COPY: it answers before it looks at the queue."""
    _libc.msgrcv(0, ctypes.create_string_buffer(8), 0, 0, 0o44000)
    return ctypes.get_errno() != errno.ENOSYS


def remove(queue: int) -> None:
    """Remove a queue; it may be gone already."""
    _libc.msgctl(queue, IPC_RMID, None)


def remove_by_key(key: int) -> None:
    """Remove the queue that has this key, if there is one."""
    queue = _libc.msgget(key, 0)
    if queue >= 0:
        remove(queue)


class Caller:
    """Issues message calls from one process; every answer is (value, errno, what came with it)."""

    def __init__(self) -> None:
        _arguments()
        page = mmap.PAGESIZE
        room = -(-(8 + MESSAGE_MAX) // page) * page
        self._memory = mmap.mmap(-1, room + page)
        self._room = room
        self._at = ctypes.addressof(ctypes.c_char.from_buffer(self._memory))
        if _libc.mprotect(self._at + room, page, _PROT_NONE) != 0:
            raise OSError(ctypes.get_errno(), "mprotect")

    def get(self, key: int, flags: int) -> tuple[int, int, object]:
        return self._answer(_libc.msgget(key, flags))

    def send(self, queue: int, kind: int, text: bytes, size: int, flags: int, bad: str) -> tuple[int, int, object]:
        place = self._place(bad)
        if bad != "pointer":
            ctypes.memmove(place, struct.pack("=q", kind), 8)
        if not bad:
            ctypes.memmove(place + 8, text, len(text))
        return self._answer(_libc.msgsnd(queue, place, size % 2**64, flags))

    def receive(self, queue: int, kind: int, size: int, flags: int, bad: str) -> tuple[int, int, object]:
        ctypes.memset(self._at, _UNTOUCHED, self._room)
        value = _libc.msgrcv(queue, self._place(bad), size % 2**64, kind, flags)
        error = ctypes.get_errno()
        came = None
        if value >= 0:
            start = self._place(bad) - self._at
            behind = self._memory[start + 8 + value : self._room]
            if behind.count(_UNTOUCHED) != len(behind):
                raise AssertionError(f"the kernel wrote behind the {value} bytes of a message")
            came = (struct.unpack_from("=q", self._memory, start)[0], self._memory[start + 8 : start + 8 + value])
        return value, error, came

    def status(self, queue: int, command: int, bad: bool) -> tuple[int, int, object]:
        """IPC_STAT or MSG_STAT, for which `queue` is an index."""
        value, error, _ = self._answer(_libc.msgctl(queue, command, self._place("pointer" if bad else "")))
        if value < 0:
            return value, error, None
        _, uid, gid, cuid, cgid, mode = _PERM.unpack_from(self._memory)
        names = ("stime", "rtime", "ctime", "cbytes", "qnum", "qbytes", "lspid", "lrpid")
        came = dict(zip(names, _TAIL.unpack_from(self._memory, _TAIL_AT), strict=True))
        return value, 0, came | {"uid": uid, "gid": gid, "cuid": cuid, "cgid": cgid, "mode": mode & 0o777}

    def information(self, command: int, bad: bool) -> tuple[int, int, object]:
        value, error, _ = self._answer(_libc.msgctl(0, command, self._place("pointer" if bad else "")))
        return value, error, _INFO.unpack_from(self._memory) if value >= 0 else None

    def control(self, queue: int, command: int) -> tuple[int, int, object]:
        return self._answer(_libc.msgctl(queue, command, self._place("")))

    def kill(self, pid: int, number: int) -> tuple[int, int, object]:
        return self._answer(_libc.kill(pid, number))

    def set(self, queue: int, qbytes: int, mode: int, uid: int, gid: int, bad: bool) -> tuple[int, int, object]:
        if not bad:
            record = bytearray(_MSQID_DS)
            _PERM.pack_into(record, 0, 0, uid % 2**32, gid % 2**32, 0, 0, mode)
            _TAIL.pack_into(record, _TAIL_AT, 0, 0, 0, 0, 0, qbytes, 0, 0)
            self._memory[:_MSQID_DS] = bytes(record)
        return self._answer(_libc.msgctl(queue, IPC_SET, self._place("pointer" if bad else "")))

    def remove(self, queue: int) -> tuple[int, int, object]:
        return self._answer(_libc.msgctl(queue, IPC_RMID, None))

    def _place(self, bad: str) -> int:
        """Give the address of a message: good, no memory at all, or only its type in memory."""
        return {"": self._at, "pointer": self._at + self._room, "text": self._at + self._room - 8}[bad]

    @staticmethod
    def _answer(value: int) -> tuple[int, int, object]:
        return value, ctypes.get_errno(), None
