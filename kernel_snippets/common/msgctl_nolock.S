// static int msgctl_nolock(struct ipc_namespace *ns, int msqid, int cmd, int version, void __user *buf)
// Source: Linux 4.8, ipc/msg.c, msgctl_nolock with msq_obtain_object and copy_msqid_to_user; ipc/util.c, kernel_to_ipc64_perm.
//         The version is IPC_64, and not passed
// Entry: rdi ns, esi msqid, edx cmd: IPC_STAT, MSG_STAT, IPC_INFO or MSG_INFO; rcx buf
// Exit:  rax IPC_STAT: 0, MSG_STAT: the id, the others: the highest index in use; or an error
// Clobbers: caller-saved registers
// Lock: none but RCU's; IPC_INFO and MSG_INFO take msg_ids.rwsem for reading and release it
//@ state kernel
//
// rbx ns, then msq; rbp buf, r12d cmd, r13d success_return
.set .LMSGSSZ, 0x10
.set .LMSGSEG, 0xffff
.set .LMSGMAP, 0x4000
.set .LMSGPOOL, 0x7d000
.set .LMSGTQL, 0x4000
.set .Ltbuf, 0x0                                            // struct msqid64_ds, or struct msginfo
.set .Lframe, 0x78
msgctl_nolock:
    push r13
    push r12
    push rbp
    push rbx
    sub rsp, .Lframe
    mov rbx, rdi
    mov r12d, edx
    mov rbp, rcx
    cmp edx, IPC_INFO
    je .Linfo
    cmp edx, MSG_INFO
    je .Linfo
    mov r13d, esi                                           // msqid
    mov ecx, MSQID64__size / 0x8
    xor eax, eax
    lea rdi, [rsp + .Ltbuf]
    rep stosq                                               // memset(&tbuf)
    lea rdi, [rbx + IPCNS_msg_ids_in_use]                   // &msg_ids(ns)
    cmp r12d, MSG_STAT
    je .Lby_index
    call ipc_obtain_object_check
    xor r13d, r13d                                          // success_return
    jmp .Lobtained
.Lby_index:
    call ipc_obtain_object_idr
.Lobtained:
    IS_ERR rax, .Lout
    mov rdi, rbx
    mov rbx, rax                                            // msq
    cmp r12d, MSG_STAT
    cmove r13d, dword ptr [rax + IPCP_id]
    mov rsi, rax
    mov edx, S_IRUGO
    call ipcperms
    test eax, eax
    jne .Ldenied
    mov rdi, rbx
    mov esi, r12d
    call security_msg_queue_msgctl
    test eax, eax
    jne .Lrefused

    mov eax, dword ptr [rbx + IPCP_key]                     // kernel_to_ipc64_perm
    mov dword ptr [rsp + .Ltbuf + MSQID64_msg_perm + IPC64_key], eax
    mov eax, dword ptr [rbx + IPCP_uid]
    mov dword ptr [rsp + .Ltbuf + MSQID64_msg_perm + IPC64_uid], eax
    mov eax, dword ptr [rbx + IPCP_gid]
    mov dword ptr [rsp + .Ltbuf + MSQID64_msg_perm + IPC64_gid], eax
    mov eax, dword ptr [rbx + IPCP_cuid]
    mov dword ptr [rsp + .Ltbuf + MSQID64_msg_perm + IPC64_cuid], eax
    mov eax, dword ptr [rbx + IPCP_cgid]
    mov dword ptr [rsp + .Ltbuf + MSQID64_msg_perm + IPC64_cgid], eax
    movzx eax, word ptr [rbx + IPCP_mode]
    mov dword ptr [rsp + .Ltbuf + MSQID64_msg_perm + IPC64_mode], eax
    mov rax, qword ptr [rbx + IPCP_seq]
    mov word ptr [rsp + .Ltbuf + MSQID64_msg_perm + IPC64_seq], ax
    mov rax, qword ptr [rbx + MSQ_q_stime]
    mov qword ptr [rsp + .Ltbuf + MSQID64_msg_stime], rax
    mov rax, qword ptr [rbx + MSQ_q_rtime]
    mov qword ptr [rsp + .Ltbuf + MSQID64_msg_rtime], rax
    mov rax, qword ptr [rbx + MSQ_q_ctime]
    mov qword ptr [rsp + .Ltbuf + MSQID64_msg_ctime], rax
    mov rax, qword ptr [rbx + MSQ_q_cbytes]
    mov qword ptr [rsp + .Ltbuf + MSQID64_msg_cbytes], rax
    mov rax, qword ptr [rbx + MSQ_q_qnum]
    mov qword ptr [rsp + .Ltbuf + MSQID64_msg_qnum], rax
    mov rax, qword ptr [rbx + MSQ_q_qbytes]
    mov qword ptr [rsp + .Ltbuf + MSQID64_msg_qbytes], rax
    mov eax, dword ptr [rbx + MSQ_q_lspid]
    mov dword ptr [rsp + .Ltbuf + MSQID64_msg_lspid], eax
    mov eax, dword ptr [rbx + MSQ_q_lrpid]
    mov dword ptr [rsp + .Ltbuf + MSQID64_msg_lrpid], eax
    mov edx, MSQID64__size

