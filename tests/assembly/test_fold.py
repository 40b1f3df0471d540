"""Addresses and constants as Keystone encodes them, against plain arithmetic: each of its traps is a case here."""

import re
from pathlib import Path

import capstone
import keystone
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emu.assembly.fold import fold
from emu.errors import UserError

VALUES = {"A": 0x8, "B": 0xA8, "C": 0x4000, "TABLE": 0xFFFFFFFF80400040, "NEGATIVE": -0x18}
ENGINE = keystone.Ks(keystone.KS_ARCH_X86, keystone.KS_MODE_64)
DISASSEMBLER = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)


def encoded(statement: str, values: dict[str, int]) -> str:
    """What the processor reads, once the statement's names are folded."""
    ((_, line),) = fold(Path("f.S"), [(1, statement)], values)
    code, _ = ENGINE.asm(line, 0xFFFFFFFF80100000, True)
    (each,) = DISASSEMBLER.disasm(bytes(code), 0xFFFFFFFF80100000)
    return f"{each.mnemonic} {each.op_str}"


@pytest.mark.parametrize(
    ("statement", "meaning"),
    [
        ("mov eax, dword ptr [rsp + A + B]", "mov eax, dword ptr [rsp + 0xb0]"),
        ("mov eax, dword ptr [rsp + A + B - C]", "mov eax, dword ptr [rsp - 0x3f50]"),
        ("mov eax, dword ptr [rsp - C]", "mov eax, dword ptr [rsp - 0x4000]"),
        ("mov eax, dword ptr [rax + A - A]", "mov eax, dword ptr [rax]"),
        ("mov eax, dword ptr [rax + NEGATIVE]", "mov eax, dword ptr [rax - 0x18]"),
        ("mov eax, dword ptr [rax + (B - A) * 0x2]", "mov eax, dword ptr [rax + 0x140]"),
        ("mov eax, dword ptr [B + rax]", "mov eax, dword ptr [rax + 0xa8]"),
        ("mov rax, qword ptr [riz*0x1 + TABLE]", "mov rax, qword ptr [0xffffffff80400040]"),
        ("mov rax, qword ptr [riz*0x1 + TABLE + A]", "mov rax, qword ptr [0xffffffff80400048]"),
        ("mov rax, qword ptr gs:[riz*0x1 + B + A]", "mov rax, qword ptr gs:[0xb0]"),
        ("mov rax, qword ptr [rcx*8 + TABLE]", "mov rax, qword ptr [rcx*8 - 0x7fbfffc0]"),
        ("mov rax, qword ptr [TABLE + 8*rcx + A]", "mov rax, qword ptr [rcx*8 - 0x7fbfffb8]"),
        ("mov rax, qword ptr [rbx + rcx*A + A]", "mov rax, qword ptr [rbx + rcx*8 + 8]"),
        ("lea rax, [rsi + rsi*2]", "lea rax, [rsi + rsi*2]"),
        ("lea rax, [rbx + rcx]", "lea rax, [rbx + rcx]"),
        ("mov rax, TABLE", "mov rax, 0xffffffff80400040"),
        ("mov qword ptr [rbx], TABLE + A", "mov qword ptr [rbx], 0xffffffff80400048"),
        ("mov eax, B - C", "mov eax, 0xffffc0a8"),
        ("add rax, NEGATIVE", "add rax, -0x18"),
        ("sub rsp, A", "sub rsp, 8"),
        ("and rsp, -C", "and rsp, 0xffffffffffffc000"),
    ],
)
def test_folded_statements_mean_what_they_say(statement: str, meaning: str) -> None:
    assert encoded(statement, VALUES) == meaning


@given(st.lists(st.tuples(st.sampled_from("+-"), st.integers(0, 0xFFFFFF)), min_size=1, max_size=6))
def test_any_sum(terms: list[tuple[str, int]]) -> None:
    values = {f"V{number}": value for number, (_, value) in enumerate(terms)}
    total = sum(value if sign == "+" else -value for sign, value in terms)
    inside = "rbx " + " ".join(f"{sign} V{number}" for number, (sign, _) in enumerate(terms))
    shown = f" {'-' if total < 0 else '+'} {abs(total) if abs(total) < 10 else hex(abs(total))}" if total else ""
    assert encoded(f"mov rax, qword ptr [{inside}]", values) == f"mov rax, qword ptr [rbx{shown}]"


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("mov eax, [rdi + TASK_pid]", "TASK_pid in [rdi + TASK_pid] is neither a struct offset, a global nor a .set name"),
        ("mov eax, [riz*0x1 + foo]", "foo in [riz*0x1 + foo] is neither"),
        ("lea rax, [rip + foo + bar]", "foo in [rip + foo + bar] is neither"),
        ("lea rax, [rip + TABLE]", "[rip + TABLE] must name a code label; a global is absolute: write it without rip"),
        ("mov eax, [rdi - rsi]", "[rdi - rsi] must have a base, an index times 1, 2, 4 or 8, or both"),
        ("mov eax, [rdi + rsi*0x3]", "must have a base, an index times"),
        ("mov eax, [rdi + rsi + rdx]", "must have a base, an index times"),
        ("mov eax, [rdi / A]", "[rdi / A] must be a sum of registers, register*scale, names and hex numbers"),
        ("mov eax, [rdi + ]", "must be a sum of registers"),
        ("mov eax, [rdi + rsi * rdx]", "must be a sum of registers"),
        ("mov eax, [rdi + (0x1 << 0x7fffffff)]", "must be a sum of registers"),
        ("mov eax, [rdi" + " + 0x1" * 20_000 + "]", "must be a sum of registers"),
        ("mov eax, [" + "(" * 20_000 + "]", "must be a sum of registers"),
        ("mov eax, [rdi + 0x100000000]", "[rdi + 0x100000000] is at 0x100000000: a displacement has 32 bits, with sign"),
    ],
)
def test_what_cannot_be_an_address_is_refused(statement: str, message: str) -> None:
    with pytest.raises(UserError, match=re.escape("f.S:7: ") + ".*" + re.escape(message)):
        fold(Path("f.S"), [(7, statement)], VALUES)


def test_a_files_own_names_hold_from_top_to_bottom() -> None:
    lines = [(1, "sub rsp, FRAME"), (2, ".set slot, A + 0x8"), (3, ".set FRAME, slot * 0x2"), (4, "mov rax, [rsp + FRAME - slot]")]
    assert fold(Path("f.S"), lines, VALUES) == [(1, "sub rsp, 0x20"), (4, "mov rax, [rsp + 0x10]")]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([".set X, 0x8", ".set X, 0x10"], "f.S:2: X has a value already: a name has one value in a file"),
        ([".set A, 0x8"], "f.S:1: A has a value already"),
        ([".set X, Y + 0x8", ".set Y, 0x8"], "f.S:1: Y in the value of X is not defined above or elsewhere"),
        ([".set X, [rsp]"], "f.S:1: [rsp] must be a number made of names and hex numbers"),
    ],
)
def test_a_wrong_own_name_is_refused(lines: list[str], message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        fold(Path("f.S"), list(enumerate(lines, 1)), VALUES)
