// static void set_curr_task_fair(struct rq *rq)
// Source: Linux 4.8, kernel/sched/fair.c, set_curr_task_fair: for a running task that comes back from the real-time class
// Entry: rdi rq
// Exit:  on every level the running task's entity is the one that runs
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
set_curr_task_fair:
    push rbx
    mov rbx, qword ptr [rdi + RQ_curr]
    add rbx, TASK_se
.Llevel:
    mov rsi, rbx
    mov rdi, qword ptr [rbx + SE_cfs_rq]
    call set_next_entity
    mov rbx, qword ptr [rbx + SE_parent]
    test rbx, rbx
    jnz .Llevel
    pop rbx
    ret
