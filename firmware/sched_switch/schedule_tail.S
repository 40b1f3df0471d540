// asmlinkage __visible void schedule_tail(struct task_struct *prev)
// Source: Linux 4.8, kernel/sched/core.c, schedule_tail
// Entry: rdi prev, first instructions of a new task; interrupts off
// Exit:  interrupts on
// Clobbers: caller-saved registers
// Lock: releases rq->lock, which prev took
//@ state scheduler
schedule_tail:
    call finish_task_switch
    cmp qword ptr [rax + RQ_balance_callback], 0x0
    jne .Lunsupported
    preempt_enable
    mov rax, qword ptr gs:[PERCPU_current]
    cmp qword ptr [rax + TASK_set_child_tid], 0x0
    jne .Lunsupported
    ret
.Lunsupported:
    //@ event unsupported
    ud2
