// void prepare_exit_to_usermode(struct pt_regs *regs)
// Source: Linux 4.8, arch/x86/entry/common.c, prepare_exit_to_usermode
// Entry: rdi the frame of the return to user mode, interrupts off
// Exit:  interrupts off, no work left
// Clobbers: caller-saved registers
// Lock: none held
//@ state kernel
prepare_exit_to_usermode:
    mov esi, dword ptr [rdi + TI_flags + PTREGS__size - THREAD__size]
    test esi, 0x180e                                        // signal, notify, uprobe, reschedule
    jnz .Lwork
    ret
.Lwork:
    jmp exit_to_usermode_loop
