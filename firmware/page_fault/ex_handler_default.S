// bool ex_handler_default(const struct exception_table_entry *fixup, struct pt_regs *regs, int trapnr)
// Source: Linux 4.8, arch/x86/mm/extable.c, ex_handler_default
// Entry: rdi fixup, rsi regs, edx trapnr
// Exit:  eax 1; the interrupted code goes on at its fixup
// Clobbers: rax
// Lock: any
//@ state interrupt
ex_handler_default:
    movsxd rax, dword ptr [rdi + EXTABLE_fixup]
    lea rax, [rdi + rax + EXTABLE_fixup]                    // ex_fixup_addr: relative to the field
    mov qword ptr [rsi + PTREGS_ip], rax
    mov eax, 0x1
    ret
