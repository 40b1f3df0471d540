"""The protocol, row by row: sequences of accesses with what each one finds and what states it leaves.

Run with NUMBA_DISABLE_JIT=1 it changes each row in every way, one at a time, and prints as JSON what no sequence has noticed.
"""

import json
from collections.abc import Iterator
from functools import cache

import numpy as np

from emu.description import MachineFile, load_machine
from emu.errors import InternalError
from emu.memory import access, coherence, moesi, rows, store_buffer
from emu.memory.bus import Bus
from emu.memory.moesi import PROTOCOL, Action, Event, Line, Row, Source
from emu.memory.records import BUS
from emu.native import address_of, array_at
from emu.run.overrides import apply_overrides

LINES = "ABCDE"
WRITTEN = 7
FIGURES = {
    "latencies.l1_hit": 4, "latencies.l2_hit": 12, "latencies.sibling_line": 25, "latencies.memory": 286, "tlb.l2_hit": 0,
    "latencies.remote_line": 300, "latencies.remote_write": 320, "latencies.upgrade": 230, "tlb.page_walk": 0,
}  # fmt: skip
# By what is found: cycles until a read has its data, and until a written line is owned.
READ = {"l1": 4, "l2": 12, "sibling": 25, "l3": 39, "memory": 286, "near": 90, "remote": 300}
WRITE = {"own": 0, "l2": 8, "sibling": 21, "l3": 35, "memory": 282, "near": 95, "remote": 320, "near upgrade": 60, "upgrade": 230}


@cache
def machine(kind: str) -> MachineFile:
    """L1s of one line and L2s of two, in modules of two cores; with `back` the L1s are written back, and two modules have an L3."""
    a10 = apply_overrides(load_machine("a10-7800"), tuple(FIGURES.items()))
    table = a10.model_dump()
    table["l1d"] |= {"sets": 1, "ways": 1, "write_policy": kind}
    table["l2"] |= {"sets": 1, "ways": 2}
    if kind == "back":
        figure = {"source": "made up", "confidence": "low"}
        near = {"name": "l3", "modules": 2, "source": "made up"}
        values = {"line": READ["near"], "write": WRITE["near"], "upgrade": WRITE["near upgrade"]}
        table["near"] = [near | {name: figure | {"value": value} for name, value in values.items()}]
        table["l3"] = {"sets": 1, "ways": 2, "line_bytes": 64, "modules": 2, "source": "made up"}
        table["l3"]["hit"] = figure | {"value": READ["l3"]}
    return MachineFile.model_validate(table)


