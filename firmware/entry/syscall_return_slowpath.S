// void syscall_return_slowpath(struct pt_regs *regs)
// Source: Linux 4.8, arch/x86/entry/common.c, syscall_return_slowpath
// Entry: rdi the complete frame, interrupts on
// Exit:  interrupts off, no work left for the return to user mode
// Clobbers: caller-saved registers
// Lock: none held
//@ state kernel
syscall_return_slowpath:
    mov eax, dword ptr [rdi + TI_flags + PTREGS__size - THREAD__size]
    test eax, 0x100000d1                                    // tracing, audit, single step
    jnz .Ltraced
    cli
    jmp prepare_exit_to_usermode
.Ltraced:
    //@ event unsupported
    ud2
