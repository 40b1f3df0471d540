"""Two cores: lines that move between them in every state, for every kind of access, and the ping-pong of a compare-and-swap."""

from collections.abc import Iterator

from emu.calibrate.benchmark import Exchange, PingPong
from emu.calibrate.guest_program import CORES_MAX
from emu.calibrate.instruction_loops import THROUGHPUT, name_of
from emu.calibrate.memory_loops import L1_CHASE
from emu.calibrate.routine import CLOCK, Routine, function
from emu.description.machine_file import MachineFile, Near

TRANSFERS, PING_PONG = "line transfers", "compare-and-swap ping-pong"
SAME_CORE, SIBLING, ACROSS = "same core", "same module", "other module"
LINES = 48  # of one page of 64; the last one is for the translation
STATES = ("dirty", "clean", "shared")
READY = 1
LOCKED_ADD = name_of("LOCK ADD|SUB|AND|OR|XOR|INC|DEC|NEG m,r|m,imm|m", THROUGHPUT)
# One access of each kind: the address is in rcx; none begins before the one before it has ended.
NEXT = ("mov rcx, qword ptr [r9]", "add r9, 0x8")
ACCESS = {
    "load": ("mov rcx, qword ptr [rcx]",),
    "store": (*NEXT, "mov qword ptr [rcx + 0x8], r15", "mfence"),
    "RMW": (*NEXT, "lock add qword ptr [rcx + 0x8], r15", "lfence"),
}


def near_name(near: Near) -> str:
    """What two cores are to each other whose modules are near, and no nearer."""
    return f"same {near.name}"


def pairs_of(machine: MachineFile) -> dict[str, tuple[int, int]]:
    """Two cores for each way in which those of a machine lie to each other: the first one, and the first that lies so to it."""
    topology = machine.topology
    first = {SAME_CORE: 1, SIBLING: topology.threads_per_core}
    if topology.threads_per_core == 1:
        del first[SAME_CORE]
    if topology.cores_per_module == 1:
        del first[SIBLING]
    modules = (1, *(near.modules for near in machine.near))
    names = (*(near_name(near) for near in machine.near), ACROSS)
    first |= {name: topology.processors_per_module * size for name, size in zip(names, modules, strict=True)}
    return {name: (0, core) for name, core in first.items() if core < min(topology.processors, CORES_MAX)}


def routines() -> Iterator[Routine]:
    """Everything that exchanges run."""
    yield from (_holder(dirty) for dirty in (False, True))
    yield from (_asker(access, shared) for access in ACCESS for shared in (False, True))
    yield from (_ping_pong(*each) for each in (("ping", 0, 1), ("pong", 1, 0)))


def exchanges(pair: str) -> Iterator[Exchange]:
    """Each kind of access to a line in each state, for cores that are `pair` to each other.

    A load's figure is all of it, a locked instruction's too; a store's is until it is visible, with a line of its own as an L1 hit.
    """
    by_name = {each.name: each for each in routines()}
    for access in ACCESS:
        for state in STATES:
            yield Exchange(
                name=transfer_name(access, state, pair),
                group=TRANSFERS,
                holder=by_name[_holder_name(state == "dirty")],
                asker=by_name[_asker_name(access, state == "shared")],
                lines=LINES,
                add={"load": ((L1_CHASE, 1.0),), "store": ((L1_CHASE, 1.0),), "RMW": ((LOCKED_ADD, 1.0),)}[access],
            )


def ping_pong(pair: str) -> PingPong:
    """Each core waits for the other's value by trying to swap its own in."""
    return PingPong(f"one way, {pair}", PING_PONG, _ping_pong("ping", 0, 1), _ping_pong("pong", 1, 0), (64, 192))


def transfer_name(access: str, state: str, pair: str) -> str:
    """The name of an exchange: what is done to a line that is in a state in the other core's caches."""
    return f"{access}, {state} in {pair}"


def _holder_name(dirty: bool) -> str:
    return "hold_dirty" if dirty else "hold_clean"


def _asker_name(access: str, shared: bool) -> str:
    return f"ask_{access.lower()}_{'shared' if shared else 'held'}"


def _holder(dirty: bool) -> Routine:
    """Of data, a table of lines: each is taken from memory, and written if it is to be dirty; then the flag is set."""
    touch = ("mov qword ptr [rcx + 0x8], rsi",) if dirty else ("mov rax, qword ptr [rcx]",)
    return function(
        _holder_name(dirty),
        (
            "mov r9, rdi", "mov r15, rsi",
            ".Lflush:", *NEXT, "clflush byte ptr [rcx]", "dec r15", "jne .Lflush", "mfence",
            "mov r9, rdi", "mov r15, rsi",
            ".Ltake:", *NEXT, *touch, "dec r15", "jne .Ltake", "mfence",
            f"mov dword ptr [rdx], {READY:#x}", "xor eax, eax",
        ),
    )  # fmt: skip


def _asker(access: str, shared: bool) -> Routine:
    """Ticks of a first round over the lines less those of a second, for which they are this core's own."""
    begin = ("mov r9, rdi", "mov r15, rsi", "mov rcx, qword ptr [rdi]")
    rounds: list[str] = []
    for result in ("r10", "r11"):  # without branches: one that is mispredicted hides in a miss and shows without
        rounds += [
            *CLOCK, "mov r14, rax", *begin, *ACCESS[access] * LINES, *CLOCK, "sub rax, r14", f"mov {result}, rax",
        ]  # fmt: skip
    share = (*begin, ".Lshare:", *NEXT, "mov rax, qword ptr [rcx]", "dec r15", "jne .Lshare") if shared else ()
    return function(
        _asker_name(access, shared),
        (
            "mov r12, rdx", *begin, ".Ltable:", "mov rcx, qword ptr [r9]", "add r9, 0x8", "dec r15", "jne .Ltable",
            "mov rax, qword ptr [r9]", "mov rax, qword ptr [rax]",  # behind the table: a line of the same page
            ".Lwait:", "pause", f"cmp dword ptr [r12], {READY:#x}", "jne .Lwait",
            *share, *rounds, "mov rax, r10", "sub rax, r11",
        ),
    )  # fmt: skip


def _ping_pong(name: str, old: int, new: int) -> Routine:
    return function(
        name,
        (
            "mov r15, rsi", f"mov ecx, {new:#x}", *CLOCK, "mov r14, rax",
            ".Ltry:", f"mov eax, {old:#x}", "lock cmpxchg dword ptr [rdi], ecx", "jne .Ltry", "dec r15", "jne .Ltry",
            *CLOCK, "sub rax, r14",
        ),
    )  # fmt: skip
