// static void task_tick_idle(struct rq *rq, struct task_struct *curr, int queued)
// Source: Linux 4.8, kernel/sched/idle_task.c, task_tick_idle
// Entry: rdi rq, rsi curr, edx queued
// Exit:  nothing to do
// Clobbers: none
// Lock: rq->lock held
//@ state interrupt
task_tick_idle:
    ret
