"""Programs on the host processor, in a process of its own (`host_driver.py`), and what that processor has.

A trampoline loads all registers from a page, jumps to the program, and stores them there again where the program ends.
"""

import pickle
import platform
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.cpu.code import Code, assemble, routine
from bench.cpu.flags import ALWAYS, effect
from bench.cpu.programs import DATA, DATA_BYTES, EXIT, LIVE, RSP, STACK, STACK_BYTES, TEXT, VECTORS, WHOLE, Program, Statement
from bench.cpu.state import NAMES, STATE_BYTES, VECTORS_OFFSET, Result, beginning

TEXT_BYTES = DATA - TEXT
TRAMPOLINE, LEAVE, STATE = 0x380000, 0x380400, 0x381000
VECTORS_AT = STATE + VECTORS_OFFSET
ENTRY, STACK_OF_HOST = STATE + STATE_BYTES, STATE + STATE_BYTES + 8
SLOTS = {name: STATE + 8 * index for index, name in enumerate(NAMES)} | {"entry": ENTRY, "stack": STACK_OF_HOST}
CALLEE_SAVED = ("rbx", "rbp", "r12", "r13", "r14", "r15")
# CPUID leaf, register (eax, ebx, ecx, edx) and bit of what some processors lack: APM 3, appendix E.
FEATURES = {
    "sse3": (1, 2, 0), "cx16": (1, 2, 13), "popcnt": (1, 2, 23), "bmi1": (7, 1, 3), "lahf": (0x80000001, 2, 0),
    "lzcnt": (0x80000001, 2, 5), "prefetchw": (0x80000001, 2, 8),
}  # fmt: skip


class HostUnusable(Exception):
    """Occurs when this host cannot run the programs; the message says why."""


def slot(name: str) -> str:
    return f"qword ptr [riz*0x1 + {SLOTS[name]:#x}]"


def vectors(load: bool) -> list[str]:
    pairs = [(f"xmm{index}", f"xmmword ptr [riz*0x1 + {VECTORS_AT + 16 * index:#x}]") for index in range(VECTORS)]
    return [f"movdqu {', '.join(pair if load else pair[::-1])}" for pair in pairs]


ENTER_LINES = [
    *(f"push {name}" for name in CALLEE_SAVED), f"mov {slot('stack')}, rsp", *vectors(load=True),
    f"push {slot('flags')}", "popfq", *(f"mov {name}, {slot(name)}" for name in WHOLE), f"jmp {slot('entry')}",
]  # fmt: skip
LEAVE_LINES = [
    *(f"mov {slot(name)}, {name}" for name in WHOLE), f"mov rsp, {slot('stack')}", "pushfq", f"pop {slot('flags')}", "cld",
    *vectors(load=False), *(f"pop {name}" for name in reversed(CALLEE_SAVED)), "ret",
]  # fmt: skip
READS = [(STATE, STATE_BYTES), (DATA, DATA_BYTES), (STACK, STACK_BYTES)]


class Host:
    """The host processor. `close` ends its process."""

    def __init__(self) -> None:
        """Start the process; `HostUnusable` if this is no x86-64 Linux host, or its addresses are not to be had."""
        if platform.machine() != "x86_64" or sys.platform != "linux":
            raise HostUnusable(f"the host is {sys.platform} on {platform.machine()}, not Linux on x86-64")
        self._process: subprocess.Popen[bytes] | None = None
        self._start()
        self.features = self._features()

    def _start(self) -> None:
        driver = Path(__file__).with_name("host_driver.py")
        self._process = subprocess.Popen(
            [sys.executable, "-S", str(driver)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        entering, leaving = routine("enter", ENTER_LINES, TRAMPOLINE), routine("leave", LEAVE_LINES, LEAVE)
        layout = {
            "maps": [(TEXT, TEXT_BYTES), (DATA, DATA_BYTES), (STACK, STACK_BYTES), (TRAMPOLINE, 0x1000), (STATE, STATE_BYTES + 16)],
            "code": [(TRAMPOLINE, entering), (LEAVE, leaving)],
            "enter": TRAMPOLINE,
        }  # fmt: skip
        self._send(layout)
        if self._receive() != "ready":
            assert self._process.stderr is not None
            raise HostUnusable(f"the host's process does not start: {self._process.stderr.read().decode().strip()}")

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _send(self, message: object) -> None:
        assert self._process is not None and self._process.stdin is not None
        try:
            pickle.dump(message, self._process.stdin)
            self._process.stdin.flush()
        except BrokenPipeError:
            pass

    def _receive(self) -> object:
        """The next answer; nothing if the process has ended."""
        assert self._process is not None and self._process.stdout is not None
        try:
            return pickle.load(self._process.stdout)
        except (EOFError, pickle.UnpicklingError):
            return None

    def run(self, programs: Sequence[Program], code: Code) -> list[Result]:
        """The results of all programs; one that ends the process is started behind anew."""
        results: list[Result] = []
        exit_code = routine("exit", [f"jmp {LEAVE:#x}"], EXIT)
        patched = exit_code[:5] + code.text.code[5:]
        while len(results) < len(programs):
            if self._process is None:
                self._start()
            first = len(results)
            self._send((TEXT, patched, [_message(*pair) for pair in zip(programs[first:], code.entries[first:], strict=True)]))
            while len(results) < len(programs) and (answer := self._receive()) is not None:
                results.append(_result(answer))
            if len(results) < len(programs):
                results.append(Result(failure=self._obituary()))
        return results

    def _obituary(self) -> str:
        assert self._process is not None
        code = self._process.wait()
        self.close()
        return f"ends the process by {signal.Signals(-code).name}" if code < 0 else f"ends the process, exit code {code}"

    def _features(self) -> frozenset[str]:
        return frozenset(name for name, (leaf, register, bit) in FEATURES.items() if self._cpuid(leaf)[register] >> bit & 1)

    def _cpuid(self, leaf: int) -> tuple[int, ...]:
        if leaf & 0xFFFF and self._cpuid(leaf & 0xFFFF0000)[0] < leaf:
            return 0, 0, 0, 0
        ask = Statement(("cpuid",), "cpuid", effect("cpuid", 32, None))
        begin = dict.fromkeys(WHOLE, 0) | {"rax": leaf, "rsp": RSP, "flags": ALWAYS}
        program = Program((ask,), begin, (0,) * VECTORS, bytes(len(LIVE)))
        (result,) = self.run([program], assemble([program]))
        return tuple(result.registers[name] for name in ("rax", "rbx", "rcx", "rdx"))


def _message(program: Program, entry: int) -> tuple[list[tuple[int, bytes]], list[tuple[int, int]], list[tuple[int, int]]]:
    """What is written before a program, what is cleared before that, what is read behind."""
    writes = [(STATE, beginning(program)), (ENTRY, entry.to_bytes(8, "little")), (LIVE.start, program.memory)]
    return writes, [(DATA, DATA_BYTES), (STACK, STACK_BYTES)], READS


def _result(answer: object) -> Result:
    return Result(*answer)  # type: ignore[misc]
