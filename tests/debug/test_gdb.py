"""gdb itself, attached to `emu boot --gdb`; and those that are no gdb."""

import json
import re
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.gdb import Gdb, free_port, needs_gdb
from emu.boot.user_program import Data, assemble_program
from emu.cli.main import main
from emu.debug.connection import Connection, reserve
from emu.debug.packets import framed

SYSTEM = ("-p", "4", "-m", "32", "--cpuid", "generic")
PROGRAM = ("--marks", "2", "4", "cross")


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def boot(vmlinux: Path, shared: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """`emu boot` with these options: its exit code, what it prints, what it complains of."""

    def run(*options: object) -> tuple[int, str, str]:
        code = main(["boot", str(vmlinux), *SYSTEM, *map(str, options), "--", str(shared / "pmsg"), *PROGRAM])
        return code, *capsys.readouterr()

    return run


@needs_gdb
def test_a_message_is_followed_forwards_and_backwards(boot: Callable[..., tuple[int, str, str]], shared: Path, port: int) -> None:
    undisturbed = json.loads(boot("--json")[1])
    gdb = Gdb(
        port,
        "break do_msgsnd", "continue", "thread apply all backtrace", "delete",
        "break wake_q_add", "continue", "watch -l *(long *) ($r15 + 0x30)", "delete 2",
        "continue", "print/x *(long *) ($r15 + 0x30)",
        "reverse-stepi", "x/i $pc", "print/x *(long *) ($r15 + 0x30)",
        "delete", "reverse-continue", "info registers rip xmm0 st0 mxcsr fs_base", "print $cr3 != 0", "print *(int *) 16",
        "set var *(int *) $sp = 1", "set var $rax = 1", "monitor where", "monitor nonsense", "detach",
    )  # fmt: skip
    code, output, complaints = boot("--from", "work_begin", "--symbols", shared / "System.map-small-wakeq", "--gdb", port, "--json")
    said = gdb.said()
    assert re.search(r"hit Breakpoint 1, 0x\w+ in do_msgsnd \(\)", said), said
    for thread in range(1, 5):
        assert f"Thread {thread} (Thread {thread} (" in said
    callers = ("do_msgsnd", "__x64_sys_msgsnd", "x64_sys_call", "do_syscall_64")
    assert re.search("\n".join(rf"#{depth} .* {name} \(\)" for depth, name in enumerate(callers)), said), said
    assert said.count(" do_idle ()\n") == 2, said
    assert re.search(r"hit Hardware watchpoint 3: .*\n\nOld value = -11\nNew value = -\d+\n0x\w+ in do_msgsnd", said), said
    back = r"= 0xffff88\w+\n0x\w+ in do_msgsnd \(\)\n=> 0x\w+ <do_msgsnd\+1051>:\tmov .*\n.* = 0xfffffffffffffff5\n"
    assert re.search(back, said), said
    assert "No more reverse-execution history" in said
    assert re.search(r"mxcsr +0x1f80", said) and "Cannot access memory at address 0x10" in said
    assert said.count("Cannot access memory at address") == 2 and "emu changes neither memory nor registers" in said
    assert "0 behind the beginning" in said and "monitor help lists them" in said
    assert code == 0, complaints
    debugged = json.loads(output)
    for name in ("ended", "exit_status", "instructions", "instructions_by_core", "clock", "memory_digest", "console"):
        assert debugged[name] == undisturbed[name]


@needs_gdb
def test_a_kernel_that_was_not_told_of_has_its_own_symbols_and_a_killed_machine_is_gone(
    boot: Callable[..., tuple[int, str, str]], port: int
) -> None:
    gdb = Gdb(port, "info symbol do_msgsnd", "info threads", "kill")
    code, _, complaints = boot("--gdb", port)
    said = gdb.said()
    assert "do_msgsnd in section .text" in said and "task init" in said, said
    assert code == 0
    assert complaints.endswith("the debugger has left (it killed the machine), and the machine with it\n")


ODD = [
    (b"pffff", b"E16"), (b"m12,zz", b"E16"), (b"unknown", b""), (b"m10,4", b"E0e"), (b"Hg63", b"E03"), (b"Z0,1", b"E16"),
    (b"Z9,1,1", b""), (b"vCont;x", b"E16"), (b"qRcmd,zz", b"E16"), (b"vFile:open:2f,0,0", b"F-1,2"), (b"Z2,10,8", b"E0e"),
]  # fmt: skip


def connect(port: int) -> socket.socket:
    """As soon as it is let."""
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=60)
        except ConnectionRefusedError:
            time.sleep(0.05)


