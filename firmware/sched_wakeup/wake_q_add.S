// void wake_q_add(struct wake_q_head *head, struct task_struct *task)
// Source: Linux 4.8, kernel/sched/core.c, wake_q_add (11 instructions)
// Entry: rdi head, rsi task
// Exit:  task is on this list, or on another one that will wake it; a reference to it is held
// Clobbers: rax rcx rdx
// Lock: any
//@ state scheduler
wake_q_add:
    lea rdx, [rsi + TASK_wake_q_next]                       // node
    xor eax, eax
    mov ecx, WAKE_Q_TAIL
// cmpxchg that succeeds: what is to be seen by the task is stored before; the LOCK prefix is a full barrier
    lock cmpxchg qword ptr [rdx], rcx
    jne .Lqueued_elsewhere
    lock inc dword ptr [rsi + TASK_usage]                   // get_task_struct
    mov rax, qword ptr [rdi + WAKEQ_lastp]
    mov qword ptr [rax], rdx                                // the node before it, or head->first
    mov qword ptr [rdi + WAKEQ_lastp], rdx
.Lqueued_elsewhere:
    ret
