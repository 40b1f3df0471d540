// static void put_prev_task_idle(struct rq *rq, struct task_struct *prev)
// Source: Linux 4.8, kernel/sched/idle_task.c, put_prev_task_idle (1 instruction)
// Entry: rdi rq, rsi prev
// Exit:  nothing to do
// Clobbers: none
// Lock: rq->lock held
//@ state scheduler
put_prev_task_idle:
    ret