def test_packets_that_make_no_sense_are_answered_and_a_debugger_that_goes_away_ends_it(
    boot: Callable[..., tuple[int, str, str]], port: int
) -> None:
    answers = list[bytes]()

    def ask() -> None:
        with connect(port) as made, made.makefile("rb") as stream:
            for packet, answer in ODD:
                made.sendall(framed(packet))
                answers.append(stream.read(len(framed(answer)) + 1))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    code, _, complaints = boot("--gdb", port)
    asking.join(60)
    assert answers == [b"+" + framed(answer) for _, answer in ODD]
    assert code == 0
    assert "its connection is closed" in complaints


def test_nonsense_is_refused_in_a_line(boot: Callable[..., tuple[int, str, str]], port: int) -> None:
    def speak() -> None:
        with connect(port) as made:
            made.sendall(b"GET / HTTP/1.1\r\n\r\n")
            made.recv(1)

    threading.Thread(target=speak, daemon=True).start()
    code, _, complaints = boot("--gdb", port)
    assert code == 2
    assert complaints.splitlines()[-1].startswith(f"emu: --gdb {port}: a byte 0x47 in front of a packet")


def test_a_port_that_cannot_be_had(boot: Callable[..., tuple[int, str, str]], port: int) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen(1)
        code, _, complaints = boot("--gdb", port)
    assert code == 2
    assert complaints.startswith(f"emu: --gdb {port}: cannot listen there: Address already in use")


@pytest.mark.parametrize(
    "options, words",
    [
        (["--gdb", "65536"], "--gdb must be a port, 0 to 65535"),
        (["--gdb", "x"], "gdb must be a whole number, not 'x'"),
        (["--gdb", "0", "--from", "never"], "--from must be user, text:STRING"),
        (["--gdb", "0", "--symbols", "/nonexistent"], "there is no such file"),
        (["--gdb", "0", "--from", "work_begin", "--per", "4"], "a debugger has the machine in the fast gear"),
        (["--gdb", "0", "--from", "text:nowhere", "--max-instructions", "1000"], "text:nowhere did not come"),
    ],
)
def test_refused(boot: Callable[..., tuple[int, str, str]], options: list[str], words: str) -> None:
    code, _, complaints = boot(*options)
    assert words in complaints
    assert code == (1 if "did not come" in words else 2)
    assert len(complaints.splitlines()) == 1


FOREVER = """// void forever(void)
// Source: own
// Entry: nothing
// Exit:  never
// Clobbers: nothing
// Lock: none
//@ state user
forever:
    jmp forever
"""


def test_ctrl_c_stops_a_program_that_does_not_end(vmlinux: Path, tmp_path: Path, port: int) -> None:
    source, program = tmp_path / "forever.S", tmp_path / "forever"
    source.write_text(FOREVER)
    program.write_bytes(assemble_program([source], Data()))
    program.chmod(0o755)
    answers = list[bytes]()

    def interrupt() -> None:
        with connect(port) as made, made.makefile("rb") as stream:
            for packet in (b"c", b"bs"):
                made.sendall(framed(packet))
                answers.append(stream.read(1))
                made.sendall(b"\x03" if packet == b"c" else b"")
                answers.append(stream.read(4))
                while stream.read(1) != b"#":
                    pass
                stream.read(2)
            made.sendall(framed(b"k"))

    asking = threading.Thread(target=interrupt, daemon=True)
    asking.start()
    code = main(["boot", str(vmlinux), "-m", "32", "--cpuid", "generic", "--gdb", str(port), "--", str(program)])
    asking.join(60)
    assert (code, answers) == (0, [b"+", b"$T02", b"+", b"$T05"])


def test_whoever_waits_for_a_debugger_can_be_stopped() -> None:
    with reserve(0) as listener:
        listener.listen(1)
        with pytest.raises(KeyboardInterrupt):
            Connection(listener, lambda: True)
