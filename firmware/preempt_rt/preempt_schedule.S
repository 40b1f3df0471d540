// asmlinkage __visible void preempt_schedule(void)
// Source: Linux 4.8, kernel/sched/core.c, preempt_schedule, preempt_schedule_common; without the lazy preemption of PREEMPT_RT
// Entry: the preempt count is zero: preemption enabled, a reschedule due
// Exit:  other tasks may have run, but with interrupts off: then the reschedule stays due
// Clobbers: caller-saved registers
// Lock: no raw lock held
//@ state scheduler
preempt_schedule:
    pushfq
    pop rax
    test ah, 0x2                                            // IF: preemptible() needs interrupts on
    jz .Lout
.Lagain:
    preempt_disable
    mov edi, 0x1                                            // preempt = true: whatever its state, the task stays queued
    //@ event preempted
    call __schedule
    preempt_enable_no_resched
    mov rax, qword ptr gs:[PERCPU_kernel_stack]
    test byte ptr [rax + TI_flags - THREAD__size], _TIF_NEED_RESCHED
    jnz .Lagain
.Lout:
    ret
