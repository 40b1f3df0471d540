// static void freeque(struct ipc_namespace *ns, struct kern_ipc_perm *ipcp)
// Source: Linux 4.8, ipc/msg.c, freeque with msg_rmid. What a patch changes is an inline routine, in the folder of each variant
// Entry: rdi ns, rsi ipcp
// Exit:  the queue cannot be found any more, who slept on it has been woken, its messages are free; so is the queue itself once no
//        blocked sender has a reference any more
// Clobbers: caller-saved registers
// Lock: msg_ids.rwsem is held for writing; q_perm.lock is held and released, and the RCU read section left
//@ state kernel
//
// rbx msq, rbp msg, r12 ns, r13 t: the message after it
freeque:
    push r13
    push r12
    push rbp
    push rbx
    freeque_enter
    mov r12, rdi
    mov rbx, rsi                                            // q_perm is the queue's first field
    receivers_WAKE_Q rsp + FRAME_wake_q
    mov rdi, rbx
    mov esi, -EIDRM
    receivers_wake_q_argument rdx, rsp + FRAME_wake_q
    call expunge_all
    kill_senders rbx, rsp + FRAME_wake_q
    lea rdi, [r12 + IPCNS_msg_ids_in_use]                   // &msg_ids(ns)
    mov rsi, rbx
    call ipc_rmid
    spin_unlock [rbx + IPCP_lock]
    receivers_wake_up_q rsp + FRAME_wake_q

// rcu_read_unlock. Nobody else changes the list any more.
    mov rbp, qword ptr [rbx + MSQ_q_messages + LIST_next]
    lea rax, [rbx + MSQ_q_messages]
    cmp rbp, rax
    je .Lno_messages
.Lmessage:
    mov r13, qword ptr [rbp + MSG_m_list + LIST_next]
    lock dec dword ptr [r12 + IPCNS_msg_hdrs]
    mov rdi, rbp
    call free_msg
    lea rax, [rbx + MSQ_q_messages]
    mov rbp, r13
    cmp r13, rax
    jne .Lmessage
.Lno_messages:
    mov eax, dword ptr [rbx + MSQ_q_cbytes]
    lock sub dword ptr [r12 + IPCNS_msg_bytes], eax
    mov rdi, rbx
    call ipc_rcu_putref
    freeque_leave
    pop rbx
    pop rbp
    pop r12
    pop r13
    ret
