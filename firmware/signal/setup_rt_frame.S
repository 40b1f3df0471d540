// static int setup_rt_frame(struct ksignal *ksig, struct pt_regs *regs)
// Source: Linux 4.8, arch/x86/kernel/signal.c, __setup_rt_frame and setup_sigcontext of 64-bit tasks. The frame is put together here
//         and copied out in one piece; it has no FPU state, which no task of this guest changes
// Entry: rdi ksig, rsi regs
// Exit:  eax 0: regs lead to the handler; else the user's stack cannot be written
// Clobbers: caller-saved registers
// Lock: none held
//@ state kernel
//
// rbp ksig, rbx regs, r12 the frame's place on the user's stack
.set .LRED_ZONE, 0x80
.set .Lframe, SIGFRAME__size
.set .LUSER_CS, 0x33
.set .LUSER_DS, 0x2b
setup_rt_frame:
    push r12
    push rbp
    push rbx
    sub rsp, .Lframe
    mov rbp, rdi
    mov rbx, rsi
    mov r12, qword ptr [rbx + PTREGS_sp]
    sub r12, .LRED_ZONE + SIGFRAME__size
    and r12, -0x10
    sub r12, 0x8                                            // as after a call
    mov rdi, rsp
    xor eax, eax
    mov ecx, SIGFRAME__size / 0x8
    rep stosq
    mov rax, qword ptr [rbp + KSIG_ka + SIGACT_restorer]
    mov qword ptr [rsp + SIGFRAME_pretcode], rax
    mov rax, qword ptr [rbx + PTREGS_r8]
    mov qword ptr [rsp + SIGFRAME_r8], rax
    mov rax, qword ptr [rbx + PTREGS_r9]
    mov qword ptr [rsp + SIGFRAME_r9], rax
    mov rax, qword ptr [rbx + PTREGS_r10]
    mov qword ptr [rsp + SIGFRAME_r10], rax
    mov rax, qword ptr [rbx + PTREGS_r11]
    mov qword ptr [rsp + SIGFRAME_r11], rax
    mov rax, qword ptr [rbx + PTREGS_r12]
    mov qword ptr [rsp + SIGFRAME_r12], rax
    mov rax, qword ptr [rbx + PTREGS_r13]
    mov qword ptr [rsp + SIGFRAME_r13], rax
    mov rax, qword ptr [rbx + PTREGS_r14]
    mov qword ptr [rsp + SIGFRAME_r14], rax
    mov rax, qword ptr [rbx + PTREGS_r15]
    mov qword ptr [rsp + SIGFRAME_r15], rax
    mov rax, qword ptr [rbx + PTREGS_di]
    mov qword ptr [rsp + SIGFRAME_di], rax
    mov rax, qword ptr [rbx + PTREGS_si]
    mov qword ptr [rsp + SIGFRAME_si], rax
    mov rax, qword ptr [rbx + PTREGS_bp]
    mov qword ptr [rsp + SIGFRAME_bp], rax
    mov rax, qword ptr [rbx + PTREGS_bx]
    mov qword ptr [rsp + SIGFRAME_bx], rax
    mov rax, qword ptr [rbx + PTREGS_dx]
    mov qword ptr [rsp + SIGFRAME_dx], rax
    mov rax, qword ptr [rbx + PTREGS_ax]
    mov qword ptr [rsp + SIGFRAME_ax], rax
    mov rax, qword ptr [rbx + PTREGS_cx]
    mov qword ptr [rsp + SIGFRAME_cx], rax
    mov rax, qword ptr [rbx + PTREGS_sp]
    mov qword ptr [rsp + SIGFRAME_sp], rax
    mov rax, qword ptr [rbx + PTREGS_ip]
    mov qword ptr [rsp + SIGFRAME_ip], rax
    mov rax, qword ptr [rbx + PTREGS_flags]
    mov qword ptr [rsp + SIGFRAME_flags], rax
    mov word ptr [rsp + SIGFRAME_cs], .LUSER_CS
    mov word ptr [rsp + SIGFRAME_ss], .LUSER_DS
    mov rax, qword ptr gs:[PERCPU_current]
    mov rax, qword ptr [rax + TASK_blocked]
    mov qword ptr [rsp + SIGFRAME_uc_sigmask], rax
    mov eax, dword ptr [rbp + KSIG_sig]
    mov dword ptr [rsp + SIGFRAME_si_signo], eax
    mov rdi, r12
    mov rsi, rsp
    mov edx, SIGFRAME__size
    call _copy_to_user
    test rax, rax
    jne .Lout
    mov edx, dword ptr [rbp + KSIG_sig]
    mov qword ptr [rbx + PTREGS_di], rdx                    // the handler's arguments: the signal,
    lea rdx, [r12 + SIGFRAME_si_signo]
    mov qword ptr [rbx + PTREGS_si], rdx                    // the siginfo
    lea rdx, [r12 + SIGFRAME_uc_flags]
    mov qword ptr [rbx + PTREGS_dx], rdx                    // and the context
    mov qword ptr [rbx + PTREGS_ax], 0x0
    mov rdx, qword ptr [rbp + KSIG_ka + SIGACT_handler]
    mov qword ptr [rbx + PTREGS_ip], rdx
    mov qword ptr [rbx + PTREGS_sp], r12
    mov qword ptr [rbx + PTREGS_cs], .LUSER_CS
    mov qword ptr [rbx + PTREGS_ss], .LUSER_DS
.Lout:
    add rsp, .Lframe
    pop rbx
    pop rbp
    pop r12
    ret
