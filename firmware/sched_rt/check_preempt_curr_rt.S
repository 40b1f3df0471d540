// static void check_preempt_curr_rt(struct rq *rq, struct task_struct *p, int flags)
// Source: Linux 4.8, kernel/sched/rt.c, check_preempt_curr_rt; equal priorities do not preempt each other
// Entry: rdi rq, rsi p
// Exit:  the running task is marked for rescheduling if p has a higher priority
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
check_preempt_curr_rt:
    mov rax, qword ptr [rdi + RQ_curr]
    mov ecx, dword ptr [rsi + TASK_prio]
    cmp ecx, dword ptr [rax + TASK_prio]
    jl resched_curr
    ret
