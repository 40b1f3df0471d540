// void rt_mutex_setprio(struct task_struct *p, int prio)
// Source: Linux 4.8, kernel/sched/core.c, rt_mutex_setprio with check_class_changed, for tasks of the real-time and the fair class
// Entry: rdi p, esi prio; interrupts off
// Exit:  p has that priority, and the class that goes with it
// Clobbers: caller-saved registers
// Lock: p->pi_lock held; takes rq->lock inside it
//@ state scheduler
//
// rbx p, rbp rq, r12d prio, r13d oldprio, r14 the class before, r15 bit 0: queued, bit 1: running
rt_mutex_setprio:
    push r15
    push r14
    push r13
    push r12
    push rbp
    push rbx
    mov rbx, rdi
    mov r12d, esi
    call __task_rq_lock
    mov rbp, rax
    mov rdi, rax
    call update_rq_clock
    mov r13d, dword ptr [rbx + TASK_prio]
    mov r14, qword ptr [rbx + TASK_sched_class]
    xor r15d, r15d
    cmp dword ptr [rbx + TASK_on_rq], TASK_ON_RQ_QUEUED
    jne .Lnot_queued
    or r15d, 0x1
    xor edx, edx                                            // not to sleep
    mov rsi, rbx
    mov rdi, rbp
    call qword ptr [r14 + SCLASS_dequeue_task]
.Lnot_queued:
    cmp qword ptr [rbp + RQ_curr], rbx
    jne .Lnot_running
    or r15d, 0x2
    mov rsi, rbx
    mov rdi, rbp
    call qword ptr [r14 + SCLASS_put_prev_task]
.Lnot_running:
    mov rax, fair_sched_class
    cmp r12d, MAX_RT_PRIO
    jge .Lclass_known
    mov rax, rt_sched_class
.Lclass_known:
    mov qword ptr [rbx + TASK_sched_class], rax
    mov dword ptr [rbx + TASK_prio], r12d
    test r15d, 0x2
    jz .Lnot_current
    mov rdi, rbp
    call qword ptr [rax + SCLASS_set_curr_task]
.Lnot_current:
    test r15d, 0x1
    jz .Lqueued_again
    xor edx, edx
    mov eax, ENQUEUE_HEAD
    cmp r13d, r12d
    cmovl edx, eax                                          // lowered: it does not lose its turn among its equals
    mov rax, qword ptr [rbx + TASK_sched_class]
    mov rsi, rbx
    mov rdi, rbp
    call qword ptr [rax + SCLASS_enqueue_task]
.Lqueued_again:
    mov rax, qword ptr [rbx + TASK_sched_class]
    mov edx, r13d
    mov rsi, rbx
    mov rdi, rbp
    cmp rax, r14
    je .Lsame_class
    call qword ptr [rax + SCLASS_switched_to]
    jmp .Lout
.Lsame_class:
    call qword ptr [rax + SCLASS_prio_changed]
.Lout:
    raw_spin_unlock [rbp + RQ_lock]
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    pop r15
    ret
