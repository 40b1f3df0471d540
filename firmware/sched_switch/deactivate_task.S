// void deactivate_task(struct rq *rq, struct task_struct *p, int flags)
// Source: Linux 4.8, kernel/sched/core.c, deactivate_task, dequeue_task with update_rq_clock inlined (31 instructions)
// Entry: rdi rq, rsi p, edx flags; interrupts off
// Exit:  p is on no queue; its on_rq is the caller's to clear
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
deactivate_task:
    push r12
    push rbp
    push rbx
    mov rbx, rdi                                            // rq
    mov rbp, rsi                                            // p
    mov r12d, edx                                           // flags
    mov rax, qword ptr [rsi + TASK_state]
    test al, TASK_UNINTERRUPTIBLE
    jz .Lno_load
    test dword ptr [rsi + TASK_flags], PF_FROZEN
    jnz .Lno_load
    test ah, 0x4                                            // TASK_NOLOAD
    jnz .Lno_load
    inc qword ptr [rbx + RQ_nr_uninterruptible]
.Lno_load:
    test byte ptr [rbx + RQ_clock_skip_update], RQCF_ACT_SKIP
    jnz .Lclock_read
    mov edi, dword ptr [rbx + RQ_cpu]
    call sched_clock_cpu
    sub rax, qword ptr [rbx + RQ_clock]
    js .Lclock_read                                         // the clock went back
    add qword ptr [rbx + RQ_clock], rax
    add qword ptr [rbx + RQ_clock_task], rax
.Lclock_read:
    mov rax, qword ptr [rbp + TASK_sched_class]
    mov edx, r12d
    mov rsi, rbp
    mov rdi, rbx
    pop rbx
    pop rbp
    pop r12
    jmp qword ptr [rax + SCLASS_dequeue_task]
