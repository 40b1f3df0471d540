"""How fast states are explored, against the same instructions stepped one by one from Python, measured in this process.

Six cores that store and load in a ring, explored in full: every interleaving and drain order of 12 instructions.
"""

import time

from engine_speed import stepped_mips

from emu.description import load_machine
from emu.explore.explorer import Bounds
from emu.litmus.batch import Batch
from emu.litmus.parse import parse
from emu.litmus.program import assemble

CORES = 6
RING = "\n".join(
    [
        "X86 ring",
        "{ }",
        " | ".join(f"P{core}" for core in range(CORES)) + " ;",
        " | ".join(f"MOV [x{core}],$1" for core in range(CORES)) + " ;",
        " | ".join(f"MOV EAX,[x{(core + 1) % CORES}]" for core in range(CORES)) + " ;",
        "exists (" + " /\\ ".join(f"{core}:EAX=0" for core in range(CORES)) + ")",
    ]
)


def main() -> None:
    test = parse("ring", RING)
    batch = Batch(assemble([test]), [test], load_machine("a10-7800"), "tso", Bounds())
    batch.run(0)  # compile, or load what is compiled
    begin = time.perf_counter()
    found = batch.run(0)
    seconds = time.perf_counter() - begin
    rate, stepped = found.transitions / seconds / 1e6, stepped_mips()
    print(f"{found.states_explored} states, {found.transitions} transitions, {len(found.states)} final states")
    print(f"explored: {rate:.2f} million transitions/s, each with its way back and its hash")
    print(f"stepped from Python without either: {stepped:.2f} million/s; exploring is {rate / stepped:.1f} times as fast")


if __name__ == "__main__":
    main()
