"""The same kernel and initramfs under QEMU's TCG: what a program prints there is what it is to print here."""

import re
import selectors
import shutil
import subprocess
import time
from pathlib import Path

from emu.boot import cpio
from emu.boot.initramfs import DEVICES

QEMU = "qemu-system-x86_64"
NO_QEMU = f"{QEMU} is not installed (Debian: qemu-system-x86)"
MACHINE = ("-M", "microvm,pic=on,pit=on,rtc=on", "-m", "256", "-nographic", "-no-reboot", "-nodefaults", "-serial", "stdio")
# A thread a CPU hangs for good in one of ten runs of the stock kernel on a busy host (QEMU 7.2).
ACCELERATOR = ("-accel", "tcg,thread=single")
FREQUENCIES = "tsc_early_khz=1000000 tsc=reliable lpj=4000000"  # a kernel that measures them on a busy host waits for ever
SECONDS_MAX = 120
LAST_LINE = b"INIT: done"
# What differs from one run to the next on any machine: numbers of tasks and CPUs, times, lines that a tracer caught.
_VARIES = (
    (re.compile(r"pid \d+"), "pid N"), (re.compile(r"on cpu \d+"), "on cpu N"), (re.compile(r"after \d+ spins"), "after N spins"),
    (re.compile(r"took \d+ us"), "took N us"), (re.compile(r"\d+ lines, getppid seen \d"), "N lines"),
)  # fmt: skip


def has_qemu() -> bool:
    return shutil.which(QEMU) is not None


def as_init(program: Path, target: Path) -> Path:
    """An initramfs in which a program is process 1."""
    entries = [cpio.folder("dev"), *DEVICES, cpio.file("init", program.read_bytes(), executable=True)]
    target.write_bytes(cpio.archive(entries))
    return target


def under_qemu(kernel: Path, initrd: Path, append: str, cpus: int) -> bytes:
    """The console up to the program's last line: a machine without ACPI does not switch itself off."""
    line = f"console=ttyS0 nokaslr panic=-1 reboot=t {FREQUENCIES} {append}"
    command = [QEMU, *MACHINE, *ACCELERATOR, "-smp", str(cpus), "-kernel", kernel, "-initrd", initrd, "-append", line]
    console, end = bytearray(), time.monotonic() + SECONDS_MAX
    with (
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0) as process,
        selectors.DefaultSelector() as selector,
    ):
        assert process.stdout is not None
        selector.register(process.stdout, selectors.EVENT_READ)
        while LAST_LINE not in console and time.monotonic() < end:
            if selector.select(1):
                if not (content := process.stdout.read(65536)):
                    break
                console += content
        process.kill()
    return bytes(console)


def said(console: bytes) -> list[str]:
    """The lines of the program, without what varies; their order is the program's."""
    lines = [line.strip() for line in console.decode(errors="replace").splitlines()]
    found = [line for line in lines if line.startswith(("INIT:", "CHILD:"))]
    for pattern, word in _VARIES:
        found = [pattern.sub(word, line) for line in found]
    return found
