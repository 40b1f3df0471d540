// static void task_tick_rt(struct rq *rq, struct task_struct *p, int queued)
// Source: Linux 4.8, kernel/sched/rt.c, task_tick_rt for SCHED_FIFO, which has no time slice
// Entry: rdi rq, rsi p, edx queued
// Exit:  the running task has been charged
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state interrupt
task_tick_rt:
    jmp update_curr_rt
