// static struct task_struct *pick_next_task_idle(struct rq *rq, struct task_struct *prev)
// Source: Linux 4.8, kernel/sched/idle_task.c, pick_next_task_idle (7 instructions)
// Entry: rdi rq, rsi prev
// Exit:  rax the idle task
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
pick_next_task_idle:
    push rbx
    mov rbx, rdi
    mov rax, qword ptr [rsi + TASK_sched_class]
    call qword ptr [rax + SCLASS_put_prev_task]
    mov rax, qword ptr [rbx + RQ_idle]
    pop rbx
    ret
