// struct task_struct *pick_next_task_dl(struct rq *rq, struct task_struct *prev)
// Source: Linux 4.8, kernel/sched/deadline.c, pick_next_task_dl (21 instructions): there are no deadline tasks here
// Entry: rdi rq, rsi prev
// Exit:  rax 0
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
pick_next_task_dl:
    push rbp
    push rbx
    mov rbx, rdi                                            // rq
    mov rbp, rsi                                            // prev
    cmp dword ptr [rsi + TASK_prio], 0x0                    // need_pull_dl_task: prev is a deadline task
    jl .Lunsupported
    mov rax, qword ptr [rsi + TASK_sched_class]
    cmp rax, dl_sched_class
    je .Lunsupported                                        // would have to charge prev first
    cmp qword ptr [rdi + RQ_dl_nr_running], 0x0
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
