// const struct exception_table_entry *search_exception_tables(unsigned long addr)
// Source: Linux 4.8, kernel/extable.c, search_exception_tables; lib/extable.c, search_extable. The table is made by the
//         assembler from the `fixup` annotations, sorted by address; there are no modules with tables of their own.
// Entry: rdi address of an instruction
// Exit:  rax its entry, or NULL
// Clobbers: rax rcx rdx rsi r8
// Lock: any
//@ state interrupt
search_exception_tables:
    xor ecx, ecx                                            // first
    mov edx, dword ptr [__ex_table_entries]
.Lagain:
    cmp ecx, edx                                            // last + 1
    jae .Lnone
    lea eax, [rcx + rdx]
    shr eax, 0x1                                            // mid
    lea rsi, [rax + rax*2]
    lea rsi, [__ex_table + rsi*4]
    movsxd r8, dword ptr [rsi + EXTABLE_insn]
    lea r8, [rsi + r8 + EXTABLE_insn]                       // ex_to_insn: relative to the field
    cmp r8, rdi
    je .Lfound
    ja .Lbelow
    lea ecx, [rax + 0x1]
    jmp .Lagain
.Lbelow:
    mov edx, eax
    jmp .Lagain
.Lfound:
    mov rax, rsi
    ret
.Lnone:
    xor eax, eax
    ret
