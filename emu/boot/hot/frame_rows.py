"""Where a function's caller is found, by looking at its code: what has been pushed, and whether RBP points into the stack.

That is what an unwinder needs to know of code that says nothing of it. It is no analysis: code is read from top to bottom, and
behind a RET or JMP that follows the taking down of a frame the frame is thought to be there again.
"""

import numpy as np

from emu.boot.hot.length import LONGEST, decode
from emu.boot.hot.records import I64, U8
from emu.native import alone, array_at, njit

RSP, RBP = 7, 6  # numbers of registers in DWARF
ROWS_MAX = 1 << 12
ROW = np.dtype(
    [
        ("at", I64),  # offset in the function, from which on it holds
        ("base", I64),  # RSP or RBP,
        ("distance", I64),  # from there to the caller's frame
        ("saved", I64),  # RBP is kept so far below the caller's frame; 0: it has not been touched
    ]
)
OTHER, PUSH, POP, PUSH_RBP, POP_RBP, TAKE_FRAME, LEAVE, LOWER, RAISE, JUMP = range(10)


@njit
def kind_at(code, at):  # type: ignore[no-untyped-def]
    """What an instruction does to the stack."""
    first, second, third = code[at], code[at + 1], code[at + 2]
    if first == 0x55:
        return PUSH_RBP
    if first == 0x5D:
        return POP_RBP
    if first & 0xF8 == 0x50 or first == 0x6A or first == 0x68 or first == 0x9C or (first == 0x41 and second & 0xF8 == 0x50):
        return PUSH
    if first & 0xF8 == 0x58 or first == 0x9D or (first == 0x41 and second & 0xF8 == 0x58):
        return POP
    if first == 0xC9:
        return LEAVE
    if first == 0xC3 or first == 0xC2 or first == 0xE9 or first == 0xEB or (first == 0xFF and (second >> 3) & 7 == 4):
        return JUMP
    if first == 0x48 and second == 0x89 and third == 0xE5:
        return TAKE_FRAME
    if first == 0x48 and (second == 0x83 or second == 0x81):
        return LOWER if third == 0xEC else RAISE if third == 0xC4 else OTHER
    return OTHER


@njit
def amount(code, at):  # type: ignore[no-untyped-def]
    """The number that is added to RSP, or taken from it."""
    if code[at + 1] == 0x83:
        return I64(code[at + 3])
    return I64(code[at + 3]) | I64(code[at + 4]) << 8 | I64(code[at + 5]) << 16


@alone
def rows_of(code_at: int, size: int, rows_at: int) -> int:
    """Rows for a function of `size` bytes, with some more behind them, at a host address; how many."""
    code = array_at(code_at, size + LONGEST, U8)
    rows = array_at(rows_at, ROWS_MAX, ROW)
    at, count = I64(0), I64(0)
    depth, saved, framed = I64(8), I64(0), False
    body_depth, body_saved, body_framed = depth, saved, framed
    down = False  # the frame is being taken down
    while at < size and count < ROWS_MAX:
        kind = kind_at(code, at)
        takes_down = kind in (LEAVE, POP_RBP) or (not framed and kind in (POP, RAISE))
        if takes_down and not down:
            body_depth, body_saved, body_framed = depth, saved, framed
        down = (down or takes_down) and kind not in (PUSH, PUSH_RBP, LOWER)
        before_depth, before_saved, before_framed = depth, saved, framed
        if kind == PUSH_RBP and not framed:
            depth += 8
            saved = depth if saved == 0 else saved
        elif kind == PUSH and not framed:
            depth += 8
        elif kind == LOWER and not framed:
            depth += amount(code, at)
        elif kind == TAKE_FRAME and saved != 0:
            framed = True
        elif kind == LEAVE or (kind == POP_RBP and framed):
            depth, saved, framed = max(saved - 8, I64(8)), I64(0), False
        elif kind == POP_RBP:
            depth, saved = max(depth - 8, I64(8)), I64(0)
        elif kind == POP and not framed:
            depth = max(depth - 8, I64(8))
        elif kind == RAISE and not framed:
            depth = max(depth - amount(code, at), I64(8))
        elif kind == JUMP and down:
            depth, saved, framed, down = body_depth, body_saved, body_framed, False
        length, _ = decode(code, at, 64)
        at += length
        if depth != before_depth or saved != before_saved or framed != before_framed:
            row = rows[count]
            row.at = at
            row.base = RBP if framed else RSP
            row.distance = saved if framed else depth
            row.saved = saved
            count += 1
    return count  # type: ignore[return-value]
