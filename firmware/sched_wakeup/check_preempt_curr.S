// void check_preempt_curr(struct rq *rq, struct task_struct *p, int flags)
// Source: Linux 4.8, kernel/sched/core.c, check_preempt_curr (51 instructions when the idle task runs, 22 when a fair one does)
// Entry: rdi rq, rsi p, edx wake flags
// Exit:  the running task is marked for rescheduling if p should run first
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
check_preempt_curr:
    push rbp
    push rbx
    mov rbx, rdi                                            // rq
    mov rax, qword ptr [rdi + RQ_curr]
    mov rcx, qword ptr [rsi + TASK_sched_class]
    mov r8, qword ptr [rax + TASK_sched_class]
    cmp rcx, r8
    jne .Lother_class
//@ event wakeup_to_running
    call qword ptr [rcx + SCLASS_check_preempt_curr]
    jmp .Lskip_clock
.Lother_class:
    mov rbp, stop_sched_class                               // from the highest class down: whose is found first
.Lnext_class:
    cmp rbp, r8
    je .Lskip_clock                                         // the running one's
    cmp rbp, rcx
    je .Lpreempt                                            // p's
    mov rbp, qword ptr [rbp + SCLASS_next]
    test rbp, rbp
    jnz .Lnext_class
    jmp .Lskip_clock
.Lpreempt:
// Two classes are in use: what a fair task preempts is the idle task.
//@ event wakeup_to_idle
    mov rdi, rbx
    call resched_curr
.Lskip_clock:
    mov rax, qword ptr [rbx + RQ_curr]
    cmp dword ptr [rax + TASK_on_rq], TASK_ON_RQ_QUEUED
    jne .Lout
    mov rax, qword ptr [rax + TASK_stack]
    test byte ptr [rax + TI_flags], _TIF_NEED_RESCHED
    jz .Lout
    or dword ptr [rbx + RQ_clock_skip_update], RQCF_REQ_SKIP // schedule() comes soon enough
.Lout:
    pop rbx
    pop rbp
    ret
