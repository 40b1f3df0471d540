// static struct task_struct *pick_next_task_rt(struct rq *rq, struct task_struct *prev)
// Source: Linux 4.8, kernel/sched/rt.c, pick_next_task_rt (19 instructions): there are no real-time tasks here
// Entry: rdi rq, rsi prev
// Exit:  rax 0
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
pick_next_task_rt:
    push rbp
    push rbx
    mov rbx, rdi                                            // rq
    mov rbp, rsi                                            // prev
    mov eax, dword ptr [rsi + TASK_prio]
    cmp dword ptr [rdi + RQ_rt_highest_prio_curr], eax      // need_pull_rt_task: prev is above all that wait
    jg .Lunsupported
    mov rax, qword ptr [rsi + TASK_sched_class]
    cmp rax, rt_sched_class
    je .Lunsupported                                        // would have to charge prev first
    cmp dword ptr [rdi + RQ_rt_queued], 0x0
    jne .Lqueued
    xor eax, eax
    pop rbx
    pop rbp
    ret
.Lqueued:
    mov rsi, rbp
    mov rdi, rbx
    call qword ptr [rax + SCLASS_put_prev_task]
.Lunsupported:
    //@ event unsupported
    ud2
