// long do_msgsnd(int msqid, long mtype, void __user *mtext, size_t msgsz, int msgflg)
// Source: Linux 4.8, ipc/msg.c, do_msgsnd with ss_add, ss_del, pipelined_send and testmsg
// Entry: edi msqid, rsi mtype, rdx mtext, rcx msgsz, r8d msgflg
// Exit:  rax 0: the message is with a receiver, or on the queue; an error: it is freed
// Clobbers: caller-saved registers
// Lock: q_perm.lock is taken and released, not held while asleep; the receiver is woken under it
//@ state kernel
//
// rbx msq, rbp msg, r12 msgsz, r13 ns, r14 msr: the receiver looked at, r15 t: the one after it
.set .LS_IWUGO, 0x92
.set .LIPC_NOWAIT, 0x800
.set .LONE, 0x1
.set .LTASK_INTERRUPTIBLE, 0x1
.set .LSIGPENDING, 0x4
.set .LLIST_POISON1, 0xdead000000000100
.set .LLIST_POISON2, 0xdead000000000200
.set .Lmsqid, 0x0
.set .Lmsgflg, 0x4
.set .Lmtype, 0x8
.set .Lmss, 0x10                                            // struct msg_sender s
.set .Llast_reference, 0x28
.set .Lframe, 0x38
.set .Lrefcount, IPCRCU_refcount - IPCRCU__size             // of the queue: in the line before it
do_msgsnd:
    push r15
    push r14
    push r13
    push r12
    push rbp
    push rbx
    sub rsp, .Lframe
    mov rax, qword ptr gs:[PERCPU_current]
    mov rax, qword ptr [rax + TASK_nsproxy]
    mov r13, qword ptr [rax + NSPROXY_ipc_ns]               // ns
    mov eax, dword ptr [r13 + IPCNS_msg_ctlmax]
    cmp rcx, rax
    ja .Linvalid                                            // so is a size below 0: the limit has 32 bits
    test edi, edi
    js .Linvalid
    test rsi, rsi
    jle .Linvalid
    mov dword ptr [rsp + .Lmsqid], edi
    mov dword ptr [rsp + .Lmsgflg], r8d
    mov qword ptr [rsp + .Lmtype], rsi
    mov r12, rcx                                            // msgsz
    mov rdi, rdx
    mov rsi, rcx
    call load_msg
    cmp rax, -0x1000                                        // IS_ERR
    ja .Lreturn
    mov rbp, rax                                            // msg
    mov rax, qword ptr [rsp + .Lmtype]
    mov qword ptr [rbp + MSG_m_type], rax
    mov qword ptr [rbp + MSG_m_ts], r12

// rcu_read_lock: no instruction without CONFIG_PREEMPT_RCU; nor has rcu_read_unlock.
    lea rdi, [r13 + IPCNS_msg_ids_in_use]                   // &msg_ids(ns)
    mov esi, dword ptr [rsp + .Lmsqid]
    call ipc_obtain_object_check
    cmp rax, -0x1000                                        // IS_ERR
    ja .Lno_queue
    mov rbx, rax                                            // msq: q_perm is its first field, the lock q_perm's
    mov rdi, rax
    spin_lock
.Ltry:
    mov rdi, r13
    mov rsi, rbx
    mov edx, .LS_IWUGO
    call ipcperms
    test eax, eax
    jne .Ldenied
    cmp byte ptr [rbx + IPCP_deleted], 0x0                  // raced with RMID?
    jne .Lremoved
    mov rdi, rbx
    mov rsi, rbp
    mov edx, dword ptr [rsp + .Lmsgflg]
    call security_msg_queue_msgsnd
    test eax, eax
    jne .Lrefused
    mov rdx, qword ptr [rbx + MSQ_q_qbytes]
    mov rax, qword ptr [rbx + MSQ_q_cbytes]
    add rax, r12
    cmp rax, rdx
    ja .Lqueue_full
    mov rax, qword ptr [rbx + MSQ_q_qnum]
    inc rax
    cmp rax, rdx
    ja .Lqueue_full

    mov rax, qword ptr gs:[PERCPU_current]
    mov rax, qword ptr [rax + TASK_group_leader]            // task_tgid_vnr(current)
    mov rdi, qword ptr [rax + TASK_pids_pid]
    call pid_vnr
    mov dword ptr [rbx + MSQ_q_lspid], eax
    call get_seconds
    mov qword ptr [rbx + MSQ_q_stime], rax