# Each access: core, read or write, line; what is found, "max" a number of cycles that it takes at least; the line's state in each
# module and each L3; "wb" if a line is written back to memory. Cores 0 and 1 are module 0, 2 and 3 module 1, 4 and 5 module 2.
SEQUENCES = {
    "through": """
        0rA memory E.. / 1rA l2 E.. / 2rA memory SS. / 3rA l2 SS. / 4rA memory SSS / 0wA upgrade M.. / 0wA own M..
        0wA memory M.. / 1rA sibling M.. / 1rB memory E.. / 1rA sibling M.. / 1wA sibling M.. / 0rA sibling M..
        0wA memory M.. / 2rA remote OS. / 1rA l2 OS. / 4rA remote OSS / 2wA upgrade .M. / 0wA remote M..
        0wA memory M.. / 2rA remote OS. / 0wA upgrade M..
        0rA memory E.. / 2rA memory SS. / 4wA memory ..M
        0rA memory E.. / 0wA own M..
        0rA memory E.. / 2wA memory .M.
        0wA memory M.. / 2wA remote .M. / 4rA remote .OS / 0rA remote SOS
        0rA memory E.. / 0rB memory E.. / 0rC memory E.. / 0rA memory E..
        0wA memory M.. / 0rB memory E.. / 0rC memory E.. wb / 0rA memory E..
        0rA memory E.. / 2rA memory SS. / 0rB memory E.. / 0rC memory E.. / 0rA memory SS.
        0wA memory M.. / 2rA remote OS. / 0rB memory E.. / 0rC memory E.. wb / 0rA memory SS.
        0wA memory M.. / 2wB memory .M. / 0rB remote SO. / 2rA remote OS. / 4wA remote ..M / 4wB remote ..M
    """,
    "back": """
        0wA memory M..... / 1rA sibling M..... / 0rB memory E..... / 0rA l2 M..... / 1wA own M..... / 0wA sibling M.....
        0wA memory M..... / 0rB memory E..... / 1rA l2 M..... / 1wA own M..... / 0wA sibling M.....
        0rA memory E..... / 0rB memory E..... / 0wA l2 M.....
        0wA memory M..... / 2rA near OS.... / 2wA near upgrade .M....
        0wA memory M..... / 2rA near OS.... / 0wA near upgrade M.....
        0wA memory M..... / 2wA near .M.... / 4rA remote .OS... / 0wA near max 230 M.....
        0rA memory E..... / 2rA near SS.... / 0rB memory E..... / 0rA l2 SS....
        0rA memory E..... / 2wA near .M....
        0rA memory E..... / 4rA memory S.S... / 2wA near max 230 .M....
        0rA memory E..... / 4rA memory S.S... / 2rA near SSS... / 2wA upgrade .M....
        0wA memory M..... / 2rA near OS.... / 4rA remote OSS... / 2wA upgrade .M....
        0wA memory M..... / 4rA remote O.S... / 2rA near OSS... / 4wA upgrade ..M...
        0wA memory M..... / 4rA remote O.S... / 2wA near max 230 .M....
        0rA memory E..... / 0rB memory E..... / 0rC memory E..... / 0rA l3 E..... / 0rB l3 E.....
        0wA memory M..... / 0rB memory E..... / 0rC memory E..... / 1wA l3 M..... / 0rA sibling M.....
        0wA memory M..... / 0rB memory E..... / 0rC memory E..... / 2rA l3 .M....
        0wA memory M..... / 0rB memory E..... / 0rC memory E..... / 4rA remote ..S.O. / 2rA l3 .OS...
        0wA memory M..... / 0rB memory E..... / 0rC memory E..... / 4wA remote ..M...
        0wA memory M..... / 0rB memory E..... / 0rC memory E..... / 0rD memory E..... / 0rE memory E..... wb
        0rA memory E..... / 2rA near SS.... / 0rB memory E..... / 0rC memory E..... / 2wA near upgrade .M....
        0rA memory E..... / 2rA near SS.... / 0rB memory E..... / 0rC memory E..... / 1rA l3 SS....
        0wA memory M..... / 2rA near OS.... / 0rB memory E..... / 0rC memory E..... / 2rB near SS.... / 2rC near SS.... / 1rA l3 O
        0rA memory E..... / 0rB memory E..... / 0rC memory E..... / 0rD memory E..... / 0rE memory E..... / 0rA memory E.....
    """,
}  # fmt: skip


class Unexpected(Exception):
    """An access found, or left, something else."""


class Sequence:
    """A bus, and one access after the other, far apart in time."""

    def __init__(self, kind: str) -> None:
        self.bus = Bus(machine(kind), 6 if kind == "through" else 8, 1 << 13)
        self.record = array_at(address_of(self.bus.record), 1, BUS)[0]
        self.now = 0

    def access(self, core: int, write: bool, line: int) -> tuple[str, int, int]:
        """Make one; returns what it found, its cycles, and how many lines were written back."""
        self.now += 10_000
        before, written = self.bus.record[0]["transactions"].copy(), int(self.bus.record[0]["write_backs"])
        if write:
            access.store(self.record, core, self.now, self.now, line << 6, 8, WRITTEN, -1, self.now, self.now)
            buffer = self.bus.arrays["buffers"][core]
            cycles = int(self.bus.arrays["stores"][core * 256 + buffer["head"] % 256]["owned_at"]) - self.now
            store_buffer.drain_due(self.record, self.now + 5000)
        else:
            cycles = int(access.load(self.record, core, self.now, self.now, line << 6, 8))
        self.bus.check()
        changed = np.flatnonzero(self.bus.record[0]["transactions"] - before)
        if len(changed) > 1 or (changed.size and self.bus.record[0]["transactions"][changed[0]] != before[changed[0]] + 1):
            raise Unexpected(f"one access was counted as {changed}")
        found = self.name(int(changed[0])) if changed.size else "l1"
        return found, cycles, int(self.bus.record[0]["write_backs"]) - written

    def name(self, source: int) -> str:
        """A source as the sequences call it."""
        near = len(self.bus.description.near)
        for base, close, far in ((Source.UPGRADE, "near upgrade", "upgrade"), (Source.MODULE, "near", "remote")):
            if source >= base:
                return far if source - base == near else close
        return Source(source).name.lower()

    def states(self, line: int) -> str:
        """By holder."""
        holders = int(self.bus.record[0]["holders"])
        return "".join(Line(state).name for state in self.bus.arrays["line.state"][line * holders :][:holders]).replace("I", ".")


