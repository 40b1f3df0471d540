// static void set_curr_task_rt(struct rq *rq)
// Source: Linux 4.8, kernel/sched/rt.c, set_curr_task_rt
// Entry: rdi rq
// Exit:  the running task's time as a real-time task begins
// Clobbers: rax rcx
// Lock: rq->lock held
//@ state scheduler
set_curr_task_rt:
    mov rax, qword ptr [rdi + RQ_curr]
    mov rcx, qword ptr [rdi + RQ_clock_task]
    mov qword ptr [rax + TASK_se + SE_exec_start], rcx
    ret
