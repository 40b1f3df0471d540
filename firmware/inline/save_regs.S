// ALLOC_PT_GPREGS_ON_STACK; SAVE_C_REGS; SAVE_EXTRA_REGS
// Source: Linux 4.8, arch/x86/entry/calling.h
// Entry: rsp the frame from orig_ax on, which the caller has put there
// Exit:  rsp the complete struct pt_regs
// Clobbers: rsp, flags
// Lock: any
//@ inline save_regs
    sub rsp, PTREGS_orig_ax
    mov qword ptr [rsp + PTREGS_r11], r11
    mov qword ptr [rsp + PTREGS_r10], r10
    mov qword ptr [rsp + PTREGS_r9], r9
    mov qword ptr [rsp + PTREGS_r8], r8
    mov qword ptr [rsp + PTREGS_ax], rax
    mov qword ptr [rsp + PTREGS_cx], rcx
    mov qword ptr [rsp + PTREGS_dx], rdx
    mov qword ptr [rsp + PTREGS_si], rsi
    mov qword ptr [rsp + PTREGS_di], rdi
    mov qword ptr [rsp + PTREGS_r15], r15
    mov qword ptr [rsp + PTREGS_r14], r14
    mov qword ptr [rsp + PTREGS_r13], r13
    mov qword ptr [rsp + PTREGS_r12], r12
    mov qword ptr [rsp + PTREGS_bp], rbp
    mov qword ptr [rsp + PTREGS_bx], rbx
