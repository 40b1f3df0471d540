"""The process that executes programs on the host processor: batches in by standard input, results out by standard output.

It is a process of its own, so that a program that faults ends nothing else, and so that the places that programs use are free:
text, data and stack lie where they do in the emulated machine.
"""

import ctypes
import pickle
import sys
from typing import Any

READ, WRITE, EXECUTE = 1, 2, 4
PRIVATE, ANONYMOUS, FIXED_NOREPLACE = 0x2, 0x20, 0x100000


def map_at(address: int, size: int) -> None:
    """Get memory at an address, and nowhere else."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *(ctypes.c_int,) * 3, ctypes.c_long]
    size = -(-size // 0x1000) * 0x1000
    got = libc.mmap(address, size, READ | WRITE | EXECUTE, PRIVATE | ANONYMOUS | FIXED_NOREPLACE, -1, 0)
    if got != address:
        sys.exit(f"no memory to be had at {address:#x} (error {ctypes.get_errno()})")


def main() -> None:
    """Map what the first message says, then run batches until the input ends."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    layout: dict[str, Any] = pickle.load(source)
    for address, size in layout["maps"]:
        map_at(address, size)
    for address, code in layout["code"]:
        ctypes.memmove(address, code, len(code))
    entered = ctypes.CFUNCTYPE(None)(layout["enter"])
    pickle.dump("ready", sink)
    sink.flush()
    while True:
        try:
            text_at, code, programs = pickle.load(source)
        except EOFError:
            return
        ctypes.memmove(text_at, code, len(code))
        for writes, cleared, reads in programs:
            for address, size in cleared:
                ctypes.memset(address, 0, size)
            for address, content in writes:
                ctypes.memmove(address, content, len(content))
            entered()
            pickle.dump([ctypes.string_at(address, size) for address, size in reads], sink)
            sink.flush()


if __name__ == "__main__":
    main()
