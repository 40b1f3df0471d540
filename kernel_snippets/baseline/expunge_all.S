// static void expunge_all(struct msg_queue *msq, int res)
// Source: Linux 4.8, ipc/msg.c, expunge_all
// Entry: rdi msq, esi res: -EIDRM for a queue that is removed, -EAGAIN to have everybody look again
// Exit:  every receiver has been woken, and found NULL or finds res in r_msg; nobody has left the list
// Clobbers: caller-saved registers
// Lock: q_perm.lock is held
//@ state kernel
//
// rbx msr, rbp t, r12 head of the list, r13 res
expunge_all:
    push r13
    push r12
    push rbp
    push rbx
    movsxd r13, esi
    lea r12, [rdi + MSQ_q_receivers]
    mov rbx, qword ptr [r12 + LIST_next]
    cmp rbx, r12
    je .Lout
.Lreceiver:
    mov rbp, qword ptr [rbx + MSR_r_list + LIST_next]       // before r_msg lets the receiver go
    preempt_disable_rt
    mov qword ptr [rbx + MSR_r_msg], 0x0                    // a receiver that runs now waits for what comes below
    mov rdi, qword ptr [rbx + MSR_r_tsk]
    call wake_up_process
// smp_wmb: r_msg is stored after the wakeup; x86 keeps stores in order
    //@ point handoff_window
    mov qword ptr [rbx + MSR_r_msg], r13                    // the last access to *msr
    preempt_enable_rt
    mov rbx, rbp
    cmp rbp, r12
    jne .Lreceiver
.Lout:
    pop rbx
    pop rbp
    pop r12
    pop r13
    ret
