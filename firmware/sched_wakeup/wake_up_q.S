// void wake_up_q(struct wake_q_head *head)
// Source: Linux 4.8, kernel/sched/core.c, wake_up_q (27 instructions for one task)
// Entry: rdi head
// Exit:  every task of the list has been woken and its reference dropped
// Clobbers: caller-saved registers
// Lock: none: that is the point of it
//@ state scheduler
wake_up_q:
    push rbp
    push rbx
    push r12
    mov rbx, qword ptr [rdi + WAKEQ_first]
    mov r12d, WAKE_Q_TAIL
    cmp rbx, r12
    je .Lout
.Lnext:
    lea rbp, [rbx - TASK_wake_q_next]                       // task
    mov rbx, qword ptr [rbx]                                // the next node, before this one is given back
    mov qword ptr [rbp + TASK_wake_q_next], 0x0
// The barrier of wake_up_process stands between next = NULL and whatever the task then does: pairs with wake_q_add
    mov rdi, rbp
    call wake_up_process
    lock dec dword ptr [rbp + TASK_usage]                   // put_task_struct
    jz .Lfree
    cmp rbx, r12
    jne .Lnext
.Lout:
    pop r12
    pop rbx
    pop rbp
    ret
.Lfree:
// __put_task_struct: tasks are never freed here
    //@ event unsupported
    ud2
