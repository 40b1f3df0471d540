// static int newque(struct ipc_namespace *ns, struct ipc_params *params)
// Source: Linux 4.8, ipc/msg.c, newque: msg_ops.getnew
// Entry: rdi ns, rsi params
// Exit:  eax the new queue's id, or an error
// Clobbers: caller-saved registers
// Lock: msg_ids.rwsem is held for writing; the queue's lock, taken by ipc_addid, is released
//@ state kernel
//
// rbx msq, rbp params, r12 ns
newque:
    push r12
    push rbp
    push rbx
    mov r12, rdi
    mov rbp, rsi
    mov edi, MSQ__size
    call ipc_rcu_alloc
    test rax, rax
    je .Lno_memory
    mov rbx, rax
    mov eax, dword ptr [rbp + IPCPARAMS_flg]
    and eax, S_IRWXUGO
    mov word ptr [rbx + IPCP_mode], ax
    mov eax, dword ptr [rbp + IPCPARAMS_key]
    mov dword ptr [rbx + IPCP_key], eax
    mov qword ptr [rbx + IPCP_security], 0x0
    mov rdi, rbx
    call security_msg_queue_alloc
    mov ebp, eax                                            // retval
    test eax, eax
    jne .Lrefused
    mov qword ptr [rbx + MSQ_q_stime], 0x0
    mov qword ptr [rbx + MSQ_q_rtime], 0x0
    call get_seconds
    mov qword ptr [rbx + MSQ_q_ctime], rax
    mov qword ptr [rbx + MSQ_q_cbytes], 0x0
    mov qword ptr [rbx + MSQ_q_qnum], 0x0
    mov eax, dword ptr [r12 + IPCNS_msg_ctlmnb]
    mov qword ptr [rbx + MSQ_q_qbytes], rax
    mov dword ptr [rbx + MSQ_q_lspid], 0x0
    mov dword ptr [rbx + MSQ_q_lrpid], 0x0
    lea rax, [rbx + MSQ_q_messages]
    mov qword ptr [rax + LIST_next], rax
    mov qword ptr [rax + LIST_prev], rax
    lea rax, [rbx + MSQ_q_receivers]
    mov qword ptr [rax + LIST_next], rax
    mov qword ptr [rax + LIST_prev], rax
    lea rax, [rbx + MSQ_q_senders]
    mov qword ptr [rax + LIST_next], rax
    mov qword ptr [rax + LIST_prev], rax
    lea rdi, [r12 + IPCNS_msg_ids_in_use]                   // &msg_ids(ns)
    mov rsi, rbx
    mov edx, dword ptr [r12 + IPCNS_msg_ctlmni]
    call ipc_addid
    mov ebp, eax                                            // id
    test eax, eax
    js .Lno_id
    spin_unlock [rbx + IPCP_lock]
    mov eax, dword ptr [rbx + IPCP_id]                      // IPC_RMID waits for msg_ids.rwsem: the queue is still there
.Lout:
    pop rbx
    pop rbp
    pop r12
    ret
.Lno_memory:
    mov eax, -ENOMEM
    jmp .Lout

// A queue that the hooks refused has no security blob to give back: the callback is ipc_rcu_free.
.Lrefused:
    lea rdi, [rbx - IPCRCU__size]
    call kfree
    mov eax, ebp
    jmp .Lout
.Lno_id:
    mov rdi, rbx
    call ipc_rcu_putref
    mov eax, ebp
    jmp .Lout
