// asmlinkage __visible void preempt_schedule_irq(void)
// Source: Linux 4.8, kernel/sched/core.c, preempt_schedule_irq
// Entry: at the end of an interrupt that came into preemptible kernel code, a reschedule due; interrupts off
// Exit:  other tasks may have run; interrupts off
// Clobbers: caller-saved registers
// Lock: no raw lock held
//@ state scheduler
preempt_schedule_irq:
    preempt_disable
    sti
    mov edi, 0x1                                            // preempt = true
    //@ event preempted
    call __schedule
    cli
    preempt_enable_no_resched
    mov rax, qword ptr gs:[PERCPU_kernel_stack]
    test byte ptr [rax + TI_flags - THREAD__size], _TIF_NEED_RESCHED
    jnz preempt_schedule_irq
    ret
