// void do_signal(struct pt_regs *regs)
// Source: Linux 4.8, arch/x86/kernel/signal.c, do_signal with handle_signal and signal_setup_done
// Entry: rdi regs, complete; interrupts on
// Exit:  regs lead to a handler, to the interrupted system call again, or are unchanged
// Clobbers: caller-saved registers
// Lock: none held
//@ state kernel
.set .LNOT_FOR_HANDLERS, 0xfffffffffffefaff                 // DF, RF and TF cleared
.set .Lksig, 0x0
.set .Lframe, KSIG__size
do_signal:
    push rbp
    push rbx
    sub rsp, .Lframe
    mov rbx, rdi                                            // regs
    lea rdi, [rsp + .Lksig]
    call get_signal
    test eax, eax
    je .Lno_handler
    cmp qword ptr [rbx + PTREGS_orig_ax], 0x0
    jl .Lset_up                                             // not in a system call
    mov rax, qword ptr [rbx + PTREGS_ax]
    cmp rax, -ERESTARTNOHAND
    je .Linterrupted
    cmp rax, -ERESTARTSYS
    je .Lif_asked
    cmp rax, -ERESTARTNOINTR
    je .Lmake_again
.Lset_up:
    lea rdi, [rsp + .Lksig]
    mov rsi, rbx
    call setup_rt_frame
    test eax, eax
    jne .Lno_frame
    and qword ptr [rbx + PTREGS_flags], .LNOT_FOR_HANDLERS

// signal_delivered: the handler's own signal is blocked while it runs.
    mov rdi, qword ptr [rsp + .Lksig + KSIG_ka + SIGACT_mask]
    test dword ptr [rsp + .Lksig + KSIG_ka + SIGACT_flags], SA_NODEFER
    jne .Lblock
    mov ecx, dword ptr [rsp + .Lksig + KSIG_sig]
    dec ecx
    bts rdi, rcx
.Lblock:
    mov rax, qword ptr gs:[PERCPU_current]
    or rdi, qword ptr [rax + TASK_blocked]
    call set_current_blocked
.Lout:
    add rsp, .Lframe
    pop rbx
    pop rbp
    ret
.Lif_asked:
    test dword ptr [rsp + .Lksig + KSIG_ka + SIGACT_flags], SA_RESTART
    jne .Lmake_again
.Linterrupted:
    mov qword ptr [rbx + PTREGS_ax], -EINTR
    jmp .Lset_up
.Lmake_again:
    mov rax, qword ptr [rbx + PTREGS_orig_ax]
    mov qword ptr [rbx + PTREGS_ax], rax
    sub qword ptr [rbx + PTREGS_ip], 0x2                    // to the syscall instruction
    jmp .Lset_up

// Whoever was woken for nothing makes its call again.
.Lno_handler:
    cmp qword ptr [rbx + PTREGS_orig_ax], 0x0
    jl .Lout
    mov rax, qword ptr [rbx + PTREGS_ax]
    add rax, ERESTARTNOHAND                                 // -ERESTARTNOHAND 0, -ERESTARTNOINTR 1, -ERESTARTSYS 2
    cmp rax, 0x2
    ja .Lout
    mov rax, qword ptr [rbx + PTREGS_orig_ax]
    mov qword ptr [rbx + PTREGS_ax], rax
    sub qword ptr [rbx + PTREGS_ip], 0x2
    jmp .Lout
.Lno_frame:
    mov edi, SIGSEGV                                        // force_sigsegv: no stack to handle anything on
    call do_exit
