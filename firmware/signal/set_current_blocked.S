// void set_current_blocked(sigset_t newset)
// Source: Linux 4.8, kernel/signal.c, set_current_blocked, __set_task_blocked
// Entry: rdi newset
// Exit:  these signals wait, but for SIGKILL and SIGSTOP; TIF_SIGPENDING is right again
// Clobbers: caller-saved registers
// Lock: takes current->sighand->siglock
//@ state kernel
.set .LNEVER_BLOCKED, 0xfffffffffffbfeff                    // all but SIGKILL and SIGSTOP
set_current_blocked:
    push rbp
    push rbx
    mov rbx, rdi
    and rbx, .LNEVER_BLOCKED
    mov rbp, qword ptr gs:[PERCPU_current]
    cli
    mov rdi, qword ptr [rbp + TASK_sighand]
    add rdi, SIGHAND_siglock
    call _raw_spin_lock
    mov qword ptr [rbp + TASK_blocked], rbx
    call recalc_sigpending
    mov rax, qword ptr [rbp + TASK_sighand]
    raw_spin_unlock [rax + SIGHAND_siglock]
    sti
    pop rbx
    pop rbp
    ret
