// static int msgctl_down(struct ipc_namespace *ns, int msqid, int cmd, struct msqid_ds __user *buf)
// Source: Linux 4.8, ipc/msg.c, msgctl_down with copy_msqid_from_user. The version is IPC_64, and not passed. What a patch changes
//         is an inline routine, in the folder of each variant
// Entry: rdi ns, esi msqid, edx cmd: IPC_SET or IPC_RMID; rcx buf
// Exit:  rax 0, or an error
// Clobbers: caller-saved registers
// Lock: msg_ids.rwsem is taken for writing and released; inside it, q_perm.lock
//@ state kernel
//
// rbx ipcp and msq, rbp ns, r12d cmd, r13d msqid, then err
.set .Lmsqid64, 0x0                                         // struct msqid64_ds
msgctl_down_frame
msgctl_down:
    push r13
    push r12
    push rbp
    push rbx
    sub rsp, FRAME__size
    mov rbp, rdi
    mov r12d, edx
    mov r13d, esi
    cmp edx, IPC_SET
    jne .Ldown
    lea rdi, [rsp + .Lmsqid64]
    mov rsi, rcx
    mov edx, MSQID64__size
    call _copy_from_user
    test rax, rax
    jne .Lfault
.Ldown:
    lea rdi, [rbp + IPCNS_msg_ids_rwsem]
    call down_write

// rcu_read_lock
    mov rdi, rbp
    lea rsi, [rbp + IPCNS_msg_ids_in_use]                   // &msg_ids(ns)
    mov edx, r13d
    call ipcctl_pre_down_nolock
    mov r13d, eax                                           // err, if it is one
    IS_ERR rax, .Lup
    mov rbx, rax
    mov rdi, rax
    mov esi, r12d
    call security_msg_queue_msgctl
    mov r13d, eax                                           // err
    test eax, eax
    jne .Lup
    cmp r12d, IPC_SET
    je .Lset
    mov rdi, rbx
    spin_lock
    mov rdi, rbp
    mov rsi, rbx
    call freeque                                            // unlocks, and leaves the RCU read section
.Lup:
    lea rdi, [rbp + IPCNS_msg_ids_rwsem]
    call up_write
    movsxd rax, r13d
.Lout:
    add rsp, FRAME__size
    pop rbx
    pop rbp
    pop r12
    pop r13
    ret
.Lfault:
    mov rax, -EFAULT
    jmp .Lout

.Lset:
    mov eax, dword ptr [rbp + IPCNS_msg_ctlmnb]
    cmp qword ptr [rsp + .Lmsqid64 + MSQID64_msg_qbytes], rax
    ja .Lbeyond_limit
.Lallowed:
    mov rdi, rbx
    spin_lock
    receivers_WAKE_Q rsp + FRAME_wake_q
    lea rdi, [rsp + .Lmsqid64]                              // msg_perm is its first field
    mov rsi, rbx
    call ipc_update_perm
    mov r13d, eax                                           // err
    test eax, eax
    jne .Lunlock
    mov rax, qword ptr [rsp + .Lmsqid64 + MSQID64_msg_qbytes]
    mov qword ptr [rbx + MSQ_q_qbytes], rax
    call get_seconds
    mov qword ptr [rbx + MSQ_q_ctime], rax
    mov rdi, rbx                                            // stricter permissions may shut sleeping receivers out
    mov esi, -EAGAIN
    receivers_wake_q_argument rdx, rsp + FRAME_wake_q
    call expunge_all
    wake_senders rbx, rsp + FRAME_wake_q
.Lunlock:
    spin_unlock [rbx + IPCP_lock]
    receivers_wake_up_q rsp + FRAME_wake_q
    jmp .Lup                                                // rcu_read_unlock
.Lbeyond_limit:
    mov rdi, init_user_ns                                   // capable
    mov esi, CAP_SYS_RESOURCE
    call ns_capable
    test al, al
    jne .Lallowed
    mov r13d, -EPERM
    jmp .Lup
