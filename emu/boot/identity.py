"""What CPUID says: the machine file's part, less what the cores do not carry out, or a generic processor that boots faster.

Source: AMD CPUID Specification (25481) and Intel SDM volume 2, CPUID. A kernel picks its code by this: idle, copies, alternatives.
"""

import struct
from collections.abc import Mapping
from typing import Protocol

Answer = tuple[int, int, int, int]
HERTZ = 10**9  # of the time stamp counter: one instruction is one tick


def bits(*numbers: int) -> int:
    """A word with these bits."""
    return sum(1 << number for number in numbers)


# What the cores carry out, by leaf: Unicorn's processor less what would show the host (RDRAND) or is not there (AVX, XSAVE,
# PCID, x2APIC, TSC deadline, MONITOR), as masks of ECX and EDX of 1 and 0x80000001.
BASE_ECX = bits(0, 1, 9, 13, 19, 20, 22, 23, 25)  # SSE3 PCLMULQDQ SSSE3 CMPXCHG16B SSE4.1 SSE4.2 MOVBE POPCNT AES
BASE_EDX = bits(0, 2, 3, 4, 5, 6, 8, 9, 11, 12, 13, 15, 16, 17, 19, 23, 24, 25, 26, 28)  # FPU DE PSE TSC MSR PAE CX8 … SSE2 HTT
EXTENDED_ECX = bits(0, 1, 4, 5, 6, 7, 8, 22)  # LAHF CMP_LEGACY CR8 ABM SSE4A MISALIGNSSE PREFETCHW TOPOEXT
EXTENDED_EDX = BASE_EDX & 0x183F3FF & ~bits(28) | bits(11, 20, 25, 26, 27, 29)  # SYSCALL NX FFXSR 1-GiB pages RDTSCP LM
MTRR = bits(12)
INVARIANT_TSC = bits(8)


class Identity(Protocol):
    """CPUID of a core, by leaf and subleaf."""

    def answer(self, core: int, leaf: int, subleaf: int) -> Answer:
        """EAX, EBX, ECX, EDX."""


class Part:
    """The part that a machine file describes: its rows, masked; who asks, and how many cores there are, is put in."""

    def __init__(self, rows: Mapping[tuple[int, int], Answer], cores: int, cores_per_module: int) -> None:
        """Rows by leaf and subleaf; -1 is any subleaf."""
        self._rows, self._cores, self._per_module = rows, cores, cores_per_module

    def answer(self, core: int, leaf: int, subleaf: int) -> Answer:
        """EAX, EBX, ECX, EDX."""
        a, b, c, d = self._rows.get((leaf, subleaf), self._rows.get((leaf, -1), (0, 0, 0, 0)))
        match leaf:
            case 0:
                a = min(a, 7)  # the leaf above is of XSAVE
            case 1:
                b = core << 24 | self._cores << 16 | b & 0xFFFF
                c, d = c & BASE_ECX, d & BASE_EDX & ~MTRR & (~0 if self._cores > 1 else ~bits(28))
            case 5 | 6 | 7 | 0x8000000A | 0x8000001B | 0x8000001C:
                a = b = c = d = 0  # MONITOR, APERF and MPERF, newer instructions, SVM, IBS, LWP
            case 0x80000001:
                c, d = c & EXTENDED_ECX, d & EXTENDED_EDX
            case 0x80000007:
                b, d = 0, d & INVARIANT_TSC
            case 0x80000008:
                c = max(self._cores - 1, 0) | max((self._cores - 1).bit_length(), 0) << 12
            case 0x8000001E:
                a, b, c = core, (self._per_module - 1) << 8 | core // self._per_module, 0
        return a, b, c, d


class Generic:
    """A processor that tells its frequencies, so that no kernel measures them, and has none of the known faults."""

    def __init__(self, cores: int) -> None:
        """All cores in one package, with one last-level cache."""
        self._cores = cores
        self._brand = struct.unpack("<12I", b"emu generic processor".ljust(48, b"\0"))

    def answer(self, core: int, leaf: int, subleaf: int) -> Answer:
        """EAX, EBX, ECX, EDX."""
        package = 1 << max(self._cores - 1, 0).bit_length()
        if leaf == 1:
            several = bits(28) if self._cores > 1 else 0
            features = BASE_EDX & ~MTRR & ~bits(28) | several
            return SIGNATURE, core << 24 | package << 16 | CLFLUSH << 8, BASE_ECX & ~bits(1, 25), features
        if leaf == 4 and subleaf == 0:  # one unified cache of 8 MiB, shared by all
            return (self._cores - 1) << 26 | (package - 1) << 14 | 1 << 8 | 3 << 5 | 3, 15 << 22 | 63, 8191, 0
        if 0x80000002 <= leaf <= 0x80000004:
            at = 4 * (leaf - 0x80000002)
            a, b, c, d = self._brand[at : at + 4]
            return a, b, c, d
        return GENERIC.get((leaf, subleaf), GENERIC.get((leaf, -1), (0, 0, 0, 0)))


SIGNATURE, CLFLUSH = 0x000306C3, 8
ARCH_CAPABILITIES = bits(29)
GENERIC: dict[tuple[int, int], Answer] = {
    (0, -1): (0x16, 0x756E6547, 0x6C65746E, 0x49656E69),  # GenuineIntel
    (6, -1): (bits(2), 0, 0, 0),  # the APIC's timer always runs
    (7, 0): (0, 0, 0, ARCH_CAPABILITIES),
    (0x15, -1): (1, 10, HERTZ // 10, 0),
    (0x16, -1): (1000, 1000, 100, 0),
    (0x80000000, -1): (0x80000008, 0, 0, 0),
    (0x80000001, -1): (0, 0, bits(0), bits(11, 20, 26, 27, 29)),
    (0x80000007, -1): (0, 0, 0, INVARIANT_TSC),
    (0x80000008, -1): (48 << 8 | 40, 0, 0, 0),
}
