"""What the pipeline is told of an instruction: against the rows of the published tables."""

import keystone
import pytest

from emu.description import load_machine
from emu.isa import leaders
from emu.isa.decode import decode_bytes
from emu.timing.pipeline import ADDRESS, ALU, BRANCH, DIVIDER, MULTIPLIER, NO_UNIT, REGISTERS, STORE, TICKS
from emu.timing.schedule import Timing, fuses, timings

TEXT = 0x100000


def timing_of(text: str) -> list[Timing]:
    code, _ = keystone.Ks(keystone.KS_ARCH_X86, keystone.KS_MODE_64).asm(text, TEXT, True)
    found = decode_bytes(bytes(code), TEXT)
    return list(timings(found, leaders(found, [TEXT]), load_machine("a10-7800").costs).values())


def names(packed: int) -> set[str]:
    return {REGISTERS[number - 1] for number in packed.to_bytes(8, "little") if number}


@pytest.mark.parametrize(
    ("text", "macro_ops", "latency", "unit", "cycles"),
    [
        ("nop", 1, 1, NO_UNIT, 0),
        ("mov rax, rbx", 1, 1, NO_UNIT, 0),  # the address units can do it, too
        ("add rax, rbx", 1, 1, ALU, 0.5),
        ("adc rax, rbx", 1, 1, ALU, 1),
        ("lea rax, [rax + rax*4]", 1, 2, ALU, 0.5),
        ("mov rax, [rbx]", 1, 0, ADDRESS, 0.5),  # latencies of loads begin with the data
        ("add rax, [rbx]", 1, 1, ADDRESS, 0.5),
        ("movsx eax, byte ptr [rbx]", 1, 1, ADDRESS, 0.5),
        ("mov [rbx], rax", 1, 0, STORE, 1),
        ("add [rbx], rax", 1, 0, STORE, 1),  # 7 in all: the way through the store buffer
        ("adc [rbx], rax", 1, 2, STORE, 1),
        ("imul rax, rbx", 1, 6, MULTIPLIER, 4),
        ("imul eax, ebx", 1, 4, MULTIPLIER, 2),
        ("div rcx", 2, 44, DIVIDER, 44),
        ("jmp next; next: nop", 1, 2, BRANCH, 1),
        ("lock inc dword ptr [rbx]", 1, 41, NO_UNIT, 0),
        ("lock cmpxchg [rbx], rcx", 6, 40, NO_UNIT, 0),
        ("xchg [rbx], rax", 2, 40, NO_UNIT, 0),
        ("mfence", 7, 80, NO_UNIT, 0),
    ],
)
def test_rows(text: str, macro_ops: int, latency: int, unit: int, cycles: float) -> None:
    first = timing_of(text)[0]
    assert (first.macro_ops, first.latency, first.unit, first.ticks) == (macro_ops, latency, unit, cycles * TICKS)


@pytest.mark.parametrize(
    ("text", "cycles"), [("bsf rax, rbx", 3), ("pause", 4), ("rdtsc", 78), ("swapgs", 20), ("popfq", 27), ("add eax, ebx", 0)]
)
def test_microcode_keeps_the_decoder(text: str, cycles: int) -> None:
    assert timing_of(text)[0].blocks == cycles * TICKS


@pytest.mark.parametrize(
    "text", ["mfence", "cpuid", "syscall", "iretq", "wrmsr", "hlt", "mov cr3, rax", "lock inc dword ptr [rbx]"]
)
def test_serialising(text: str) -> None:
    assert timing_of(text)[0].serialising


@pytest.mark.parametrize("text", ["rdtsc", "swapgs", "cli", "sti", "popfq", "pause", "lfence", "cmpxchg [rbx], rcx"])
def test_not_serialising(text: str) -> None:
    assert not timing_of(text)[0].serialising


@pytest.mark.parametrize(
    ("text", "address", "reads", "writes"),
    [
        ("mov rax, [rbx + rcx*8]", {"rbx", "rcx"}, set(), {"rax"}),
        ("add [rbx], rax", {"rbx"}, {"rax"}, {"flags"}),
        ("xor eax, eax", set(), set(), {"rax", "flags"}),  # it breaks dependencies
        ("xor eax, ebx", set(), {"rax", "rbx"}, {"rax", "flags"}),
        ("push rax", {"rsp"}, {"rax"}, set()),  # a stack engine follows RSP
        ("cmovb rax, rcx", set(), {"rax", "rcx", "flags"}, {"rax"}),
        ("mov rax, gs:[rbx]", {"gs", "rbx"}, set(), {"rax"}),
        ("swapgs", set(), set(), {"gs"}),
        ("mov al, cl", set(), {"rax", "rcx"}, {"rax"}),  # the rest of the register stays
    ],
)
def test_registers(text: str, address: set[str], reads: set[str], writes: set[str]) -> None:
    first = timing_of(text)[0]
    assert (names(first.address_registers), names(first.reads), names(first.writes)) == (address, reads, writes)


@pytest.mark.parametrize(
    ("text", "fused"),
    [
        ("cmp eax, ebx; je next", True),
        ("cmp eax, 0x1; je next", True),
        ("cmp eax, [rbx + 0x8]; je next", True),
        ("cmp dword ptr [rbx], 0x1; je next", True),
        ("cmp dword ptr [rbx + 0x8], 0x1; je next", False),
        ("cmp eax, [rip + 0x8]; je next", False),
        ("sub eax, ebx; je next", False),
        ("cmp eax, ebx; jmp next", False),
    ],
)
def test_fusion(text: str, fused: bool) -> None:
    code, _ = keystone.Ks(keystone.KS_ARCH_X86, keystone.KS_MODE_64).asm(f"{text}; next: nop", TEXT, True)
    first, second, *_ = decode_bytes(bytes(code), TEXT).values()
    assert fuses(first, second) == fused


def test_nothing_fuses_across_a_block() -> None:
    assert timing_of("cmp eax, ebx; next: je next")[1].macro_ops == 1
    assert timing_of("cmp eax, ebx; je next; next: nop")[1].macro_ops == 0
