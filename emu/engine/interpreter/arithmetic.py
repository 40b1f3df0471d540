"""Integer arithmetic and the flags that it leaves: AMD64 APM volume 3, "General-Purpose Instruction Reference".

Values are as wide as their operand says and unsigned, but for those of 8 bytes, which are signed: so a compiled integer holds each.
Flags are those of RFLAGS. What the manual leaves undefined is zero, or as it was.
"""

from emu.isa import operation as op
from emu.native import inlined, njit, signed

CF, PF, AF, ZF, SF, OF = 0x1, 0x4, 0x10, 0x40, 0x80, 0x800
EVEN = 0x9669  # bit n: n has an even number of ones


@inlined
def clip(value, size):  # type: ignore[no-untyped-def]
    """The low `size` bytes of a value."""
    return signed(value) if size == 8 else value & ((1 << (8 * size)) - 1)


@inlined
def widened(value, size):  # type: ignore[no-untyped-def]
    """A value of `size` bytes with its sign."""
    return value if size == 8 else (value ^ (1 << (8 * size - 1))) - (1 << (8 * size - 1))


@inlined
def of_result(result, size):  # type: ignore[no-untyped-def]
    """PF, ZF and SF."""
    low = (result ^ (result >> 4)) & 0xF
    return ((EVEN >> low) & 1) << 2 | (ZF if result == 0 else 0) | ((result >> (8 * size - 1)) & 1) << 7


@inlined
def added(a, b, carry, size):  # type: ignore[no-untyped-def]
    """Sum and flags."""
    result = clip(a + b + carry, size)
    carries = (a & b) | ((a | b) & ~result)
    top = 8 * size - 1
    overflow = ((a ^ result) & (b ^ result)) >> top & 1
    return result, (carries >> top & 1) | (carries >> 3 & 1) << 4 | of_result(result, size) | overflow << 11


@inlined
def subtracted(a, b, borrow, size):  # type: ignore[no-untyped-def]
    """Difference and flags."""
    result = clip(a - b - borrow, size)
    borrows = (~a & b) | (~(a ^ b) & result)
    top = 8 * size - 1
    overflow = ((a ^ b) & (a ^ result)) >> top & 1
    return result, (borrows >> top & 1) | (borrows >> 3 & 1) << 4 | of_result(result, size) | overflow << 11


@njit
def shifted(kind, a, count, flags, size):  # type: ignore[no-untyped-def]
    """A shift by `count`, of which 5 bits matter, 6 where the operand has 8 bytes."""
    count &= 63 if size == 8 else 31
    if count == 0:
        return a, flags
    top = 8 * size - 1
    if kind == op.SHIFT_LEFT:
        last = clip(a << (count - 1), size)
        result = clip(last << 1, size)
        carry = last >> top & 1
    elif kind == op.SHIFT_RIGHT:
        last = shifted_down(a, count - 1, size)
        result = shifted_down(last, 1, size)
        carry = last & 1
    else:
        last = widened(a, size) >> (count - 1)
        result = last >> 1
        carry = last & 1
    overflow = 0 if kind == op.SHIFT_SIGNED else (last ^ result) >> top & 1
    result = clip(result, size)
    return result, carry | of_result(result, size) | overflow << 11


@inlined
def shifted_down(a, count, size):  # type: ignore[no-untyped-def]
    """An unsigned value shifted right."""
    if count == 0 or size < 8:
        return a >> count
    return a >> count & ((1 << (64 - count)) - 1)


@njit
def multiplied(a, b, size):  # type: ignore[no-untyped-def]
    """The low half of a signed product; CF and OF say whether it is all of it."""
    one, other = widened(a, size), widened(b, size)
    result = clip(one * other, size)
    lost = high_half(one, other) != result >> 63 if size == 8 else one * other != widened(result, size)
    return result, of_result(result, size) | ((CF | OF) if lost else 0)


@njit
def high_half(a, b):  # type: ignore[no-untyped-def]
    """The high 64 bits of a signed product of 128."""
    low_a, low_b, high_a, high_b = a & 0xFFFFFFFF, b & 0xFFFFFFFF, a >> 32, b >> 32
    middle = signed(high_a * low_b + ((low_a * low_b >> 32) & 0xFFFFFFFF))
    other = signed(low_a * high_b + (middle & 0xFFFFFFFF))
    return signed(high_a * high_b + (middle >> 32) + (other >> 32))


@njit
def high_half_unsigned(a, b):  # type: ignore[no-untyped-def]
    """The high 64 bits of an unsigned product of 128."""
    return signed(high_half(a, b) + (b if a < 0 else 0) + (a if b < 0 else 0))


@njit
def multiplied_wide(kind, a, b, size):  # type: ignore[no-untyped-def]
    """Low and high half of a product, and flags: CF and OF say whether the high half matters."""
    if size == 8:
        low = signed(a * b)
        high = high_half(a, b) if kind == op.WIDE_MULTIPLY_SIGNED else high_half_unsigned(a, b)
    else:
        product = widened(a, size) * widened(b, size) if kind == op.WIDE_MULTIPLY_SIGNED else a * b
        low, high = clip(product, size), clip(product >> (8 * size), size)
    rest = clip(widened(low, size) >> 63, size) if kind == op.WIDE_MULTIPLY_SIGNED else 0
    return low, high, of_result(low, size) | ((CF | OF) if high != rest else 0)


@njit
def dividend(kind, low, high, size):  # type: ignore[no-untyped-def]
    """What is divided, if it is that of a signed or unsigned number of 63 bits; -1 of an unsigned division otherwise."""
    if size < 8:
        return high << 32 | low if kind == op.DIVIDE_SIGNED or high >> 31 == 0 else -1
    return low if high == (low >> 63 if kind == op.DIVIDE_SIGNED else 0) else -1


