// void do_syscall_64(struct pt_regs *regs)
// Source: Linux 4.8, arch/x86/entry/common.c, do_syscall_64
// Entry: rdi the complete frame, interrupts off
// Exit:  regs->ax the result, interrupts off, no work left for the return to user mode
// Clobbers: caller-saved registers
// Lock: none held
//@ state kernel
do_syscall_64:
    push rbx
    mov rbx, rdi                                            // regs
    sti
    test dword ptr [rbx + TI_flags + PTREGS__size - THREAD__size], _TIF_WORK_SYSCALL_ENTRY // tracing, audit, seccomp
    jnz .Ltraced
    mov rax, qword ptr [rbx + PTREGS_orig_ax]
    cmp rax, 0xea                                           // last entry of sys_call_table
    ja .Ldone
    mov rdi, qword ptr [rbx + PTREGS_di]
    mov rsi, qword ptr [rbx + PTREGS_si]
    mov rdx, qword ptr [rbx + PTREGS_dx]
    mov rcx, qword ptr [rbx + PTREGS_r10]
    mov r8, qword ptr [rbx + PTREGS_r8]
    mov r9, qword ptr [rbx + PTREGS_r9]
    call qword ptr [sys_call_table + rax*8]
    mov qword ptr [rbx + PTREGS_ax], rax
.Ldone:
    mov rdi, rbx
    pop rbx
    jmp syscall_return_slowpath
.Ltraced:
    //@ event unsupported
    ud2
