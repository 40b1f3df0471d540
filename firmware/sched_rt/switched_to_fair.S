// static void switched_to_fair(struct rq *rq, struct task_struct *p)
// Source: Linux 4.8, kernel/sched/fair.c, switched_to_fair; its load average is not attached again, for it was not detached
// Entry: rdi rq, rsi p, which has become a fair task
// Exit:  the running task is marked for rescheduling if another may have to run
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
switched_to_fair:
    cmp dword ptr [rsi + TASK_on_rq], TASK_ON_RQ_QUEUED
    jne .Lout
    xor edx, edx
    cmp qword ptr [rdi + RQ_curr], rsi
    je resched_curr
    jmp check_preempt_curr
.Lout:
    ret