// pipelined_send: the first receiver in line that wants this message.
    mov r14, qword ptr [rbx + MSQ_q_receivers + LIST_next]
    mov r15, qword ptr [r14 + MSR_r_list + LIST_next]
    lea rcx, [rbx + MSQ_q_receivers]
    cmp r14, rcx
    je .Lenqueue
.Lreceiver:
    mov eax, dword ptr [r14 + MSR_r_mode]
    cmp eax, 0x5                                            // SEARCH_NUMBER, the last mode
    ja do_msgsnd_no_match
    jmp qword ptr [do_msgsnd_testmsg + rax*8]
do_msgsnd_equal:
    mov rax, qword ptr [r14 + MSR_r_msgtype]
    cmp rax, qword ptr [rbp + MSG_m_type]
    je do_msgsnd_match
do_msgsnd_no_match:
    lea rcx, [rbx + MSQ_q_receivers]
    mov r14, r15
    mov r15, qword ptr [r15 + LIST_next]
    cmp r14, rcx
    jne .Lreceiver

// Nobody waits for it: to the end of the queue. The two counters are the namespace's, shared by all its queues.
.Lenqueue:
    lea rax, [rbx + MSQ_q_messages]
    mov rdx, qword ptr [rax + LIST_prev]
    mov qword ptr [rax + LIST_prev], rbp
    mov qword ptr [rbp + MSG_m_list + LIST_next], rax
    mov qword ptr [rbp + MSG_m_list + LIST_prev], rdx
    mov qword ptr [rdx + LIST_next], rbp
    add qword ptr [rbx + MSQ_q_cbytes], r12
    inc qword ptr [rbx + MSQ_q_qnum]
    lock add dword ptr [r13 + IPCNS_msg_bytes], r12d
    //@ event enqueued reg=rbp
    lock inc dword ptr [r13 + IPCNS_msg_hdrs]
    jmp .Lsent

do_msgsnd_notequal:
    mov rax, qword ptr [r14 + MSR_r_msgtype]
    cmp rax, qword ptr [rbp + MSG_m_type]
    je do_msgsnd_no_match
    jmp do_msgsnd_match
do_msgsnd_lessequal:
    mov rax, qword ptr [rbp + MSG_m_type]
    cmp rax, qword ptr [r14 + MSR_r_msgtype]
    jg do_msgsnd_no_match
do_msgsnd_match:
    mov rdi, rbx
    mov rsi, rbp
    mov rdx, qword ptr [r14 + MSR_r_tsk]
    mov rcx, qword ptr [r14 + MSR_r_msgtype]
    mov r8d, dword ptr [r14 + MSR_r_mode]
    call security_msg_queue_msgrcv
    test eax, eax
    jne do_msgsnd_no_match
    mov rax, qword ptr [r14 + MSR_r_list + LIST_next]       // list_del
    mov rdx, qword ptr [r14 + MSR_r_list + LIST_prev]
    mov qword ptr [rax + LIST_prev], rdx
    mov qword ptr [rdx + LIST_next], rax
    mov rax, .LLIST_POISON1
    mov qword ptr [r14 + MSR_r_list + LIST_next], rax
    mov rax, .LLIST_POISON2
    mov qword ptr [r14 + MSR_r_list + LIST_prev], rax
    mov rax, qword ptr [rbp + MSG_m_ts]
    cmp qword ptr [r14 + MSR_r_maxsize], rax
    jb .Ltoo_big

// Hand it over: from here to the last store to r_msg the receiver, once awake, spins.
    handoff_begin
    mov qword ptr [r14 + MSR_r_msg], 0x0
    mov rdi, qword ptr [r14 + MSR_r_tsk]
    xor edx, edx                                            // in our pid namespace
    xor esi, esi                                            // PIDTYPE_PID
    call __task_pid_nr_ns
    mov dword ptr [rbx + MSQ_q_lrpid], eax
    call get_seconds
    mov qword ptr [rbx + MSQ_q_rtime], rax
    mov rdi, qword ptr [r14 + MSR_r_tsk]
    call wake_up_process
    //@ point handoff_window
    //@ event handed_over reg=rbp
    mov qword ptr [r14 + MSR_r_msg], rbp                    // the last access to *msr: it is on the receiver's stack
    handoff_end
.Lsent:
    xor r12d, r12d                                          // err = 0
    xor ebp, ebp                                            // msg = NULL: it is no longer ours
.Lunlock:
    spin_unlock [rbx + IPCP_lock]

// rcu_read_unlock
.Lno_longer_reading:
    test rbp, rbp
    jne .Lfree_message
