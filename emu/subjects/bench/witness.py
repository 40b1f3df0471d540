"""How a lock goes wrong: the same run again with its trace, down to what cores did to the lock just before."""

from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from emu.description import MachineFile
from emu.native import MASK64
from emu.subjects.bench import program
from emu.subjects.bench.lock_file import LockFile
from emu.subjects.bench.measure import Contest, Records, drive, prepare_contest
from emu.subjects.bench.plan import Plan
from emu.trace.record import Access, Kind

STEPS_SHOWN = 24
WORDS = {
    "acquire": "calls acquire",
    "acquired": "is inside",
    "release": "calls release",
    "released": "is out",
    "two_inside": "meets core {other} inside",
}
ACCESSES = {int(Access.LOAD): "loads", int(Access.STORE): "stores", int(Access.READ_MODIFY_WRITE): "swaps in"}


@dataclass(slots=True)
class Step:
    """What a core did, from `cycle` on, so many times without doing anything else."""

    cycle: int
    core: int
    words: str
    times: int = 1

    def __str__(self) -> str:
        """As a line of the report."""
        again = f", {self.times:,} times" if self.times > 1 else ""
        return f"{self.cycle:>12,}  core {self.core}  {self.words}{again}"


class Witness:
    """Reads the trace as it goes, and keeps what cores did to the lock lately."""

    def __init__(self, contest: Contest) -> None:
        """Nothing has been seen yet."""
        image = contest.text.image
        self._lines, self._marks = image.lines, contest.text.marks
        # The first of the two places in the harness is that of a core that must be alone.
        self._alone = min(mark.address for mark in image.marks if mark.name == "acquired")
        self._inside: set[int] = set()
        self._last: dict[int, Step] = {}
        self.steps: deque[Step] = deque(maxlen=STEPS_SHOWN)

    def look(self, records: Records) -> bool:
        """Take records; True once two cores are inside."""
        of_lock = (records["address"] >= program.LOCK) & (records["address"] < program.DATA) & (records["access"] != 0)
        wanted = (records["kind"] == Kind.MARK) | ((records["kind"] == Kind.INSTRUCTION) & of_lock)
        return any(self._event(each) if each["kind"] == Kind.MARK else self._access(each) for each in records[wanted])

    def _access(self, record: np.void) -> bool:
        file, line = self._lines.get(int(record["pc"]) & MASK64, ("", 0))
        what = f"{ACCESSES[int(record['access'])]} {int(record['value']):#x} at lock+{int(record['address']) - program.LOCK:#x}"
        self._add(record, f"{what} ({Path(file).name}:{line})")
        return False

    def _add(self, record: np.void, words: str) -> None:
        core = int(record["core"])
        if core in self._last and self._last[core].words == words:
            self._last[core].times += 1
            return
        self._last[core] = Step(int(record["cycle"]), core, words)
        self.steps.append(self._last[core])

    def _event(self, record: np.void) -> bool:
        name, core = self._marks[int(record["detail"])], int(record["core"])
        if name not in WORDS:
            return False
        self._add(record, WORDS[name].format(other=(int(record["value"]) & 0xFFFFFFFF) - 1))
        if name == "acquired" and int(record["pc"]) == self._alone:
            self._inside.add(core)
        elif name == "release":
            self._inside.discard(core)
        return name == "two_inside" or len(self._inside) > 1


def schedule_of(plan: Plan, lock: LockFile, description: MachineFile) -> list[str]:
    """The last steps before two cores were inside, or before nobody got in any more: one line a step, in time order."""
    contest = prepare_contest(plan, lock, description, trace=True)
    witness = Witness(contest)
    drive(contest, sink=witness.look)
    return [str(step) for step in sorted(witness.steps, key=lambda step: step.cycle)]
