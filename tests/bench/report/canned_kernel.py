"""A region of a kernel in full detail, made by hand: four cores, a lock that all fight for, some that nobody does."""

from dataclasses import replace

from emu.boot.full.measured import LockFigures, Measured, OwnerFigures, SiteFigures, TaskFigures
from emu.elf.symbols import from_names
from emu.subjects.kernel.places import Places

TEXT, DATA, HEAP = 0xFFFFFFFF81000000, 0xFFFFFFFF81800000, 0xFFFF888004200000
SYMBOLS = {
    "do_msgsnd": TEXT, "do_msgrcv": TEXT + 0x1000, "futex_wake": TEXT + 0x2000, "try_to_wake_up": TEXT + 0x3000,
    "__wake_up_common_lock": TEXT + 0x4000, "prepare_to_wait_event": TEXT + 0x4800, "finish_wait": TEXT + 0x5000,
    "tasklist_lock": DATA, "jiffies": DATA + 0x40, "_end": DATA + 0x100000,
}  # fmt: skip
CYCLES = 1_234_567


def _site(
    address: int, acquisitions: int, contended: int, wait: tuple[int, int], hold: tuple[int, int], woken: int = 0
) -> SiteFigures:
    (waits, wait_max), (holds, hold_max) = wait, hold
    shortest = (waits // max(contended, 1) // 2, holds // max(acquisitions, 1) // 2)
    return SiteFigures(
        address, acquisitions, contended, waits, shortest[0], wait_max, holds, shortest[1], hold_max, 17 * contended, woken
    )


TASKLIST = replace(_site(TEXT + 0x3010, 3, 1, (40, 40), (90, 45)), bounces=2, contended_bounces=1)
LOCKS = (
    LockFigures(
        0x4200040, HEAP + 0x40, "spinlock",
        (
            _site(TEXT + 0x9C, 1600, 700, (2_100_000, 9_000), (1_000_000, 4_000), 1590),
            _site(TEXT + 0x1130, 1600, 500, (900_000, 12_345), (400_000, 3_000)),
            _site(TEXT + 0x1244, 8, 0, (0, 0), (900, 200)),
            _site(TEXT + 0x13, 2, 0, (0, 0), (100, 60)),
        ),
        (0,) * 8 + (400, 800), (0,) * 8 + (3000, 210),
        (OwnerFigures(HEAP + 0x5000, TEXT + 0x1130, 640), OwnerFigures(HEAP + 0x6000, TEXT + 0x9C, 500)),
    ),
    *(
        LockFigures(
            0x4300000 + 64 * place, HEAP + 0x100000 + 64 * place, "spinlock",
            (
                _site(TEXT + 0x4050, 30, 0, (0, 0), (3_000, 300), 4), _site(TEXT + 0x4860, 20, 0, (0, 0), (2_000, 250)),
                _site(TEXT + 0x5050, 10, 0, (0, 0), (500, 70)),
            ),
            (), (0,) * 6 + (60,), (),
        )
        for place in range(5)
    ),
    LockFigures(
        0x1800000, DATA, "rwlock:R",
        (TASKLIST,), (0,) * 6 + (1,), (0,) * 5 + (3,), ()
    ),
)  # fmt: skip
CORES = (
    {"user": 200_000, "kernel": 500_000, "scheduler": 200_000, "interrupt": 34_567, "lock_wait": 300_000},
    {"user": 100_000, "kernel": 600_000, "scheduler": 234_567, "interrupt": 0, "lock_wait": 300_000},
    {"user": 1, "kernel": 0, "scheduler": 0, "interrupt": 0, "lock_wait": 0},
    {"user": 150_000, "kernel": 550_000, "scheduler": 300_000, "interrupt": 20_000, "lock_wait": 200_000},
)


def _states(core: dict[str, int]) -> dict[str, int]:
    whole = {**core, "spin": 0, "stall": 0}
    return {**whole, "idle": CYCLES - sum(whole.values())}


BY_CORE = tuple(_states(core) for core in CORES)
MEASURED = Measured(
    cores=4,
    cycles=CYCLES,
    hertz=3_500_000_000,
    instructions=2_000_000,
    instructions_by_core=(600_000, 700_000, 100_000, 600_000),
    host_seconds=0.5,
    digest="0123456789abcdef0123456789abcdef",
    cycles_by_state={state: sum(core[state] for core in BY_CORE) for state in BY_CORE[0]},
    cycles_by_cause={"none": 2_000_000, "remote_line": 500_000, "mispredict": 100_000},
    cycles_by_core=BY_CORE,
    estimated={"fxsave64": 900, "rdpmc": 100, **{f"v{number:02}": number for number in range(12)}},
    locks=LOCKS,
    events={"wakeups": 1650, "context_switches": 3210},
    interrupts={0xEC: 4, 0xFD: 1500, 14: 33},
    interprocessor_interrupts={0xFD: 1500, 0xFB: 12, 0xFC: 0},
    coherence={"transfers_within_module": 4_000, "transfers_across_modules": 9_000, "upgrades": 800, "memory_reads": 123},
    lines=((0x4200040, 8_000), (0x4300000, 300), (0x4300040, 200), (0x1800040, 90), (0x1800000, 70), (0x4234000, 12)),
    tasks=(
        TaskFigures(HEAP + 0x5000, "pmsg", 41, 900_000, 800, 3, 805, 20_000, 400),
        TaskFigures(HEAP + 0x6000, "pmsg", 42, 950_000, 810, 0, 811, 10_000, 300),
        TaskFigures(DATA + 0x9000, "swapper/0", 0, 100, 4, 0, 0, 0, 0),
    ),
    counts={"fills": 12, "accesses_without_ordered": 0},
)


def places() -> Places:
    """The symbols above, of a kernel whose image lies at 16 MiB."""
    symbols = from_names(list(SYMBOLS.values()), [name.encode() for name in SYMBOLS])
    return Places(symbols, None, lambda address, size: None, 4)
