// static int msgctl_down(struct ipc_namespace *ns, int msqid, int cmd, struct msqid_ds __user *buf)
// Source: Linux 4.9, ipc/msg.c, msgctl_down with copy_msqid_from_user. The version is IPC_64, and not passed
// Entry: rdi ns, esi msqid, edx cmd: IPC_SET or IPC_RMID; rcx buf
// Exit:  rax 0, or an error
// Clobbers: caller-saved registers
// Lock: msg_ids.rwsem is taken for writing and released; inside it, q_perm.lock
//@ state kernel
//
// rbx ipcp and msq, rbp ns, r12d cmd, r13d msqid, then err
.set .LIPC_SET, 0x1
.set .LCAP_SYS_RESOURCE, 0x18
.set .Lmsqid64, 0x0                                         // struct msqid64_ds
.set .Lwake_q, 0x78                                         // struct wake_q_head
.set .LWAKE_Q_TAIL, 0x1
.set .Lframe, 0x88
msgctl_down:
    push r13
    push r12
    push rbp
    push rbx
    sub rsp, .Lframe
    mov rbp, rdi
    mov r12d, edx
    mov r13d, esi
    cmp edx, .LIPC_SET
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
    cmp rax, -0x1000                                        // IS_ERR
    ja .Lup
    mov rbx, rax
    mov rdi, rax
    mov esi, r12d
    call security_msg_queue_msgctl
    mov r13d, eax                                           // err
    test eax, eax
    jne .Lup
    cmp r12d, .LIPC_SET
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
    add rsp, .Lframe
    pop rbx
    pop rbp
    pop r12
    pop r13
    ret
.Lfault:
    mov rax, -0xe                                           // -EFAULT
    jmp .Lout

.Lset:
    mov eax, dword ptr [rbp + IPCNS_msg_ctlmnb]
    cmp qword ptr [rsp + .Lmsqid64 + MSQID64_msg_qbytes], rax
    ja .Lbeyond_limit
.Lallowed:
    mov rdi, rbx
    spin_lock
    lea rax, [rsp + .Lwake_q]
    mov qword ptr [rsp + .Lwake_q + WAKEQ_first], .LWAKE_Q_TAIL
    mov qword ptr [rsp + .Lwake_q + WAKEQ_lastp], rax
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
    mov esi, -0xb                                           // -EAGAIN
    lea rdx, [rsp + .Lwake_q]
    call expunge_all
    mov rdi, rbx
    lea rsi, [rsp + .Lwake_q]
    xor edx, edx
    call ss_wakeup
.Lunlock:
    spin_unlock [rbx + IPCP_lock]
    lea rdi, [rsp + .Lwake_q]
    call wake_up_q
    jmp .Lup                                                // rcu_read_unlock
.Lbeyond_limit:
    mov rdi, init_user_ns                                   // capable
    mov esi, .LCAP_SYS_RESOURCE
    call ns_capable
    test al, al
    jne .Lallowed
    mov r13d, -0x1                                          // -EPERM
    jmp .Lup
