// static void expunge_all(struct msg_queue *msq, int res, struct wake_q_head *wake_q)
// Source: Linux 5.13, ipc/msg.c, expunge_all, after "ipc/mqueue, msg, sem: avoid relying on a stack reference past its expiry" (a11ddb37bf36)
// Entry: rdi msq, esi res: -EIDRM for a queue that is removed, -EAGAIN to have everybody look again, rdx wake_q
// Exit:  every receiver is on the wake queue and has res in r_msg; nobody has left the list
// Clobbers: caller-saved registers
// Lock: q_perm.lock is held
//@ state kernel
//
// rbx msr, rbp t, r12 head of the list, r13 res, r14 wake_q, r15 r_tsk
expunge_all:
    push r15
    push r14
    push r13
    push r12
    push rbp
    push rbx
    movsxd r13, esi
    mov r14, rdx
    lea r12, [rdi + MSQ_q_receivers]
    mov rbx, qword ptr [r12 + LIST_next]
    cmp rbx, r12
    je .Lout
.Lreceiver:
    mov rbp, qword ptr [rbx + MSR_r_list + LIST_next]       // before r_msg lets the receiver go
    mov r15, qword ptr [rbx + MSR_r_tsk]                    // r_tsk
    lock inc dword ptr [r15 + TASK_usage]                   // get_task_struct
// smp_store_release: what the receiver is to see is stored before; x86 keeps stores in order
    //@ point handoff_window
    mov qword ptr [rbx + MSR_r_msg], r13                    // the last access to *msr
    mov rdi, r14
    mov rsi, r15
    call wake_q_add_safe
    mov rbx, rbp
    cmp rbp, r12
    jne .Lreceiver
.Lout:
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    pop r15
    ret
