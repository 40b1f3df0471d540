// static void ttwu_do_activate(struct rq *rq, struct task_struct *p, int wake_flags)
// Source: Linux 4.8, kernel/sched/core.c, ttwu_do_activate with ttwu_activate inlined (30 instructions)
// Entry: rdi rq, rsi p, edx wake_flags
// Exit:  p is queued and running; the core is told if it should switch
// Clobbers: caller-saved registers
// Lock: rq->lock and p->pi_lock held
//@ state scheduler
ttwu_do_activate:
//@ event woken reg=rsi
    push r13
    push r12
    push rbp
    push rbx
    mov rbx, rdi                                            // rq
    mov rbp, rsi                                            // p
    mov r12d, edx                                           // wake_flags
    test byte ptr [rsi + TASK_sched_bits], 0x2              // sched_contributes_to_load
    jz .Lcounted
    dec qword ptr [rdi + RQ_nr_uninterruptible]
.Lcounted:
    mov eax, edx
    and eax, WF_MIGRATED
    cmp eax, 0x1
    sbb r13d, r13d                                          // all ones if it stays where it was
    and r13d, 0xffffffe0                                    // ENQUEUE_MIGRATED, 0x20, taken off again
    add r13d, ENQUEUE_WAKEUP | ENQUEUE_MIGRATED
    mov edx, r13d                                           // en_flags
    call activate_task
    mov dword ptr [rbp + TASK_on_rq], TASK_ON_RQ_QUEUED
    test byte ptr [rbp + TASK_flags], PF_WQ_WORKER
    jnz .Lworker
    mov edx, r12d
    mov rsi, rbp
    mov rdi, rbx
    pop rbx
    pop rbp
    pop r12
    pop r13
    jmp ttwu_do_wakeup
.Lworker:
// wq_worker_waking_up: there are no work queues here
    //@ event unsupported
    ud2
