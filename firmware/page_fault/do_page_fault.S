// dotraplinkage void do_page_fault(struct pt_regs *regs, unsigned long error_code)
// Source: Linux 4.8, arch/x86/mm/fault.c, do_page_fault, __do_page_fault, no_context. Reduced: all memory that a task has is
//         mapped from the start, so no fault is repaired: each is a bad area. A fault in user mode would be SIGSEGV; like
//         one in the kernel without a fixup it ends the run, in the engine, before it gets here.
// Entry: rdi regs, esi error_code: bit 0 the page is there, bit 1 a store, bit 2 user mode; interrupts off
// Exit:  regs->ip is the fixup of the instruction that faulted; interrupts on if they were
// Clobbers: caller-saved registers
// Lock: the caller's
//@ state interrupt
do_page_fault:
    mov rdx, cr2                                            // address: the next fault would change it
    test sil, PF_USER
    jnz .Luser
    test dword ptr [rdi + PTREGS_flags], X86_EFLAGS_IF
    jz .Lno_context
    sti
.Lno_context:
    mov esi, X86_TRAP_PF
    call fixup_exception
    test eax, eax
    jz .Loops
    ret
.Luser:
.Loops:
    //@ event unsupported reg=rdx
    ud2
