"""Statements in both orders against GNU as, which reads AT&T itself and Intel with the sizes written out."""

import re
import shutil
import subprocess
from pathlib import Path

import capstone
import pytest

from emu.errors import UserError
from emu.litmus.dialect import order_of
from emu.litmus.parse import parse
from emu.litmus.program import DATA_BASE, TEXT_BASE, assemble

# What GNU as reads as it stands, if its `l` is a label and x, y, P1_r0 are addresses.
ATT = """
movl $1,(x); movq $1,(x); movb $1,(x); movw $-1,(x); movl $0xffffffff,(x); movq $-1,(x); movl %eax,(x); movb %ah,(x); movb %sil,(x)
movq %rax,x(%rip); movl x+4(%rip),%eax; movl 4(x),%eax; movl x,%eax; movl $1,x; movw %r8w,(y); movl (x),%r9d; movb (x),%r10b
movl (%rax),%ebx; movl 4(%rax),%ebx; movl -4(%rax,%rbx),%ecx; movl (%rax,%rbx,4),%ecx; movl 0x10(,%rbx,8),%ecx; movl x(%rax),%ecx
movl x(,%rbx,4),%ecx; movl (%rsp),%eax; movl (%rbp),%eax; movq (%r12),%rax; movq (%r13),%rax; movl -64(%rsp),%eax
movzbl (x),%eax; movzbw (x),%ax; movsbq (x),%rax; movslq (x),%rax; movzwl %ax,%ebx; movswl (x),%ecx; movzbl %al,%ebx
xchgl %eax,(x); xchgl (x),%eax; xchg %rax,(x); xchgb %al,(x); lock xaddl %eax,(x); xaddq %rax,(x); lock; incl (x); lock incq (x)
lock cmpxchgq %rbx,(x); cmpxchgb %bl,(x); lock cmpxchg8b (x); lock cmpxchg16b (x); lock; notl (x); lock btsl $1,(x); lock decw (x)
lock orl $0,-64(%rsp); lock addl $0,(%rsp); lock subb $1,(x); lock andq $1,(x); lock xorl %eax,(x); lock sbbl %eax,(x)
lock negl (x); sete %al; setne (x); setnb %bl; cmovne %eax,%ebx; cmovnel (x),%ebx; cmovcq (x),%rbx; cmovbl (x),%ebx; cmovll (x),%ebx
testl %eax,%eax; testq %rax,(x); cmpl (x),%eax; cmpl $0,(x); cmp $1,%eax; cmp %eax,%ebx; add $1,%eax; addl $0x7f,(x); sub %rax,%rbx
addl $0xffffffff,%eax; addq $-16,%rax; adcl (x),%eax; and %eax,%eax; xorl %eax,%eax; orb $1,(x); not %eax; negq %rax
shl $2,%eax; shll %cl,(x); shl %cl,%rax; sarq $3,%rax; shrl (x); sal $1,%eax; rolw $3,(x); shldl $4,%eax,%ebx; shld %cl,%eax,%ebx
imull $3,%eax,%ebx; imull (x),%eax; mull (x); divl %ebx; bswapl %eax; popcntl (x),%eax; bsfl %eax,%ebx; btl $1,%eax
leaq (x),%rax; leaq x(%rip),%rax; leal 4(%rax,%rbx),%ecx; movq $x,%rax; movl $x,%eax; movl $x,(y); movabsq $0x202020202020202,%rax
movq $0x202020202020202,%rax; movq $0x80000000,%rax; movq $0xffffffff,%rax; mov $-1,%rax; mov $1,%al; mov %al,(x); mov (y),%eax
mov %eax,(P1_r0); MOVQ %RBX,(x); mfence; lfence; sfence; pause; rep; nop; nop; endbr64; cltq; cqto; cltd; cwtl; rdtsc; cpuid
movntil %eax,(x); movntiq %rax,(x); movnti %rax,(x); clflush (x); prefetcht0 (x); prefetchw (x)
movdqa (x),%xmm0; movaps %xmm0,(x); movdqu %xmm1,(x); movntdq %xmm0,(x); movntdqa (x),%xmm0; movd %xmm0,%eax; movd %eax,%xmm0
movq %xmm0,%rax; movq %rax,%xmm0; movq (x),%xmm0; movq %xmm0,(x); movsd (x),%xmm0; movss %xmm1,(x); paddd %xmm0,%xmm1
cbtw; cwtd; cmc; clc; stc; cld; std; lahf; sahf; pushfq; popfq; leave; rclq $3,%rbx; rcrl %cl,(x); rclb (x)
lock adcl $1,(x); lock notq (x); movups (x),%xmm0; movapd %xmm1,(x); movlps (x),%xmm0; movhpd %xmm0,(x)
movhlps %xmm0,%xmm1; lddqu (x),%xmm2; movntps %xmm0,(x)
scasb; scasw; scasl; scasq; repne scasb; repe; cmpsq; cmpsb; cmpsw; cmpsq; lodsw; lodsl; lodsq; stosb; stosw; movsw
rep; lodsq; jecxz l; loope l; movsb; movsl; movsq; rep movsb; rep; stosl; stosq; lodsb; rep movsl; cmpsl
pushq %rax; popq %rbx; pushq $1; pushq (x); push %rcx
jmp l; je l; jne l; jle l; jl l; jg l; jge l; js l; jns l; jc l; jz l; loop l; jrcxz l
"""
# A cell, and the same for GNU as in Intel syntax.
INTEL = {
    "MOV [x],$2": "mov dword ptr [x], 2",
    "mov [x], 1": "mov dword ptr [x], 1",
    "MOV [x],-1": "mov dword ptr [x], -1",
    "MOV [x],$0x10": "mov dword ptr [x], 16",
    "MOV [x],EAX": "mov dword ptr [x], eax",
    "MOV [x],RAX": "mov qword ptr [x], rax",
    "MOV EAX,[x]": "mov eax, dword ptr [x]",
    "MOV AL,[x]": "mov al, byte ptr [x]",
    "MOV EBX,[x+4]": "mov ebx, dword ptr [x+4]",
    "MOV EBX,[EAX]": "mov ebx, [rax]",
    "MOV (EAX),$1": "mov dword ptr [rax], 1",
    "MOV EBX,[EAX+EBX*4-8]": "mov ebx, [rax+rbx*4-8]",
    "MOV EBX,[4*EBX+x]": "mov ebx, [rbx*4+x]",
    "MOV EAX,$x": "mov eax, offset x",
    "MOV EAX,OFFSET y": "mov eax, offset y",
    "MOVB [x],$1": "mov byte ptr [x], 1",
    "MOVW [x],$1": "mov word ptr [x], 1",
    "MOVL [x],$1": "mov dword ptr [x], 1",
    "MOVQ [x],$1": "mov qword ptr [x], 1",
    "MOVB [x],EAX": "mov byte ptr [x], al",
    "mov byte ptr [x], 1": "mov byte ptr [x], 1",
    "mov word [x], 1": "mov word ptr [x], 1",
    "MOV EAX,$10": "mov eax, 10",
    "MOVSD": "movsd",
    "XCHG [x],EAX": "xchg dword ptr [x], eax",
    "XCHG EAX,[x]": "xchg dword ptr [x], eax",
    "LOCK XADD [x],EAX": "lock xadd dword ptr [x], eax",
    "LOCK; INC [x]": "lock inc dword ptr [x]",
    "LOCK; ADD [x], $1": "lock add dword ptr [x], 1",
    "LOCK CMPXCHG [x],EBX": "lock cmpxchg dword ptr [x], ebx",
    "CMPXCHG [EAX],EBX": "cmpxchg dword ptr [rax], ebx",
    "INC [x]": "inc dword ptr [x]",
    "DEC EAX": "dec eax",
    "CMP [x],$1": "cmp dword ptr [x], 1",
    "CMP EAX,1": "cmp eax, 1",
    "TEST [x],EAX": "test dword ptr [x], eax",
    "SETNB AL": "setnb al",
    "CMOVC EAX,[x]": "cmovc eax, dword ptr [x]",
    "MOVNTI [x],EAX": "movnti dword ptr [x], eax",
    "CLFLUSH [x]": "clflush byte ptr [x]",
    "SHL EAX,3": "shl eax, 3",
    "MOVZX EAX,byte ptr [x]": "movzx eax, byte ptr [x]",
    "MOVDQA [x],XMM0": "movdqa [x], xmm0",
    "LEA EAX,[x]": "lea eax, [x]",
    "JNE l": "jne l",
    # What herd reads and GNU as does not, in AT&T order.
    "xchgl [x],%eax": "xchg dword ptr [x], eax",
    "movl $1,[x]": "mov dword ptr [x], 1",
    "lock cmpxchgl (x),%ebx": "lock cmpxchg dword ptr [x], ebx",
    "cmovcl %ebx,(x)": "cmovc ebx, dword ptr [x]",
    "shl 2,%eax": "shl eax, 2",
    "movl (x),%rax": "mov eax, dword ptr [x]",
    "nopl 0(%rax,%eax,0)": "nop",
    "NOPW %cs:0(%rax,%eax,0)": "nop",
    "xacquire lock addl $1,(x)": "lock add dword ptr [x], 1",
    "lock xrelease subl $1,(x)": "lock sub dword ptr [x], 1",
    "jlt l": "jl l",
    "jgt l": "jg l",
    "ret": "jmp l",
}


