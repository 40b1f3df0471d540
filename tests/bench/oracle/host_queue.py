"""The kernel under the tests as an `Executor` of scripts.

The work is done in a process of its own (`host_driver.py`), so that the test process keeps its IPC namespace and its threads.
"""

import contextlib
import os
import platform
import select
import subprocess
import sys
import time
from dataclasses import replace

from bench.oracle.host_driver import END
from bench.oracle.model_state import Kernel
from bench.processes import environment
from emu.errors import EmuError
from emu.subjects.ipc_msg.script import script as s
from emu.subjects.ipc_msg.script.text import dump, parse

_SECONDS_TO_START = 20.0
_SECONDS_FOR_A_SCRIPT = 120.0  # the driver itself gives up on an operation long before


class HostUnusable(EmuError):
    """Occurs when this host cannot be asked: the message says why."""


class HostFailed(EmuError):
    """Occurs when a script did not come to an end on the host."""


class HostQueue:
    """Runs scripts on the host's own SysV message queues."""

    def __init__(self, *, share_namespace: bool = False, seconds: float = 20.0) -> None:
        """Start the driver.

        `share_namespace` does without a private IPC namespace even where one can be had. An operation that has neither
        returned nor fallen asleep after `seconds` ends its script: `HostFailed` says where every task was.
        """
        self._seconds = seconds
        self._share = share_namespace
        self._process: subprocess.Popen[bytes] | None = None
        self._buffer = b""
        self._start()

    def run(self, script: s.Script) -> s.Results:
        """Run it on fresh queues, all of which are removed afterwards."""
        if self._process is None:
            self._start()
        assert self._process is not None
        assert self._process.stdin is not None
        bare = replace(script, steps=tuple(s.Step(step.task, step.operation) for step in script.steps))
        try:
            self._process.stdin.write(dump(bare).encode() + END)
            self._process.stdin.flush()
            answer = self._read(END, _SECONDS_FOR_A_SCRIPT).decode()
        except BrokenPipeError:
            self.close()
            raise HostFailed("the host driver is gone") from None
        if answer.startswith("problem "):
            raise HostFailed(f"{answer[8:].strip()}; the script was:\n{dump(bare)}")
        steps = parse(answer).steps
        return tuple(s.StepResult(step.expect or s.BLOCKS, tuple((r.task, r.outcome) for r in step.returns)) for step in steps)

    def close(self) -> None:
        """End the driver, and with it every task; it removes what it has."""
        if self._process is None:
            return
        process, self._process, self._buffer = self._process, None, b""
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def _start(self) -> None:
        arguments = [
            sys.executable,
            "-m",
            "bench.oracle.host_driver",
            str(self._seconds),
            *(["--share-namespace"] if self._share else []),
        ]
        self._process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment())
        greeting, *rest = self._read(b"\n", _SECONDS_TO_START).decode().split()
        if greeting != "ready":
            self.close()
            raise HostUnusable(" ".join(rest))
        self.limits = (int(rest[0]), int(rest[1]))  # msgmax, msgmnb
        self.abilities = frozenset(rest[2:])  # private, copies, users, queues, ids: see host_driver.main
        self.private = "private" in self.abilities
        self.release = platform.release()
        self.kernel = Kernel.of_release(self.release, copies="copies" in self.abilities)
        if self.limits != (s.MESSAGE_MAX, s.QUEUE_BYTES):
            self.close()
            raise HostUnusable(
                f"this host's msgmax and msgmnb are {self.limits}, not those of a new namespace, and none can be had"
            )

    def _read(self, end: bytes, seconds: float) -> bytes:
        assert self._process is not None
        assert self._process.stdout is not None
        limit = time.monotonic() + seconds
        while end not in self._buffer:
            left = limit - time.monotonic()
            if left <= 0 or not select.select([self._process.stdout], [], [], left)[0]:
                self._process.kill()
                self.close()
                raise HostFailed(f"the host driver has not answered for {seconds:g} s")
            data = os.read(self._process.stdout.fileno(), 65536)
            if not data:
                self.close()
                raise HostFailed("the host driver has ended; what it said is on standard error")
            self._buffer += data
        answer, _, self._buffer = self._buffer.partition(end)
        return answer
