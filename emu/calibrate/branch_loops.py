"""What a branch costs that went another way than predicted, or that was not expected to be one."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from emu.calibrate.benchmark import Loop
from emu.calibrate.routine import Routine, timed

GROUP = "mispredicted branches"
BITS = 64  # conditional branches in one iteration
RETURNS = 16
WORDS = 1024  # of bits: each run has its own, or a predictor learns them
L2_BTB, NO_BTB = "jump that the L2 BTB knows", "jump that no BTB knows"  # 1024 and 16384 of them in turn
JUMP_OVER_NOP = ".byte 0xeb, 0x01, 0x90"  # jmp, nop: three bytes, so that all sets of a BTB see some
CONDITIONAL, RETURN = "conditional branch mispredicted", "return mispredicted"


def loops() -> Iterator[Loop]:
    """Branches by chance and branches always alike; more jumps than a BTB holds; returns to another place and to their own."""
    alike = "64 branches, always the same way"
    # Of branches by chance half are mispredicted, by any predictor.
    for name, label, mispredicted, layout, add in (
        (alike, "c_alike", BITS, _same, ()),
        (CONDITIONAL, "c_chance", BITS // 2, _chance, ((alike, -2.0),)),
    ):
        yield Loop(
            name=name,
            group=GROUP,
            routine=_conditional(label),
            operations=mispredicted,
            lengths=(64, 320),
            warm=64,
            data_bytes=WORDS * 8,
            layout=layout,
            add=add,
            place=lambda done: 8 * done,
            renew=True,
        )
    for name, label, jumps in ((L2_BTB, "j_second", 0x400), (NO_BTB, "j_none", 0x4000)):
        yield Loop(
            name=name,
            group=GROUP,
            routine=timed(label, (), (f".rept {jumps:#x}", JUMP_OVER_NOP, ".endr")),
            operations=jumps,
            lengths=(2, 4),
            warm=2,
            native_factor=4,
        )
    own = "call and return"
    for name, target, add in ((own, ".Lown", ()), (RETURN, ".Lother", ((own, -1.0),))):
        yield Loop(
            name=name,
            group=GROUP,
            routine=_returns("r_own" if target == ".Lown" else "r_other", target),
            operations=RETURNS,
            lengths=(32, 96),
            warm=32,
            add=add,
            native_factor=50,
        )


def _same(words: NDArray[np.uint64], address: int, chance: np.random.Generator) -> None:
    words[:] = 0


def _chance(words: NDArray[np.uint64], address: int, chance: np.random.Generator) -> None:
    words[:] = chance.integers(0, 2**64, len(words), np.uint64)


def _conditional(label: str) -> Routine:
    """One word an iteration, a branch on each of its bits: over one instruction, or not."""
    body = ["mov rax, qword ptr [rdi]", "add rdi, 0x8"]
    for bit in range(BITS):
        body += ["shr rax, 0x1", f"jae .L{bit}", "nop", f".L{bit}:"]
    return timed(label, (), body)


def _returns(label: str, target: str) -> Routine:
    """The function called writes where it returns to, behind the call or one instruction further."""
    body = []
    for place in range(RETURNS):
        body += [f"lea rax, [rip + {target}{place}]", "call .Lcallee", f".Lown{place}:", "nop", f".Lother{place}:"]
    return timed(label, (), body, beside=(".Lcallee:", "mov qword ptr [rsp], rax", "ret"))
