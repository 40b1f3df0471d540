// static void update_curr_rt(struct rq *rq)
// Source: Linux 4.8, kernel/sched/rt.c, update_curr_rt without RT bandwidth: throttling is not modelled
// Entry: rdi rq
// Exit:  the running task has been charged, if it is a real-time one
// Clobbers: rax rcx rdx
// Lock: rq->lock held
//@ state scheduler
update_curr_rt:
    mov rcx, qword ptr [rdi + RQ_curr]
    mov rax, qword ptr [rcx + TASK_sched_class]
    cmp rax, rt_sched_class
    jne .Lout
    mov rax, qword ptr [rdi + RQ_clock_task]
    mov rdx, rax
    sub rdx, qword ptr [rcx + TASK_se + SE_exec_start]
    jle .Lout
    add qword ptr [rcx + TASK_se + SE_sum_exec_runtime], rdx
    mov qword ptr [rcx + TASK_se + SE_exec_start], rax
.Lout:
    ret
