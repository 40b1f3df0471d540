// struct task_struct *pick_next_task_dl(struct rq *rq, struct task_struct *prev)
// Source: Linux 4.8, kernel/sched/deadline.c, pick_next_task_dl (21 instructions): there are no deadline tasks here
// Entry: rdi rq, rsi prev
// Exit:  rax 0
// Clobbers: none else
// Lock: rq->lock held
//@ state scheduler
pick_next_task_dl:
    cmp dword ptr [rsi + TASK_prio], 0x0                    // need_pull_dl_task: prev was a deadline task
    jl .Lunsupported
    mov rax, dl_sched_class
    cmp qword ptr [rsi + TASK_sched_class], rax
    je .Lunsupported
    cmp qword ptr [rdi + RQ_dl_nr_running], 0x0
    jne .Lunsupported
    xor eax, eax
    ret
.Lunsupported:
    //@ event unsupported
    ud2
