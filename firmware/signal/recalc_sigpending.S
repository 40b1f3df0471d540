// void recalc_sigpending(void)
// Source: Linux 4.8, kernel/signal.c, recalc_sigpending, recalc_sigpending_tsk
// Entry: nothing
// Exit:  TIF_SIGPENDING of this task says whether a signal is pending that is not blocked
// Clobbers: rax, rcx
// Lock: current->sighand->siglock is held
//@ state kernel
.set .LNOT_SIGPENDING, 0xfb
recalc_sigpending:
    mov rax, qword ptr gs:[PERCPU_current]
    mov rcx, qword ptr [rax + TASK_blocked]
    not rcx
    and rcx, qword ptr [rax + TASK_pending_signal]
    mov rax, qword ptr [rax + TASK_stack]
    jne .Lpending
    lock and byte ptr [rax + TI_flags], .LNOT_SIGPENDING
    ret
.Lpending:
    lock or byte ptr [rax + TI_flags], _TIF_SIGPENDING
    ret
