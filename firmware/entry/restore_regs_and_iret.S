// asmlinkage void restore_regs_and_iret(void)
// Source: Linux 4.8, arch/x86/entry/entry_64.S, restore_regs_and_iret
// Entry: rsp the complete frame, interrupts off, GS base already that of the frame's mode
// Exit:  as the frame says
// Clobbers: as the frame says
// Lock: as at the interrupted place
//@ state interrupt
restore_regs_and_iret:
    mov r15, qword ptr [rsp + PTREGS_r15]
    mov r14, qword ptr [rsp + PTREGS_r14]
    mov r13, qword ptr [rsp + PTREGS_r13]
    mov r12, qword ptr [rsp + PTREGS_r12]
    mov rbp, qword ptr [rsp + PTREGS_bp]
    mov rbx, qword ptr [rsp + PTREGS_bx]
    jmp restore_c_regs_and_iret
