// static void freeque(struct ipc_namespace *ns, struct kern_ipc_perm *ipcp)
// Source: Linux 4.8, ipc/msg.c, freeque with msg_rmid, after "ipc/msg: implement lockless pipelined wakeups"
// Entry: rdi ns, rsi ipcp
// Exit:  the queue cannot be found any more, who slept on it has been woken, its messages are free; so is the queue itself once no
//        blocked sender has a reference any more
// Clobbers: caller-saved registers
// Lock: msg_ids.rwsem is held for writing; q_perm.lock is held and released, and the RCU read section left
//@ state kernel
//
// rbx msq, rbp msg, r12 ns, r13 t: the message after it
.set .Lwake_q, 0x0                                          // struct wake_q_head
.set .LWAKE_Q_TAIL, 0x1
.set .Lframe, 0x18
freeque:
    push r13
    push r12
    push rbp
    push rbx
    sub rsp, .Lframe
    mov r12, rdi
    mov rbx, rsi                                            // q_perm is the queue's first field
    lea rax, [rsp + .Lwake_q]
    mov qword ptr [rsp + .Lwake_q + WAKEQ_first], .LWAKE_Q_TAIL
    mov qword ptr [rsp + .Lwake_q + WAKEQ_lastp], rax
    mov rdi, rbx
    mov esi, -0x2b                                          // -EIDRM
    lea rdx, [rsp + .Lwake_q]
    call expunge_all
    lea rdi, [rbx + MSQ_q_senders]
    mov esi, 0x1
    call ss_wakeup
    lea rdi, [r12 + IPCNS_msg_ids_in_use]                   // &msg_ids(ns)
    mov rsi, rbx
    call ipc_rmid
    spin_unlock [rbx + IPCP_lock]
    lea rdi, [rsp + .Lwake_q]
    call wake_up_q

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
    add rsp, .Lframe
    pop rbx
    pop rbp
    pop r12
    pop r13
    ret
