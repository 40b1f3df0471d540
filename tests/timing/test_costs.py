"""Every instruction of the guest has a row of the table, and the right one."""

from dataclasses import replace

import keystone
import pytest

from emu.description import load_machine, machine_names
from emu.errors import UserError
from emu.isa.decode import decode_bytes
from emu.timing.costs import Cost, cost_of, cost_of_row, row_of

TEXT = 0x100000
TABLE = load_machine("a10-7800").instructions


def instruction(text: str):
    code, _ = keystone.Ks(keystone.KS_ARCH_X86, keystone.KS_MODE_64).asm(text, TEXT, True)
    return next(iter(decode_bytes(bytes(code), TEXT).values()))


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("mov rax, rbx", "MOV r64,r64"),
        ("mov al, bl", "MOV r,r"),
        ("mov eax, 0x1", "MOV r,imm"),
        ("mov rax, 0x123456789abc", "MOV r,imm"),
        ("mov eax, [rbx]", "MOV r64,m64|r32,m32"),
        ("mov al, [rbx]", "MOV r,m"),
        ("mov [rbx], eax", "MOV m,r"),
        ("mov dword ptr [rbx], 0x1", "MOV m,imm"),
        ("mov fs, eax", "MOV sr,r|sr,m"),
        ("mov eax, fs", "MOV r,sr|m,sr"),
        ("mov cr3, rax", "MOV cr,r|r,cr"),
        ("movzx eax, bl", "MOVZX r,r"),
        ("movzx eax, byte ptr [rbx]", "MOVZX r,m"),
        ("movsx eax, byte ptr [rbx]", "MOVSX r,m"),
        ("movsxd rax, ebx", "MOVSXD r64,r32"),
        ("movsxd rax, dword ptr [rbx]", "MOVSXD r64,m32"),
        ("cmovb rax, [rbx]", "CMOVcc r,m"),
        ("lea rax, [rbx + rcx]", "LEA r,m"),
        ("lea rax, [rbx + rcx + 0x8]", "LEA r,m (three parts or a scale)"),
        ("lea rax, [rcx*8 + 0x10]", "LEA r,m (three parts or a scale)"),
        ("xchg rax, rbx", "XCHG r64,r64|r32,r32"),
        ("xchg ax, bx", "XCHG r,r"),
        ("xchg [rbx], rax", "XCHG m,r|r,m"),
        ("push rax", "PUSH r"),
        ("push 0x8", "PUSH imm"),
        ("push qword ptr [rbx]", "PUSH m|sr"),
        ("pop qword ptr [rbx]", "POP m|sr"),
        ("popfq", "POPFQ|POPF"),
        ("add eax, [rbx]", "ADD r,m"),
        ("add [rbx], eax", "ADD m,r|m,imm"),
        ("sub rax, rax", "XOR|SUB r,r (same register)"),
        ("and rax, rax", "AND r,r|r,imm"),
        ("cmp dword ptr [rbx], 0x1", "CMP|TEST r,m|m,r|m,imm"),
        ("sbb eax, [rbx]", "ADC|SBB r,m"),
        ("dec dword ptr [rbx]", "INC|DEC|NEG|NOT m"),
        ("shl eax, cl", "SHL|SHR|SAR|ROL|ROR|SAL r,imm|r,cl"),
        ("shl dword ptr [rbx], 0x1", "SHL|SHR|SAR|ROL|ROR|SAL m,imm|m,cl"),
        ("shrd rax, rbx, cl", "SHLD|SHRD r,r,cl"),
        ("bt [rbx], rax", "BT m,r"),
        ("bts dword ptr [rbx], 0x1", "BTS|BTR|BTC m,imm"),
        ("btr rax, rbx", "BTS|BTR|BTC r,r|r,imm"),
        ("bsf rax, [rbx]", "BSF r,m"),
        ("setne [rbx]", "SETcc m"),
        ("imul rax, rbx", "IMUL r64,r|r64,m|r64,r,imm|r64,m,imm"),
        ("imul eax, ebx, 0x8", "IMUL r32,r|r32,m|r32,r,imm|r32,m,imm"),
        ("imul ax, bx, 0x8", "IMUL r16,r|r16,m|r16,r,imm|r16,m,imm"),
        ("mul rcx", "MUL|IMUL r64|m64"),
        ("mul dword ptr [rbx]", "MUL|IMUL r32|m32"),
        ("div ecx", "DIV|IDIV r|m"),
        ("div qword ptr [rbx]", "DIV|IDIV r64|m64"),
        ("popcnt eax, ebx", "POPCNT r,r|r,m"),
        ("jmp [rbx]", "JMP imm|r|m"),
        ("je 0x100000", "Jcc imm"),
        ("call rax", "CALL imm|r"),
        ("call [rbx]", "CALL m"),
        ("ret", "RET"),
        ("rep movsq", "REP MOVS|STOS|LODS|SCAS|CMPS"),
        ("movsq", "MOVS"),
        ("lock inc dword ptr [rbx]", "LOCK ADD|SUB|AND|OR|XOR|INC|DEC|NEG m,r|m,imm|m"),
        ("lock bts dword ptr [rbx], 0x1", "LOCK BTS|BTR|BTC m,imm"),
        ("lock cmpxchg [rbx], rcx", "LOCK CMPXCHG m,r"),
        ("cmpxchg [rbx], rcx", "CMPXCHG m,r"),
        ("lock cmpxchg16b [rbx]", "LOCK CMPXCHG16B m128"),
        ("xadd rax, rbx", "XADD r,r"),
        ("lock xadd [rbx], rax", "LOCK XADD m,r"),
        ("lfence", "LFENCE"),
        ("fxsave64 [rbx]", "FXSAVE|FXSAVE64|FXRSTOR|FXRSTOR64 m"),
        ("lidt [rbx]", "LGDT|LIDT|LTR"),
    ],
)
def test_an_instruction_has_its_row(text: str, row: str) -> None:
    found = row_of(instruction(text), TABLE)
    assert found is not None
    assert found.name == row


@pytest.mark.parametrize("text", ["addps xmm0, xmm1", "sgdt [rbx]", "lock not dword ptr [rbx]"])
def test_an_instruction_without_a_row_is_named(text: str) -> None:
    with pytest.raises(UserError, match=f"no row of steamroller_instructions.csv fits '{text[:4]}.*' at 0x100000"):
        cost_of(instruction(text), TABLE)


def test_a_blank_number_is_taken_from_the_other() -> None:
    assert cost_of_row(TABLE.row("PUSHFQ|PUSHF")) == Cost(8, 4, 4)
    assert cost_of_row(TABLE.row("LEAVE")) == Cost(2, 3, 3)


@pytest.mark.parametrize("machine", machine_names())
def test_estimates_are_of_low_confidence(machine: str) -> None:
    for row in load_machine(machine).instructions.rows:
        for figure in row.figures.values():
            assert figure.confidence == "low" or "EST" not in figure.source, row.name


def test_a_locked_instruction_serialises() -> None:
    each = instruction("lock inc dword ptr [rbx]")
    assert cost_of(each, TABLE) == Cost(1, 41, 41, serialising=True)
    assert not cost_of(replace(each, locked=False), TABLE).serialising
