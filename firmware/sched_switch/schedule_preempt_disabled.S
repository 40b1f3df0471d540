// void __sched schedule_preempt_disabled(void)
// Source: Linux 4.8, kernel/sched/core.c, schedule_preempt_disabled (14 instructions; schedule inlined, no preempt count)
// Entry: on the idle task, interrupts on
// Exit:  after this task has been chosen again; interrupts on
// Clobbers: caller-saved registers
// Lock: none held
//@ state scheduler
schedule_preempt_disabled:
    push rbx
    mov rbx, qword ptr gs:[PERCPU_current]
    cmp qword ptr [rbx + TASK_state], TASK_RUNNING          // the idle task is always runnable
    je .Lagain
    cmp qword ptr [rbx + TASK_pi_blocked_on], 0x0
    jne .Lagain
    cmp qword ptr [rbx + TASK_plug], 0x0
    jne .Lplugged
.Lagain:
    xor edi, edi                                            // preempt = false
    call __schedule
    mov rax, qword ptr gs:[PERCPU_kernel_stack]
    test byte ptr [rax + TI_flags - THREAD__size], _TIF_NEED_RESCHED
    jnz .Lagain
    pop rbx
    ret
.Lplugged:
    //@ event unsupported
    ud2