def listing(code: bytes) -> list[str]:
    engine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    lines = [re.sub(r"\*1\b", "", f"{each.mnemonic} {each.op_str}").strip() for each in engine.disasm(code, TEXT_BASE)]
    return [line.replace("movabs", "mov") for line in lines if line != "hlt"]


def ours(cell: str, architecture: str = "X86_64") -> list[str]:
    test = parse("t", f"{architecture} t\n{{ int x; int y; int P1_r0; }}\n P0 ;\n {cell} ;\nl: ;\nforall (true)")
    image = assemble([test]).image
    return listing(image.text.data[: image.routines[0].size])


def gnu(statement: str, syntax: str, folder: Path) -> list[str]:
    names = "".join(f".set {name}, {DATA_BASE + 64 * number:#x}\n" for number, name in enumerate(("x", "y", "P1_r0")))
    (folder / "a.s").write_text(f"{syntax}\n{names}.text\n.org 0\n{statement}\nl:\nhlt\n")
    subprocess.run(["as", "--64", "-o", str(folder / "a.o"), str(folder / "a.s")], check=True)
    subprocess.run(["ld", f"-Ttext={TEXT_BASE:#x}", "-e", "0", "-o", str(folder / "a.elf"), str(folder / "a.o")], check=True)
    subprocess.run(["objcopy", "-O", "binary", "-j", ".text", str(folder / "a.elf"), str(folder / "a.bin")], check=True)
    return listing((folder / "a.bin").read_bytes())