.Lfreed:
    movsxd rax, r12d
.Lreturn:
    add rsp, .Lframe
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    pop r15
    ret
.Lfree_message:
    mov rdi, rbp
    call free_msg
    jmp .Lfreed

// No room: wait for it. The state is set before the sender can be found on the list.
.Lqueue_full:
    test dword ptr [rsp + .Lmsgflg], .LIPC_NOWAIT
    jne .Lwould_block
    mov rax, qword ptr gs:[PERCPU_current]                  // ss_add
    mov qword ptr [rsp + .Lmss + MSS_tsk], rax
    mov qword ptr [rax + TASK_state], .LTASK_INTERRUPTIBLE
    lea rdx, [rsp + .Lmss + MSS_list]
    lea rcx, [rbx + MSQ_q_senders]
    mov rax, qword ptr [rbx + MSQ_q_senders + LIST_prev]
    mov qword ptr [rbx + MSQ_q_senders + LIST_prev], rdx
    mov qword ptr [rsp + .Lmss + MSS_list + LIST_next], rcx
    mov qword ptr [rsp + .Lmss + MSS_list + LIST_prev], rax
    mov qword ptr [rax + LIST_next], rdx
    mov eax, dword ptr [rbx + .Lrefcount]                   // ipc_rcu_getref: atomic_inc_not_zero
.Lreference:
    test eax, eax
    je .Lremoved
    lea edx, [rax + .LONE]
    lock cmpxchg dword ptr [rbx + .Lrefcount], edx
    jne .Lreference
    spin_unlock [rbx + IPCP_lock]
    call schedule
    mov rdi, rbx
    spin_lock
    lock dec dword ptr [rbx + .Lrefcount]                   // ipc_rcu_putref; what call_rcu frees stays until we have read it
    sete byte ptr [rsp + .Llast_reference]
    cmp byte ptr [rbx + IPCP_deleted], 0x0                  // raced with RMID?
    jne .Lremoved_in_sleep
    mov rax, qword ptr [rsp + .Lmss + MSS_list + LIST_next] // ss_del
    test rax, rax
    je .Loff_the_list
    mov rdx, qword ptr [rsp + .Lmss + MSS_list + LIST_prev]
    mov qword ptr [rax + LIST_prev], rdx
    mov qword ptr [rdx + LIST_next], rax
    mov rax, .LLIST_POISON1
    mov qword ptr [rsp + .Lmss + MSS_list + LIST_next], rax
    mov rax, .LLIST_POISON2
    mov qword ptr [rsp + .Lmss + MSS_list + LIST_prev], rax
.Loff_the_list:
    mov rax, qword ptr gs:[PERCPU_current]
    mov rax, qword ptr [rax + TASK_stack]
    test byte ptr [rax + TI_flags], .LSIGPENDING
    je .Ltry
    mov r12d, -0x202                                        // -ERESTARTNOHAND
    jmp .Lunlock

// The receiver's buffer is too small: it is told so, by way of NULL too, and the scan goes on.
.Ltoo_big:
    handoff_begin
    mov qword ptr [r14 + MSR_r_msg], 0x0
    mov rdi, qword ptr [r14 + MSR_r_tsk]
    call wake_up_process
    //@ point handoff_window
    mov qword ptr [r14 + MSR_r_msg], -0x7                   // -E2BIG; the last access to *msr
    handoff_end
    jmp do_msgsnd_no_match

.Linvalid:
    mov rax, -0x16                                          // -EINVAL
    jmp .Lreturn
.Lno_queue:
    mov r12d, eax                                           // err = PTR_ERR(msq)
    jmp .Lno_longer_reading
.Ldenied:
    mov r12d, -0xd                                          // -EACCES
    jmp .Lunlock
.Lremoved:
    mov r12d, -0x2b                                         // -EIDRM
    jmp .Lunlock
.Lrefused:
    mov r12d, eax                                           // what the hook said
    jmp .Lunlock
.Lwould_block:
    mov r12d, -0xb                                          // -EAGAIN
    jmp .Lunlock

// Whoever drops the last reference to a removed queue frees it, once it has read it.
.Lremoved_in_sleep:
    mov r12d, -0x2b                                         // -EIDRM
    spin_unlock [rbx + IPCP_lock]
    cmp byte ptr [rsp + .Llast_reference], 0x0
    je .Lno_longer_reading
    lea rdi, [rbx - IPCRCU__size]
    call msg_rcu_free
    jmp .Lno_longer_reading
