// void activate_task(struct rq *rq, struct task_struct *p, int flags)
// Source: Linux 4.8, kernel/sched/core.c, activate_task with enqueue_task inlined (31 instructions with the clock's update)
// Entry: rdi rq, rsi p, edx flags (0x1 ENQUEUE_WAKEUP, 0x20 ENQUEUE_MIGRATED)
// Exit:  p is queued
// Clobbers: caller-saved registers
// Lock: rq->lock held
//@ state scheduler
activate_task:
    push r12
    push rbp
    push rbx
    mov rbx, rdi                                            // rq
    mov rbp, rsi                                            // p
    mov r12d, edx                                           // flags
    mov rax, qword ptr [rsi + TASK_state]
    test al, TASK_UNINTERRUPTIBLE                           // contributes to the load
    jnz .Luninterruptible
.Lcounted:
    call update_rq_clock
    mov rax, qword ptr [rbp + TASK_sched_class]
    mov edx, r12d
    mov rsi, rbp
    mov rdi, rbx
    pop rbx
    pop rbp
    pop r12
    jmp qword ptr [rax + SCLASS_enqueue_task]
.Luninterruptible:
    test dword ptr [rsi + TASK_flags], PF_FROZEN
    jnz .Lcounted
    test eax, TASK_NOLOAD
    jnz .Lcounted
    dec qword ptr [rdi + RQ_nr_uninterruptible]
    jmp .Lcounted
