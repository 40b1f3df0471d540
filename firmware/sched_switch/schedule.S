// asmlinkage __visible void __sched schedule(void)
// Source: Linux 4.8, kernel/sched/core.c, schedule (14 instructions) with sched_submit_work
// Entry: the state to sleep in is in current->state; interrupts on
// Exit:  after this task has been chosen again; interrupts on
// Clobbers: caller-saved registers
// Lock: none held
//@ state scheduler
schedule:
    push rbx
    mov rbx, qword ptr gs:[PERCPU_current]
    cmp qword ptr [rbx + TASK_state], TASK_RUNNING          // runnable: nothing to submit before sleeping
    je .Lagain
    cmp qword ptr [rbx + TASK_pi_blocked_on], 0x0
    jne .Lagain
    cmp qword ptr [rbx + TASK_plug], 0x0
    jne .Lplugged
.Lagain:
    preempt_disable
    xor edi, edi                                            // preempt = false
    call __schedule
    preempt_enable_no_resched
    mov rax, qword ptr gs:[PERCPU_kernel_stack]
    test byte ptr [rax + TI_flags - THREAD__size], _TIF_NEED_RESCHED
    jnz .Lagain
    pop rbx
    ret
.Lplugged:
    //@ event unsupported
    ud2