def sequences() -> list[tuple[str, str]]:
    """Kind of machine and text of each."""
    return [(kind, line.strip()) for kind, text in SEQUENCES.items() for line in text.strip().splitlines()]


def run(kind: str, text: str) -> None:
    """Make the accesses of a sequence; the first that goes otherwise is an `Unexpected`."""
    sequence = Sequence(kind)
    for step in text.split(" / "):
        words = step.split()
        written_back = words[-1] == "wb"
        states = words[-2 if written_back else -1]
        core, write, line = int(step[0]), step[1] == "w", LINES.index(step[2])
        found, _, least = " ".join(words[1 : -2 if written_back else -1]).partition(" max ")
        expected = found, max((WRITE if write else READ)[found], int(least or 0)), int(written_back), states
        got = (*sequence.access(core, write, line), sequence.states(line))
        if got[:3] != expected[:3] or got[3].ljust(6, ".") != states.ljust(6, "."):
            raise Unexpected(f"{kind}: {text}: {step}: {got}")


def noticed(rows_now: list[Row], candidates: list[tuple[str, str]]) -> bool:
    """Whether any sequence goes otherwise with these rows, or they are refused."""
    try:
        following, action = moesi.tables(rows_now)
    except AssertionError:
        return True
    before = moesi.NEXT.copy(), moesi.ACTION.copy()
    moesi.NEXT[:], moesi.ACTION[:] = following, action
    try:
        for kind, text in candidates:
            run(kind, text)
    except (Unexpected, InternalError, IndexError, KeyError):
        return True
    finally:
        moesi.NEXT[:], moesi.ACTION[:] = before
    return False


def consulted() -> dict[tuple[int, int], list[tuple[str, str]]]:
    """The sequences that ask for each row."""
    asked: dict[tuple[int, int], list[tuple[str, str]]] = {}
    functions = rows.action_of, rows.next_state
    where: tuple[str, str] = ("", "")

    def recording(function):
        def lookup(bus, state, event):
            if where not in asked.setdefault((int(state), int(event)), []):
                asked[int(state), int(event)].append(where)
            return function(bus, state, event)

        return lookup

    from emu.memory import cache as caches

    for module in (coherence, caches):
        module.action_of, module.next_state = map(recording, functions)
    for where in sequences():
        run(*where)
    for module in (coherence, caches):
        module.action_of, module.next_state = functions
    return asked


def changes(row: Row) -> Iterator[Row]:
    """The row with each other next state, and with each other action."""
    yield from (row._replace(next=state) for state in Line if state != row.next)
    yield from (row._replace(action=action) for action in Action if action != row.action)


def main() -> None:
    """Print what no sequence notices: rows nobody asks for, changes and removals of rows."""
    asked = consulted()
    unnoticed = []
    for place, row in enumerate(PROTOCOL):
        candidates = asked.get((row.state, row.event), [])
        others = [*PROTOCOL[:place], *PROTOCOL[place + 1 :]]
        for changed in ([], *([each] for each in changes(row))):
            if not noticed([*others, *changed], candidates):
                unnoticed.append(f"{row} -> {changed}")
    pairs = {(row.state, row.event) for row in PROTOCOL}
    strange = [f"{Line(state).name}, {Event(event).name}" for state, event in asked if (state, event) not in pairs]
    print(json.dumps({"rows": len(PROTOCOL), "asked": len(asked), "strange": strange, "unnoticed": unnoticed}))


if __name__ == "__main__":
    main()
