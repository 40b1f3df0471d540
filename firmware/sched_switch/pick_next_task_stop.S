// static struct task_struct *pick_next_task_stop(struct rq *rq, struct task_struct *prev)
// Source: Linux 4.8, kernel/sched/stop_task.c, pick_next_task_stop (12 instructions)
// Entry: rdi rq, rsi prev
// Exit:  rax the core's stopper if it has been woken, else 0
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
pick_next_task_stop:
    push rbp
    push rbx
    mov rbp, rdi                                            // rq
    mov rbx, qword ptr [rdi + RQ_stop]
    test rbx, rbx
    jz .Lnone
    cmp dword ptr [rbx + TASK_on_rq], TASK_ON_RQ_QUEUED
    jne .Lnone
    mov rax, qword ptr [rsi + TASK_sched_class]
    call qword ptr [rax + SCLASS_put_prev_task]
    mov rax, qword ptr [rbp + RQ_clock_task]
    mov qword ptr [rbx + TASK_se + SE_exec_start], rax
    mov rax, rbx
    pop rbx
    pop rbp
    ret
.Lnone:
    xor eax, eax
    pop rbx
    pop rbp
    ret
