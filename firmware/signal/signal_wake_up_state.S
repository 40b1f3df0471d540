// void signal_wake_up_state(struct task_struct *t, unsigned int state)
// Source: Linux 4.8, kernel/signal.c, signal_wake_up_state; kernel/sched/core.c, kick_process
// Entry: rdi t, esi states to wake from beside TASK_INTERRUPTIBLE
// Exit:  t looks at its signals before it is in user mode again
// Clobbers: caller-saved registers
// Lock: t->sighand->siglock is held
//@ state kernel
signal_wake_up_state:
    push rbx
    mov rbx, rdi
    mov rax, qword ptr [rdi + TASK_stack]
    lock or byte ptr [rax + TI_flags], _TIF_SIGPENDING
    or esi, TASK_INTERRUPTIBLE
    xor edx, edx                                            // wake_flags
    call try_to_wake_up
    test eax, eax
    jne .Lout

// kick_process: it was not asleep; on another core it may be in user mode, and has to come in.
    mov rax, qword ptr [rbx + TASK_stack]
    mov edi, dword ptr [rax + TI_cpu]
    cmp edi, dword ptr gs:[PERCPU_cpu_number]
    je .Lout
    mov rax, qword ptr [__per_cpu_offset + rdi*8]
    mov rax, qword ptr [rax + PERCPU_runqueue]
    cmp qword ptr [rax + RQ_curr], rbx
    jne .Lout
    call qword ptr [smp_ops + SMPOPS_smp_send_reschedule]
.Lout:
    pop rbx
    ret
