"""Times of small sequences, against what was measured on Steamroller (Agner Fog, InstLatx64) or follows from its widths."""

import keystone
import pytest

from emu.isa import leaders
from emu.isa.decode import decode_bytes
from emu.timing.blocks import block_costs, fuses

TEXT = 0x100000


def costs(text: str) -> list[int]:
    code, _ = keystone.Ks(keystone.KS_ARCH_X86, keystone.KS_MODE_64).asm(text, TEXT, True)
    found = decode_bytes(bytes(code), TEXT)
    return list(block_costs(found, leaders(found, [TEXT])).values())


@pytest.mark.parametrize(
    ("text", "cycles"),
    [
        ("nop;" * 16, 4),  # 4 a cycle
        ("mov rax, rbx;" * 16, 4),  # 0.25
        ("mov eax, 0x1;" * 8, 4),  # 2 ALUs
        ("add rax, 0x1; add rbx, 0x1;" * 8, 8),
        ("add rax, rbx;" * 8, 8),  # a chain: 1 each
        ("xor eax, eax; xor ebx, ebx;" * 4, 4),  # no chain, but ALUs
        ("lea rax, [rbx + 0x8]; lea rcx, [rbx + 0x10];" * 4, 4),
        ("lea rax, [rax + rax*4];" * 8, 15),  # 2 each; the last only starts
        ("mov rax, [rbx]; mov rcx, [rbx + 0x8];" * 8, 8),  # 2 loads a cycle
        ("mov [rbx], rax;" * 8, 8),  # 1 store a cycle
        ("mov rax, [rbx]; mov [rbx + 0x8], rcx;" * 8, 8),  # a load and a store
        ("mov rax, [rax];" * 8, 29),  # 4 each: InstLatx64 4.00
        ("movzx eax, byte ptr [rax];" * 4, 13),
        ("add rax, [rbx];" * 8, 4),  # loads early; the additions follow one another behind
        ("add [rbx], rax;" * 8, 8),
        ("push rax;" * 8, 8),
        ("push rax; pop rax;" * 8, 8),
        ("imul rax, rbx;" * 4, 19),  # 6 each
        ("imul rax, rbx, 0x8; imul rcx, rbx, 0x8; imul rdx, rbx, 0x8;", 9),  # 4 between two
        ("imul eax, ebx, 0x8; imul ecx, ebx, 0x8; imul edx, ebx, 0x8;", 5),  # 2 between two
        ("mov edx, 0x0; div rcx; mov rbx, 0x1", 13),  # the window hides 32 of 44
        ("mov edx, 0x0; div rcx; add rax, 0x1", 46),
        ("cmp rax, rbx; cmovb rax, rcx", 2),
        ("mov rax, [rbx]; test rax, rax", 5),
        ("bsf rax, rbx; add rax, 0x1", 4),  # microcode, latency 3
        ("bsf rax, rbx; nop", 4),  # it keeps the decoder for 3 cycles
        ("mov rax, [rbx]; cmpxchg16b [rbx]; nop", 52),
    ],
)
def test_time_of_a_block(text: str, cycles: int) -> None:
    assert sum(costs(text)) == cycles


@pytest.mark.parametrize(
    ("text", "cycles"),
    [
        ("lock inc dword ptr [rbx]", 41),
        ("lock cmpxchg [rbx], rcx", 40),
        ("xchg [rbx], rax", 40),
        ("lock xadd [rbx], rax", 39),
        ("lock cmpxchg16b [rbx]", 80),
        ("mfence", 80),
        ("pause", 4),
        ("cli", 8),
        ("syscall", 75),
        ("swapgs", 20),
        ("rdtsc", 78),
        ("wrmsr", 130),
        ("popfq", 27),
        ("mov cr3, rax", 130),
    ],
)
def test_serialising_instructions_carry_their_latency(text: str, cycles: int) -> None:
    """They begin when all before them is done, and all behind them waits."""
    add = "add rax, 0x1"
    assert costs(f"mov rax, [rbx]; {text}; {add}; {add}") == [1, cycles + 3, 1, 1]


@pytest.mark.parametrize(
    ("text", "cycles"),
    [
        ("cmp eax, ebx; jne next; next: nop", [1, 0, 1]),  # fused
        ("test eax, ebx; jne next; next: nop", [1, 0, 1]),
        ("nop; nop; nop; cmp eax, ebx; jne next; next: nop", [1, 0, 0, 0, 0, 1]),
        ("nop; nop; nop; add eax, ebx; jne next; next: nop", [1, 0, 0, 0, 1, 1]),  # not fused: a fifth macro-op
        ("nop; jmp next; next: nop", [1, 1, 1]),
        ("call next; next: nop", [2, 1]),
        ("ret; nop", [2, 1]),
        ("nop;" * 8 + "ret", [1, 0, 0, 0, 1, 0, 0, 0, 1]),
        ("mov rax, [rbx]; jmp rax", [1, 1]),  # predicted: does not wait for its target
        ("mov rax, [rbx]; jmp [rax]", [1, 1]),
    ],
)
def test_branches(text: str, cycles: list[int]) -> None:
    assert costs(text) == cycles


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


def test_a_block_forgets_what_was_before() -> None:
    chain = "add rax, rbx; add rax, rbx"
    assert costs(f"{chain}; jne next; next: {chain}") == [1, 1, 0, 1, 1]
