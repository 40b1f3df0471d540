"""An exploration that came to a find, and one that came to none, made by hand."""

from emu.run.explore_run import Explored, Replayed
from emu.run.hunt import Finding, Hunted
from emu.run.interleaving import Act, Interleaving
from emu.schedules.walker import Shared

ACTS = (
    Act(0, 0, "do_msgrcv+0x189", "reads script/0 stack+0x3e90 = ..ffffffd5", source="do_msgrcv.S:120"),
    Act(1, 1, "", "shows rq/0.curr = ..00638090", times=12),
    Act(1, 1, "expunge_all+0x30", "reads script/0 stack+0x3e70 = 0x0", source="expunge_all.S:34"),
    Act(2, -1, "default_idle+0x2", "takes an interrupt"),
)
FINDING = Finding(
    checker="stack-frame",
    summary="core 1 at expunge_all+0x30 reaches into the stack of t1, in a frame that its task has left",
    where="core 1 at expunge_all+0x30",
    tokens=((0, 3), (4, 1)),
    beyond=Shared((12_345,), (678,)),
    picture=Interleaving(ACTS, 98),
    strategy="pct:3",
    schedules=12_345_678,
)
COUNTS = {
    "schedules": 12_345_678,
    "states": 23_456_789,
    "transitions": 34_567_890,
    "pairs": 4_567,
    "shared_words": 567,
    "events": 678,
}
EXPLORED = [
    Explored("hand-off", "t2: send type=1 size=8 fill=3", Hunted(**COUNTS, exhausted=True, strategies=["random", "exhaustive"])),
    Explored("two-queues", "t1: send & t2: send", Hunted(**COUNTS, missed=0.0123, strategies=["pct:3"])),
    Explored(
        "removed-with-sleepers",
        "t2: rmid & t3: signal t1",
        Hunted(**COUNTS, finding=FINDING, strategies=["random"]),
        "emu1:ipc-msg:Tq8M_",
    ),
]
REPLAYED = Replayed("wakeq-release", "removed-with-sleepers", "t2: rmid & t3: signal t1", FINDING)
