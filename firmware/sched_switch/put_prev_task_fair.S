// static void put_prev_task_fair(struct rq *rq, struct task_struct *prev)
// Source: Linux 4.8, kernel/sched/fair.c, put_prev_task_fair (18 instructions for two levels)
// Entry: rdi rq, rsi prev
// Exit:  no queue from prev's upward runs anything
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
put_prev_task_fair:
    push rbx
    lea rbx, [rsi + TASK_se]
.Llevel:
    mov rdi, qword ptr [rbx + SE_cfs_rq]
    mov rsi, rbx
    call put_prev_entity
    mov rbx, qword ptr [rbx + SE_parent]
    test rbx, rbx
    jnz .Llevel
    pop rbx
    ret
