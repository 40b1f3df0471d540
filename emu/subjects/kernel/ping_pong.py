"""The program that a real kernel's message path is measured with: what `emu path VARIANT` runs, two threads and one queue."""

from pathlib import Path

from emu.boot.user_program import Data, assemble_program
from emu.subjects.kernel.call_table import numbers

SOURCE = Path(__file__).with_name("ping_pong.S")
STACK_BYTES = 0x1000
TOKEN_BYTES = 16
IPC_CREAT = 0x200  # include/uapi/linux/ipc.h
CALLS = ("msgget", "msgsnd", "msgrcv", "sched_setaffinity")  # beside those that all programs may name


def write_ping_pong(folder: Path, rounds: int, cpus: tuple[int, int]) -> Path:
    """Put it there: each thread sends `rounds` messages, and each runs on one CPU."""
    data = Data()
    data.words([1 << cpu for cpu in cpus], "masks")
    data.add(bytes(2 * TOKEN_BYTES), "token")
    data.names["other_stack_end"] = data.add(bytes(STACK_BYTES)) + STACK_BYTES
    values = {f"SYS_{name.upper()}": number for number, name in numbers(CALLS).items()}
    path = folder / "ping_pong"
    path.write_bytes(assemble_program([SOURCE], data, {**values, "IPC_CREAT": IPC_CREAT, "ROUNDS": rounds}))
    return path
