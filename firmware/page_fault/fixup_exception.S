// int fixup_exception(struct pt_regs *regs, int trapnr)
// Source: Linux 4.8, arch/x86/mm/extable.c, fixup_exception
// Entry: rdi regs, esi trapnr
// Exit:  eax 1: regs->ip has an entry in the exception table, whose handler has dealt with it; 0: it has none
// Clobbers: caller-saved registers
// Lock: any
//@ state interrupt
fixup_exception:
    push rbp
    push rbx
    mov rbx, rdi                                            // regs
    mov ebp, esi                                            // trapnr
    mov rdi, qword ptr [rdi + PTREGS_ip]
    call search_exception_tables
    test rax, rax
    jz .Lout
    movsxd rcx, dword ptr [rax + EXTABLE_handler]
    lea rcx, [rax + rcx + EXTABLE_handler]                  // ex_fixup_handler: relative to the field
    mov edx, ebp
    mov rsi, rbx
    mov rdi, rax                                            // fixup
    call rcx
.Lout:
    pop rbx
    pop rbp
    ret
