// int do_send_sig_info(int sig, struct task_struct *p)
// Source: Linux 4.8, kernel/signal.c, do_send_sig_info with lock_task_sighand, prepare_signal, sig_ignored, __send_signal and
//         complete_signal, for one thread. No siginfo is queued: a signal below 32 is pending once, and its number is all it says
// Entry: edi sig, rsi p
// Exit:  eax 0: the signal is pending, or of no interest to p; -ESRCH: p is gone
// Clobbers: caller-saved registers
// Lock: takes p->sighand->siglock, and p->pi_lock inside it
//@ state kernel
//
// rbx p, ebp sig, r12 sighand, r13 saved flags, r14 the signal's bit
.set .LSIGKILL_BIT, 0x100
.set .LACTION, SIGHAND_action - SIGACT__size + SIGACT_handler // of signal 0
do_send_sig_info:
    push r14
    push r13
    push r12
    push rbp
    push rbx
    mov ebp, edi
    mov rbx, rsi
.Llock:
    mov r12, qword ptr [rbx + TASK_sighand]
    test r12, r12
    je .Lgone
    lea rdi, [r12 + SIGHAND_siglock]
    call _raw_spin_lock_irqsave
    mov r13, rax
    cmp r12, qword ptr [rbx + TASK_sighand]
    jne .Lchanged
    lea ecx, [rbp - 0x1]
    mov r14d, 0x1
    shl r14, cl

// sig_ignored: one that is blocked may get a handler before it is delivered.
    mov eax, ebp
    shl rax, 0x5                                            // SIGACT__size
    mov rax, qword ptr [r12 + rax + .LACTION]               // handler
    test qword ptr [rbx + TASK_blocked], r14
    jne .Lof_interest
    cmp rax, SIG_IGN
    je .Lsent
    test rax, rax
    jne .Lof_interest
    test r14, SIG_KERNEL_IGNORE_MASK
    jne .Lsent
.Lof_interest:
    test qword ptr [rbx + TASK_pending_signal], r14         // legacy_queue: pending already
    jne .Lsent
    or qword ptr [rbx + TASK_pending_signal], r14

// complete_signal, wants_signal
    test qword ptr [rbx + TASK_blocked], r14
    jne .Lsent
    test dword ptr [rbx + TASK_flags], PF_EXITING
    jne .Lsent
    cmp ebp, SIGKILL
    je .Lfatal
    mov rcx, qword ptr [rbx + TASK_stack]
    test byte ptr [rcx + TI_flags], _TIF_SIGPENDING
    je .Lwanted
    mov ecx, dword ptr [rcx + TI_cpu]                       // task_curr
    mov rcx, qword ptr [__per_cpu_offset + rcx*8]
    mov rcx, qword ptr [rcx + PERCPU_runqueue]
    cmp qword ptr [rcx + RQ_curr], rbx
    jne .Lsent                                              // on its way to a signal as it is
.Lwanted:
    xor esi, esi
    test rax, rax
    jne .Lwake                                              // it has a handler
    mov ecx, SIG_KERNEL_IGNORE_MASK | SIG_KERNEL_COREDUMP_MASK | SIG_KERNEL_STOP_MASK
    test r14, rcx
    jne .Lwake
.Lfatal:
    or qword ptr [rbx + TASK_pending_signal], .LSIGKILL_BIT
    mov esi, TASK_WAKEKILL
.Lwake:
    mov rdi, rbx
    call signal_wake_up_state
.Lsent:
    lea rdi, [r12 + SIGHAND_siglock]
    mov rsi, r13
    call _raw_spin_unlock_irqrestore
    xor eax, eax
.Lout:
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    ret
.Lchanged:
    lea rdi, [r12 + SIGHAND_siglock]
    mov rsi, r13
    call _raw_spin_unlock_irqrestore
    jmp .Llock
.Lgone:
    mov eax, -ESRCH
    jmp .Lout
