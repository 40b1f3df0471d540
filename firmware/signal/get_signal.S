// int get_signal(struct ksignal *ksig)
// Source: Linux 4.8, kernel/signal.c, get_signal with dequeue_signal, next_signal and collect_signal
// Entry: rdi ksig
// Exit:  eax 1: ksig is a signal with a handler, no longer pending; 0: there is none. Does not return to a task that is to end
// Clobbers: caller-saved registers
// Lock: takes current->sighand->siglock
//@ state kernel
//
// rbx ksig, rbp current, r12 sighand, r13 action, r14d signr
.set .LACTION, SIGHAND_action - SIGACT__size                // of signal 0
get_signal:
    push r14
    push r13
    push r12
    push rbp
    push rbx
    mov rbx, rdi
    mov rbp, qword ptr gs:[PERCPU_current]
    mov r12, qword ptr [rbp + TASK_sighand]
    cli
    lea rdi, [r12 + SIGHAND_siglock]
    call _raw_spin_lock
.Lnext:
    mov rax, qword ptr [rbp + TASK_blocked]
    not rax
    and rax, qword ptr [rbp + TASK_pending_signal]
    je .Lnone
    mov rcx, rax
    and rcx, SYNCHRONOUS_MASK                               // what an instruction caused comes first
    cmovne rax, rcx
    bsf rcx, rax
    lea r14d, [rcx + 0x1]
    btr qword ptr [rbp + TASK_pending_signal], rcx
    call recalc_sigpending
    mov r13d, r14d
    shl r13, 0x5                                            // SIGACT__size
    lea r13, [r12 + r13 + .LACTION]
    mov rax, qword ptr [r13 + SIGACT_handler]
    cmp rax, SIG_IGN
    je .Lnext
    test rax, rax
    je .Ldefault
    mov qword ptr [rbx + KSIG_ka + SIGACT_handler], rax
    mov rax, qword ptr [r13 + SIGACT_flags]
    mov qword ptr [rbx + KSIG_ka + SIGACT_flags], rax
    mov rcx, qword ptr [r13 + SIGACT_restorer]
    mov qword ptr [rbx + KSIG_ka + SIGACT_restorer], rcx
    mov rcx, qword ptr [r13 + SIGACT_mask]
    mov qword ptr [rbx + KSIG_ka + SIGACT_mask], rcx
    mov dword ptr [rbx + KSIG_sig], r14d
    test eax, SA_ONESHOT
    je .Lkept
    mov qword ptr [r13 + SIGACT_handler], 0x0
.Lkept:
    mov ebx, 0x1
    jmp .Lout
.Lnone:
    call recalc_sigpending
    xor ebx, ebx
.Lout:
    raw_spin_unlock [r12 + SIGHAND_siglock]
    sti
    mov eax, ebx
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    ret

// No handler: most signals end the task.
.Ldefault:
    lea ecx, [r14 - 0x1]
    mov eax, 0x1
    shl rax, cl
    test rax, SIG_KERNEL_IGNORE_MASK
    jne .Lnext
    test rax, SIG_KERNEL_STOP_MASK
    jne .Lstop
    raw_spin_unlock [r12 + SIGHAND_siglock]
    sti
    or dword ptr [rbp + TASK_flags], PF_SIGNALED
    mov edi, r14d
    call do_exit
.Lstop:
    //@ event unsupported
    ud2                                                     // nobody could let a stopped task go on: there is no SIGCONT here
