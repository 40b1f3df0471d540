"""Every instruction of the guest has a row of the table, and the right one."""

import csv
from dataclasses import replace
from importlib.resources import files

import keystone
import pytest

from emu.assembly import assemble_variant, variants
from emu.errors import UserError
from emu.isa import decode
from emu.isa.decode import decode_bytes
from emu.timing.costs import Cost, cost_of, row_of, table

TEXT = 0x100000


def instruction(text: str):
    code, _ = keystone.Ks(keystone.KS_ARCH_X86, keystone.KS_MODE_64).asm(text, TEXT, True)
    return next(iter(decode_bytes(bytes(code), TEXT).values()))


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("mov rax, rbx", "MOV r64,r64"),
        ("mov al, bl", "MOV r16,r16|r8,r8"),
        ("mov eax, 0x1", "MOV r,imm"),
        ("mov rax, 0x123456789abc", "MOV r,imm"),
        ("mov eax, [rbx]", "MOV r64,m64|r32,m32"),
        ("mov al, [rbx]", "MOV r16,m16|r8,m8"),
        ("mov [rbx], eax", "MOV m,r"),
        ("mov dword ptr [rbx], 0x1", "MOV m,imm"),
        ("mov fs, eax", "MOV sr,r"),
        ("mov eax, fs", "MOV r,sr"),
        ("mov cr3, rax", "MOV cr3,r"),
        ("movzx eax, bl", "MOVZX r,r"),
        ("movzx eax, byte ptr [rbx]", "MOVZX r,m"),
        ("movsx eax, byte ptr [rbx]", "MOVSX r,m"),
        ("movsxd rax, ebx", "MOVSXD r64,r32"),
        ("movsxd rax, dword ptr [rbx]", "MOVSXD r64,m32"),
        ("cmovb rax, [rbx]", "CMOVcc r,m"),
        ("lea rax, [rbx + rcx]", "LEA r32/64 simple (base, base+index*1, base+disp, rip)"),
        ("lea rax, [rbx + rcx + 0x8]", "LEA r32/64 3-operand or scale>1"),
        ("lea rax, [rcx*8 + 0x10]", "LEA r32/64 3-operand or scale>1"),
        ("xchg rax, rbx", "XCHG r64,r64|r32,r32"),
        ("xchg ax, bx", "XCHG r16,r16|r8,r8"),
        ("xchg [rbx], rax", "XCHG m,r (implicit LOCK) L1/WCC hit owned"),
        ("push rax", "PUSH r"),
        ("push 0x8", "PUSH imm"),
        ("push qword ptr [rbx]", "PUSH m"),
        ("pop qword ptr [rbx]", "POP m"),
        ("popfq", "POPFQ kernel, IF changes"),
        ("add eax, [rbx]", "ADD r,m"),
        ("add [rbx], eax", "ADD m,r|m,imm"),
        ("sub rax, rax", "XOR|SUB r32/64 same,same (zero idiom; dependency-breaking)"),
        ("and rax, rax", "AND r,r|r,imm"),
        ("cmp dword ptr [rbx], 0x1", "CMP|TEST r,m|m,imm"),
        ("sbb eax, [rbx]", "ADC|SBB r,m"),
        ("dec dword ptr [rbx]", "INC|DEC|NEG|NOT m"),
        ("shl eax, cl", "SHL|SHR|SAR|ROL|ROR r,1|r,imm|r,cl"),
        ("shl dword ptr [rbx], 0x1", "SHL|SHR|SAR m,imm"),
        ("shrd rax, rbx, cl", "SHLD|SHRD r,r,cl"),
        ("bt [rbx], rax", "BT m,r"),
        ("bts dword ptr [rbx], 0x1", "BTS|BTR|BTC m,imm"),
        ("btr rax, rbx", "BTS|BTR|BTC r,r|r,imm"),
        ("bsf rax, [rbx]", "BSF r,m"),
        ("setne [rbx]", "SETcc m"),
        ("imul rax, rbx", "IMUL r64,r64|r64,r64,imm"),
        ("imul eax, ebx, 0x8", "IMUL r32,r32|r32,r32,imm"),
        ("imul ax, bx, 0x8", "IMUL r16,r16,imm"),
        ("mul rcx", "MUL|IMUL r64 (rdx:rax)"),
        ("mul dword ptr [rbx]", "MUL|IMUL r32 (edx:eax)"),
        ("div ecx", "DIV|IDIV r32 quotient ~16 bits"),
        ("div qword ptr [rbx]", "DIV|IDIV r64 quotient ~32 bits"),
        ("popcnt eax, ebx", "POPCNT r32,r32|r16"),
        ("jmp [rbx]", "JMP rel|r|m"),
        ("je 0x100000", "Jcc not taken"),
        ("call rax", "CALL rel|r"),
        ("call [rbx]", "CALL m"),
        ("ret", "RET "),
        ("rep movsq", "REP MOVS|REP STOS startup"),
        ("movsq", "MOVS "),
        ("lock inc dword ptr [rbx]", "LOCK ADD|SUB|AND|OR|XOR|INC|DEC m,r|m,imm L1/WCC hit owned"),
        ("lock bts dword ptr [rbx], 0x1", "LOCK BTS|BTR|BTC m,imm"),
        ("lock cmpxchg [rbx], rcx", "LOCK CMPXCHG m,r32/64"),
        ("cmpxchg [rbx], rcx", "CMPXCHG m,r32/64"),
        ("lock cmpxchg16b [rbx]", "LOCK CMPXCHG16B m128"),
        ("xadd rax, rbx", "XADD r,r"),
        ("lock xadd [rbx], rax", "LOCK XADD m,r"),
        ("lfence", "LFENCE MSRC001_1029[1]=0 (Linux<4.15)"),
        ("fxsave64 [rbx]", "FXSAVE|FXRSTOR m"),
        ("lidt [rbx]", "LGDT|LIDT|LTR "),
    ],
)
def test_an_instruction_has_its_row(text: str, row: str) -> None:
    found = row_of(instruction(text))
    assert found in table()
    assert " ".join(found) == row


def test_every_instruction_of_every_variant_has_a_row() -> None:
    for name in variants():
        for each in decode(assemble_variant(name)).values():
            cost_of(each)


@pytest.mark.parametrize("text", ["addps xmm0, xmm1", "sgdt [rbx]", "lock not dword ptr [rbx]"])
def test_an_instruction_without_a_row_is_named(text: str) -> None:
    with pytest.raises(UserError, match=f"no row of steamroller_instructions.csv fits '{text[:4]}.*' at 0x100000"):
        cost_of(instruction(text))


def test_a_blank_number_is_taken_from_the_other() -> None:
    assert table()["PUSHFQ", ""] == Cost(8, 4, 4)
    assert table()["LEAVE", ""] == Cost(2, 3, 3)


def test_the_table_has_a_source_and_a_confidence_in_each_row() -> None:
    with (files("emu") / "machines" / "steamroller_instructions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len({(row["mnemonic"], row["form"]) for row in rows}) == len(rows)
    for row in rows:
        assert row["source"], row
        assert row["confidence"] in ("high", "medium", "low"), row
        assert row["confidence"] == "low" or "EST" not in row["source"], row


def test_a_locked_instruction_serialises() -> None:
    each = instruction("lock inc dword ptr [rbx]")
    assert cost_of(each) == Cost(1, 41, 41, serialising=True)
    assert not cost_of(replace(each, locked=False)).serialising
