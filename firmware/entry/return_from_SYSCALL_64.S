// asmlinkage void return_from_SYSCALL_64(void)
// Source: Linux 4.8, arch/x86/entry/entry_64.S, return_from_SYSCALL_64
// Entry: rsp the complete frame, interrupts off
// Exit:  to user mode, by sysret if the frame still is what syscall left, else by iretq
// Clobbers: as the frame says
// Lock: none held
//@ state kernel
return_from_SYSCALL_64:
    mov r15, qword ptr [rsp + PTREGS_r15]
    mov r14, qword ptr [rsp + PTREGS_r14]
    mov r13, qword ptr [rsp + PTREGS_r13]
    mov r12, qword ptr [rsp + PTREGS_r12]
    mov rbp, qword ptr [rsp + PTREGS_bp]
    mov rbx, qword ptr [rsp + PTREGS_bx]
    mov rcx, qword ptr [rsp + PTREGS_cx]
    mov r11, qword ptr [rsp + PTREGS_ip]
    cmp rcx, r11                                            // sysret takes the address from rcx
    jne .Lnot_sysret
    shl rcx, 0x10                                           // a non-canonical address would fault in ring 0
    sar rcx, 0x10
    cmp rcx, r11
    jne .Lnot_sysret
    cmp qword ptr [rsp + PTREGS_cs], 0x33
    jne .Lnot_sysret
    mov r11, qword ptr [rsp + PTREGS_r11]
    cmp qword ptr [rsp + PTREGS_flags], r11                 // and the flags from r11
    jne .Lnot_sysret
    test r11, 0x10100                                       // sysret cannot restore RF and TF
    jnz .Lnot_sysret
    cmp qword ptr [rsp + PTREGS_ss], 0x2b
    jne .Lnot_sysret
    mov r10, qword ptr [rsp + PTREGS_r10]
    mov r9, qword ptr [rsp + PTREGS_r9]
    mov r8, qword ptr [rsp + PTREGS_r8]
    mov rax, qword ptr [rsp + PTREGS_ax]
    mov rdx, qword ptr [rsp + PTREGS_dx]
    mov rsi, qword ptr [rsp + PTREGS_si]
    mov rdi, qword ptr [rsp + PTREGS_di]
    mov rsp, qword ptr [rsp + PTREGS_sp]
    swapgs
    .byte 0x48                                              // REX.W: return to 64-bit code
    sysret
.Lnot_sysret:
    swapgs
    jmp restore_c_regs_and_iret