needs_gnu = pytest.mark.skipif(not (shutil.which("as") and shutil.which("ld")), reason="GNU binutils are not installed")

CELLS = [cell.strip() for line in ATT.strip().splitlines() for cell in re.split(r"(?<!lock)(?<!rep)(?<!repe);", line)]


@needs_gnu
@pytest.mark.parametrize("cell", CELLS)
def test_att_is_what_gnu_as_makes_of_it(cell: str, tmp_path: Path) -> None:
    plain = cell.replace("(%rip)", "").replace("4(x)", "4+x")  # absolute as here, and a sum that only herd writes so
    assert ours(cell) == gnu(plain, "", tmp_path)


@needs_gnu
@pytest.mark.parametrize(("cell", "statement"), INTEL.items())
def test_intel_is_what_gnu_as_makes_of_the_whole_statement(cell: str, statement: str, tmp_path: Path) -> None:
    architecture = "X86" if cell[0].isupper() and "%" not in cell else "X86_64"
    assert ours(cell, architecture) == gnu(statement, ".intel_syntax noprefix", tmp_path)


@pytest.mark.parametrize(
    ("architecture", "cells", "order"),
    [
        ("X86", ["MOV EAX,[x]"], "intel"),
        ("X86_64", ["mov eax,[x]"], "att"),  # as herd reads it: a store
        ("X86_64", ["mov eax,[x]", "mov [y],1"], "intel"),
        ("X86_64", ["mov eax, dword ptr [x]"], "intel"),
        ("X86", ["movl %eax,(x)"], "att"),
        ("X86", ["movl $1,(x)", "movl (x),eax"], "att"),
        ("X86", ["MOV [x],$1", "movl $1,(x)", "MOV EAX,[x]"], "intel"),  # both: the header decides
        ("X86", ["MOV [x],$1", "MOV %EAX,[x]"], "intel"),
        ("X86_64", ["mfence", "jmp l"], "att"),
    ],
)
def test_order(architecture: str, cells: list[str], order: str) -> None:
    assert order_of(cells, architecture) == order


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("FOO [x]", "t:4: no such instruction, or not with these operands: FOO [x]"),
        ("MOV  EAX", "t:4: no such instruction, or not with these operands: MOV EAX"),
        ("movq $0x202020202020202,(x)", "t:4: no such instruction, or not with these operands: movq $0x202020202020202,(x)"),
        ("mov %eax,%rbx", "or not with these operands: mov %eax,%rbx"),
        ("movl $0x1ffffffff,(x)", "8589934591 does not fit into an operand of movl, which has 4 bytes"),
        ("lock movl $1,(x)", "LOCK belongs to an instruction that reads, changes and writes memory"),
        ("lock incl %eax", "LOCK belongs to an instruction"),
        ("data16 movl $1,(x)", "data16 has no place in front of an instruction: wanted lock, rep, repe"),
        ("xlock lock addl $1,(x)", "xlock has no place in front of an instruction"),
        ("xacquire", "xacquire stands in front of an instruction, here is none"),
        ("sysretq", "sysretq belongs to a kernel"),
        ("in %dx,%al", "in belongs to a kernel"),
        ("movl %ds,%eax", "ds is no register of a litmus test: wanted a general one, or xmm0 to xmm15"),
        ("movq %mm0,(x)", "mm0 is no register of a litmus test"),
        ("vmovdqu (x),%ymm0", "ymm0 is no register of a litmus test"),
        ("lock lock", "lock stands in front of an instruction, here is none"),
        (".rept 9", "'.rept' is no instruction"),
        ("'", '"\'" is no instruction'),
        ("call l", "a call has no place in a litmus test"),
        ("jmp *%rax", "jmp wants a label of this thread, got '*%rax'"),
        ("movl (%ax),%ebx", "%ax is no register that can hold an address"),
        ("movl (%rax,%bx,4),%ebx", "%bx is no register of 32 or 64 bits"),
        ("movl (%rax,%rbx,3),%ebx", "an index is taken times 1, 2, 4 or 8, not 3"),
        ("movl (%rax,%rbx,4,5),%ebx", "an address has base, index and scale"),
        ("mov eax,[ebx+ecx+edx]", "an address has a base and an index, no third register"),
        ("mov eax,[x+y]", "'[x+y]' must name one location"),
        ("mov eax,[4-ecx]", "only a number can be subtracted"),
        ("movl %gs:(x),%eax", "a litmus test has no segments: leave %gs: out"),
        ("movl 4(%rip),%eax", "an address relative to rip must name a location"),
        ("movl 0x1000,%eax,,", "is no operand: wanted a register"),
        ("movl $%eax,(x)", "must be a number or the address of a location"),
        ("mov eax,[x y]", "'[x y]' is no sum of registers, a location and numbers"),
    ],
)
def test_refusals(cell: str, message: str) -> None:
    with pytest.raises(UserError) as refused:
        ours(cell)
    assert message in str(refused.value)
    assert str(refused.value).startswith("t:4: ")
