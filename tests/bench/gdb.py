"""gdb as a process, and a port for it."""

import shutil
import socket
import subprocess

import pytest

needs_gdb = pytest.mark.skipif(shutil.which("gdb") is None, reason="gdb is not here: apt-get install gdb")


def free_port() -> int:
    """One that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Gdb:
    """A gdb that tries to connect until it can, and then does what it is told."""

    def __init__(self, port: int, *commands: str) -> None:
        words = [word for each in ("set pagination off", f"target remote :{port}", *commands) for word in ("-ex", each)]
        self._process = subprocess.Popen(
            ["gdb", "-nx", "-batch", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )

    def said(self) -> str:
        return self._process.communicate(timeout=120)[0]
