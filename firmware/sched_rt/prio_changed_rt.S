// static void prio_changed_rt(struct rq *rq, struct task_struct *p, int oldprio)
// Source: Linux 4.8, kernel/sched/rt.c, prio_changed_rt without pulling
// Entry: rdi rq, rsi p, edx oldprio
// Exit:  the running task is marked for rescheduling if it no longer has the highest priority
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
prio_changed_rt:
    cmp dword ptr [rsi + TASK_on_rq], TASK_ON_RQ_QUEUED
    jne .Lout
    cmp qword ptr [rdi + RQ_curr], rsi
    jne check_preempt_curr_rt
    mov ecx, dword ptr [rsi + TASK_prio]
    cmp ecx, dword ptr [rdi + RQ_rt_highest_prio_curr]
    jg resched_curr
.Lout:
    ret
