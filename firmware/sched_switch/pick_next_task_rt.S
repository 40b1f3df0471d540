// static struct task_struct *pick_next_task_rt(struct rq *rq, struct task_struct *prev)
// Source: Linux 4.8, kernel/sched/rt.c, pick_next_task_rt (19 instructions): there are no real-time tasks here
// Entry: rdi rq, rsi prev
// Exit:  rax 0
// Clobbers: none else
// Lock: rq->lock held
//@ state scheduler
pick_next_task_rt:
    mov eax, dword ptr [rsi + TASK_prio]
    cmp dword ptr [rdi + RQ_rt_highest_prio_curr], eax      // need_pull_rt_task: prev was above all that wait
    jg .Lunsupported
    mov rax, rt_sched_class
    cmp qword ptr [rsi + TASK_sched_class], rax
    je .Lunsupported
    cmp dword ptr [rdi + RQ_rt_queued], 0x0
    jne .Lunsupported
    xor eax, eax
    ret
.Lunsupported:
    //@ event unsupported
    ud2
