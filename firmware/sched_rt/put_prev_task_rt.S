// static void put_prev_task_rt(struct rq *rq, struct task_struct *p)
// Source: Linux 4.8, kernel/sched/rt.c, put_prev_task_rt without pushable tasks
// Entry: rdi rq, rsi p
// Exit:  the running task has been charged; it keeps its place
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
put_prev_task_rt:
    jmp update_curr_rt
