"""Small static programs for the guest, assembled from programs/*.S: name, what they do and how they end stands in each."""

from functools import cache
from pathlib import Path

from emu.boot.user_program import Data, assemble_program

PROGRAMS = Path(__file__).parent / "programs"
STACK_BYTES = 0x1000
GREETING = b"both threads are done\n"
SLEEP = 1  # between two books
BOOKS = (
    "/proc/stat",
    "/proc/interrupts",
    SLEEP,
    "/proc/schedstat",
)  # before the region; in the other order, without sleep, behind it
BOOKS_BYTES = 0x10000
ROUNDS = 40  # of takes_locks, in each of its two threads
SPINS = 0x180000  # divisions of spin_and_sleep
# What programs of the initramfs do not need: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/mman-common.h.
CALLS = {
    "SYS_OPEN": 2, "SYS_MMAP": 9, "SYS_MUNMAP": 11, "SYS_PIPE": 22, "SYS_NANOSLEEP": 35, "SYS_GETCWD": 79, "SYS_RENAME": 82,
    "SYS_CREAT": 85, "SYS_SETPGID": 109, "SYS_GETPRIORITY": 140, "SYS_SCHED_SETAFFINITY": 203, "PRIO_PGRP": 1, "PROT_READ": 1,
    "MAP_PRIVATE": 2, "MAP_ANONYMOUS": 0x20,
}  # fmt: skip


def write_program(name: str, folder: Path) -> Path:
    """Put one there as an executable file."""
    path = folder / name
    path.write_bytes(program(name))
    path.chmod(0o755)
    return path


@cache
def program(name: str) -> bytes:
    """The ELF file of one."""
    data = Data()
    data.text("\n", "line_end")
    data.add(GREETING, "greeting")
    data.text("/one", "one")
    data.text("/other", "other")
    data.words([1], "other_runs")
    data.words([0], "sum")
    data.words([0], "pipe_ends")
    data.text("\nbooks:\n", "heading")
    books = [each if each == SLEEP else data.text(each) for each in BOOKS]
    data.words([*books, 0], "books_before")
    data.words([*(each for each in books[::-1] if each != SLEEP), 0], "books_after")
    data.words([0, 1_000_000], "nap")
    data.words([0], "status")
    data.add(bytes(BOOKS_BYTES), "pages")
    data.names["other_stack_end"] = data.add(bytes(STACK_BYTES)) + STACK_BYTES
    values = {"GREETING_BYTES": len(GREETING), "ROUNDS": ROUNDS, "SPINS": SPINS, **CALLS}
    return assemble_program([PROGRAMS / f"{name}.S"], data, values)