// rcu_read_unlock
.Lcopy:
    mov rdi, rbp
    lea rsi, [rsp + .Ltbuf]
    call _copy_to_user
    test rax, rax
    jne .Lfault
    movsxd rax, r13d
.Lout:
    add rsp, .Lframe
    pop rbx
    pop rbp
    pop r12
    pop r13
    ret
.Ldenied:
    mov rax, -EACCES
    jmp .Lout
.Lfault:
    mov rax, -EFAULT
    jmp .Lout
.Lrefused:
    cdqe
    jmp .Lout

// The limits, and for MSG_INFO what is in use in place of three numbers that Linux no longer heeds.
.Linfo:
    xor edi, edi                                            // no queue
    mov esi, edx
    call security_msg_queue_msgctl
    test eax, eax
    jne .Lrefused
    mov dword ptr [rsp + .Ltbuf + MSGINFO_tail], eax        // memset(&msginfo): what no field below fills
    mov eax, dword ptr [rbx + IPCNS_msg_ctlmni]
    mov dword ptr [rsp + .Ltbuf + MSGINFO_msgmni], eax
    mov eax, dword ptr [rbx + IPCNS_msg_ctlmax]
    mov dword ptr [rsp + .Ltbuf + MSGINFO_msgmax], eax
    mov eax, dword ptr [rbx + IPCNS_msg_ctlmnb]
    mov dword ptr [rsp + .Ltbuf + MSGINFO_msgmnb], eax
    mov dword ptr [rsp + .Ltbuf + MSGINFO_msgssz], .LMSGSSZ
    mov word ptr [rsp + .Ltbuf + MSGINFO_tail], .LMSGSEG
    lea rdi, [rbx + IPCNS_msg_ids_rwsem]
    call down_read
    cmp r12d, MSG_INFO
    jne .Llimits
    mov eax, dword ptr [rbx + IPCNS_msg_ids_in_use]
    mov dword ptr [rsp + .Ltbuf + MSGINFO_msgpool], eax
    mov eax, dword ptr [rbx + IPCNS_msg_hdrs]
    mov dword ptr [rsp + .Ltbuf + MSGINFO_msgmap], eax
    mov eax, dword ptr [rbx + IPCNS_msg_bytes]
    mov dword ptr [rsp + .Ltbuf + MSGINFO_msgtql], eax
    jmp .Lmaxid
.Llimits:
    mov dword ptr [rsp + .Ltbuf + MSGINFO_msgmap], .LMSGMAP
    mov dword ptr [rsp + .Ltbuf + MSGINFO_msgpool], .LMSGPOOL
    mov dword ptr [rsp + .Ltbuf + MSGINFO_msgtql], .LMSGTQL
.Lmaxid:
    lea rdi, [rbx + IPCNS_msg_ids_in_use]
    call ipc_get_maxid
    xor r13d, r13d
    test eax, eax
    cmovns r13d, eax
    lea rdi, [rbx + IPCNS_msg_ids_rwsem]
    call up_read
    mov edx, MSGINFO__size
    jmp .Lcopy
