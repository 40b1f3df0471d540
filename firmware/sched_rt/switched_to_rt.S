// static void switched_to_rt(struct rq *rq, struct task_struct *p)
// Source: Linux 4.8, kernel/sched/rt.c, switched_to_rt without pushing
// Entry: rdi rq, rsi p, which has become a real-time task
// Exit:  the running task is marked for rescheduling if p waits and has a higher priority
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
switched_to_rt:
    cmp dword ptr [rsi + TASK_on_rq], TASK_ON_RQ_QUEUED
    jne .Lout
    cmp qword ptr [rdi + RQ_curr], rsi
    jne check_preempt_curr_rt
.Lout:
    ret
