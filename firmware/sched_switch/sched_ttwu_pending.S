// void sched_ttwu_pending(void)
// Source: Linux 4.8, kernel/sched/core.c, sched_ttwu_pending (18 instructions with an empty list)
// Entry: none
// Exit:  tasks that cores of another cache domain left on the wake list are queued; within one domain there are none
// Clobbers: caller-saved registers
// Lock: takes and releases rq->lock if there are any
//@ state idle
sched_ttwu_pending:
    push r12
    push rbp
    push rbx
    mov rbx, qword ptr gs:[PERCPU_runqueue]
    xor ebp, ebp
    xchg qword ptr [rbx + RQ_wake_list], rbp                // llist_del_all
    test rbp, rbp
    jnz .Lpending
.Lout:
    pop rbx
    pop rbp
    pop r12
    ret
.Lpending:
    lea rdi, [rbx + RQ_lock]
    call _raw_spin_lock_irqsave
    mov r12, rax                                            // flags
.Lnext:
    lea rsi, [rbp - TASK_wake_entry]
    mov rbp, qword ptr [rbp]                                // before the task can be woken again
    xor edx, edx
    test byte ptr [rsi + TASK_sched_bits], 0x8              // sched_remote_wakeup
    jz .Lactivate
    mov edx, WF_MIGRATED
.Lactivate:
    mov rdi, rbx
    call ttwu_do_activate
    test rbp, rbp
    jnz .Lnext
    mov rsi, r12
    lea rdi, [rbx + RQ_lock]
    call _raw_spin_unlock_irqrestore
    jmp .Lout
