// asmlinkage void restore_c_regs_and_iret(void)
// Source: Linux 4.8, arch/x86/entry/entry_64.S, restore_c_regs_and_iret
// Entry: rsp the frame, callee-saved registers restored, interrupts off, GS base already that of the frame's mode
// Exit:  as the frame says
// Clobbers: as the frame says
// Lock: as at the interrupted place
//@ state interrupt
restore_c_regs_and_iret:
    mov r11, qword ptr [rsp + PTREGS_r11]
    mov r10, qword ptr [rsp + PTREGS_r10]
    mov r9, qword ptr [rsp + PTREGS_r9]
    mov r8, qword ptr [rsp + PTREGS_r8]
    mov rax, qword ptr [rsp + PTREGS_ax]
    mov rcx, qword ptr [rsp + PTREGS_cx]
    mov rdx, qword ptr [rsp + PTREGS_dx]
    mov rsi, qword ptr [rsp + PTREGS_si]
    mov rdi, qword ptr [rsp + PTREGS_di]
    add rsp, PTREGS_ip                                      // to the hardware's five words
    iretq