@njit
def divided(kind, whole, divisor, size):  # type: ignore[no-untyped-def]
    """Quotient and remainder, the quotient towards zero."""
    if kind == op.DIVIDE_SIGNED:
        divisor = widened(divisor, size)
    quotient = abs(whole) // abs(divisor)
    if (whole < 0) != (divisor < 0):
        quotient = -quotient
    return quotient, whole - quotient * divisor


@njit
def divides(kind, low, high, divisor, size):  # type: ignore[no-untyped-def]
    """Whether a division is one that `divided` can do: no exception, and numbers of 63 bits."""
    whole = signed(dividend(kind, low, high, size))
    if kind == op.DIVIDE_SIGNED:
        if size == 8 and high != low >> 63:
            return False
        limit = 1 << 62 if size == 8 else (1 << (8 * size - 1)) - 1
        small = -(1 << 62) <= whole < 1 << 62
    else:
        limit = 1 << 62 if size == 8 else (1 << 8 * size) - 1
        small = 0 <= whole < 1 << 62 and divisor > 0
    return small and divisor != 0 and abs(divided(kind, whole, divisor, size)[0]) <= limit


@njit
def double_shifted(kind, a, b, count, flags, size):  # type: ignore[no-untyped-def]
    """A shift that takes bits in from `b`."""
    bits = 8 * size
    count &= bits - 1
    if count == 0:
        return a, flags
    if kind == op.DOUBLE_LEFT:
        last = clip(a << (count - 1) | shifted_down(b, bits - count + 1, size) if count > 1 else a, size)
        result = clip(a << count | shifted_down(b, bits - count, size), size)
        carry = last >> (bits - 1) & 1
    else:
        last = clip(shifted_down(a, count - 1, size) | b << (bits - count + 1) if count > 1 else a, size)
        result = clip(shifted_down(a, count, size) | b << (bits - count), size)
        carry = last & 1
    return result, carry | of_result(result, size) | ((last ^ result) >> (bits - 1) & 1) << 11


@njit
def first_bit(value):  # type: ignore[no-untyped-def]
    """Number of the lowest bit that is set."""
    number = 0
    for width in (32, 16, 8, 4, 2, 1):
        if value & ((1 << width) - 1) == 0:
            value >>= width
            number += width
    return number


@njit
def last_bit(value):  # type: ignore[no-untyped-def]
    """Number of the highest bit that is set."""
    if value < 0:
        return 63
    number = 0
    for width in (32, 16, 8, 4, 2, 1):
        if value >> width != 0:
            value >>= width
            number += width
    return number


@njit
def swapped(value, size):  # type: ignore[no-untyped-def]
    """The bytes in the other order."""
    result = 0
    for place in range(size):
        result = result << 8 | (value >> (8 * place)) & 0xFF
    return result


@njit
def with_bit(kind, a, number, flags, size):  # type: ignore[no-untyped-def]
    """A bit is tested: CF; and set, reset or complemented."""
    number &= 8 * size - 1
    bit = clip(1 << number, size)
    flags = (flags & ~CF) | (a >> number & 1)
    if kind == op.BIT_SET:
        a |= bit
    elif kind == op.BIT_RESET:
        a &= ~bit
    elif kind == op.BIT_COMPLEMENT:
        a ^= bit
    return a, flags


@inlined
def compute(kind, a, b, flags, size):  # type: ignore[no-untyped-def]
    """Result and flags of an operation of target `a` and source `b`; of a comparison, `a` as it is."""
    if kind == op.ADD:
        return added(a, b, 0, size)
    if kind == op.SUBTRACT:
        return subtracted(a, b, 0, size)
    if kind == op.COMPARE:
        return a, subtracted(a, b, 0, size)[1]
    if kind == op.TEST:
        return a, of_result(a & b, size)
    if kind == op.AND:
        return a & b, of_result(a & b, size)
    if kind == op.OR:
        return a | b, of_result(a | b, size)
    if kind == op.XOR:
        return a ^ b, of_result(a ^ b, size)
    if kind == op.INCREMENT:
        result, changed = added(a, 1, 0, size)
        return result, (changed & ~CF) | (flags & CF)
    if kind == op.DECREMENT:
        result, changed = subtracted(a, 1, 0, size)
        return result, (changed & ~CF) | (flags & CF)
    if op.SHIFT_LEFT <= kind <= op.SHIFT_SIGNED:
        return shifted(kind, a, b, flags, size)
    if op.BIT_TEST <= kind <= op.BIT_COMPLEMENT:
        return with_bit(kind, a, b, flags, size)
    if kind == op.NEGATE:
        return subtracted(0, a, 0, size)
    if kind == op.NOT:
        return clip(~a, size), flags
    if kind == op.ADD_CARRY:
        return added(a, b, flags & CF, size)
    if kind == op.SUBTRACT_BORROW:
        return subtracted(a, b, flags & CF, size)
    if kind == op.SWAP_BYTES:
        return swapped(a, size), flags
    return multiplied(a, b, size)  # MULTIPLY


@inlined
def holds(condition, flags):  # type: ignore[no-untyped-def]
    """Whether a condition, by its number in machine code, holds."""
    pair = condition >> 1
    if pair == 2:
        found = flags & ZF
    elif pair == 1:
        found = flags & CF
    elif pair == 3:
        found = flags & (CF | ZF)
    elif pair == 4:
        found = flags & SF
    elif pair == 0:
        found = flags & OF
    elif pair == 5:
        found = flags & PF
    else:
        found = (flags >> 7 ^ flags >> 11) & 1
        if pair == 7:
            found |= flags & ZF
    return (found != 0) != (condition & 1 != 0)
