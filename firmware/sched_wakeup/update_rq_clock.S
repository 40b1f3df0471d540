// void update_rq_clock(struct rq *rq)
// Source: Linux 4.8, kernel/sched/core.c, update_rq_clock with update_rq_clock_task inlined
// Entry: rdi rq
// Exit:  rq->clock and rq->clock_task are up to now
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
update_rq_clock:
    test byte ptr [rdi + RQ_clock_skip_update], RQCF_ACT_SKIP
    jnz .Lskip
    push rbx
    mov rbx, rdi                                            // rq
    mov edi, dword ptr [rdi + RQ_cpu]
    call sched_clock_cpu
    sub rax, qword ptr [rbx + RQ_clock]
    js .Lbackwards
    add qword ptr [rbx + RQ_clock], rax
    add qword ptr [rbx + RQ_clock_task], rax                // interrupt time is not taken out: no IRQ_TIME_ACCOUNTING
.Lbackwards:
    pop rbx
.Lskip:
    ret
