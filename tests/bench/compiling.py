"""Compiled code is made by one process, and not by each worker of pytest-xdist at the same time."""

import fcntl
import subprocess
import sys
from pathlib import Path

from bench.processes import environment
from emu import compiled

TEST = Path(__file__).parents[1] / "litmus" / "handwritten" / "dekker-swap.litmus"
COMMANDS = (("run", "--messages", "2"), ("litmus", str(TEST)), ("stress", "--operations", "100"))
PROGRAM = "import sys; from emu.cli.main import main; sys.exit(main())"


def compile_once() -> None:
    """Have the machine, the search and the random tester compiled; the others wait for the first who asks."""
    folder = compiled.folder()
    if folder is None:
        return
    with (folder / "tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if compiled.is_ready() and compiled.is_ready(compiled.SEARCH):
            return
        for command in COMMANDS:
            subprocess.run([sys.executable, "-c", PROGRAM, *command], env=environment(), stdout=subprocess.DEVNULL, check=True)
