// void wake_q_add_safe(struct wake_q_head *head, struct task_struct *task)
// Source: Linux 5.6, kernel/sched/core.c, wake_q_add_safe with __wake_q_add
// Entry: rdi head, rsi task, to which the caller holds a reference
// Exit:  task is on this list, which has the reference now; or on another one that will wake it, and the reference is given back
// Clobbers: rax rcx rdx
// Lock: any
//@ state scheduler
wake_q_add_safe:
    lea rdx, [rsi + TASK_wake_q_next]                       // node
    xor eax, eax
    mov ecx, WAKE_Q_TAIL
// cmpxchg that succeeds: what is to be seen by the task is stored before; the LOCK prefix is a full barrier
    lock cmpxchg qword ptr [rdx], rcx
    jne .Lqueued_elsewhere
    mov rax, qword ptr [rdi + WAKEQ_lastp]
    mov qword ptr [rax], rdx                                // the node before it, or head->first
    mov qword ptr [rdi + WAKEQ_lastp], rdx
    ret
.Lqueued_elsewhere:
    lock dec dword ptr [rsi + TASK_usage]                   // put_task_struct
    jz .Lfree
    ret
.Lfree:
// __put_task_struct: tasks are never freed here
    //@ event unsupported
    ud2
