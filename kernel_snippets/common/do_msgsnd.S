// long do_msgsnd(int msqid, long mtype, void __user *mtext, size_t msgsz, int msgflg)
// Source: Linux 4.8, ipc/msg.c, do_msgsnd with ss_add, ss_del, pipelined_send and testmsg. What a patch changes is an inline
//         routine, in the folder of each variant
// Entry: edi msqid, rsi mtype, rdx mtext, rcx msgsz, r8d msgflg
// Exit:  rax 0: the message is with a receiver, or on the queue; an error: it is freed
// Clobbers: caller-saved registers
// Lock: q_perm.lock is taken and released, not held while asleep; whether the receiver is woken under it is the variant's
//@ state kernel
//
// rbx msq, rbp msg, r12 msgsz, r13 ns, r14 msr: the receiver looked at, r15 t: the one after it
.set .Lmsqid, 0x0
.set .Lmsgflg, 0x4
.set .Lmtype, 0x8
do_msgsnd_frame                                             // FRAME_mss: struct msg_sender s
.set .Lrefcount, IPCRCU_refcount - IPCRCU__size             // of the queue: in the line before it
do_msgsnd:
    push r15
    push r14
    push r13
    push r12
    push rbp
    push rbx
    sub rsp, FRAME__size
    receivers_WAKE_Q rsp + FRAME_wake_q
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
    IS_ERR rax, .Lreturn
    mov rbp, rax                                            // msg
    mov rax, qword ptr [rsp + .Lmtype]
    mov qword ptr [rbp + MSG_m_type], rax
    mov qword ptr [rbp + MSG_m_ts], r12

// rcu_read_lock: no instruction without CONFIG_PREEMPT_RCU; nor has rcu_read_unlock.
    lea rdi, [r13 + IPCNS_msg_ids_in_use]                   // &msg_ids(ns)
    mov esi, dword ptr [rsp + .Lmsqid]
    call ipc_obtain_object_check
    IS_ERR rax, .Lno_queue
    mov rbx, rax                                            // msq: q_perm is its first field, the lock q_perm's
    mov rdi, rax
    spin_lock
.Ltry:
    mov rdi, r13
    mov rsi, rbx
    mov edx, S_IWUGO
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
    cmp eax, SEARCH_NUMBER                                  // the last mode
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
    list_add_tail rbp, rax, rdx
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
    list_del r14 + MSR_r_list, rax, rdx
    mov rax, qword ptr [rbp + MSG_m_ts]
    cmp qword ptr [r14 + MSR_r_maxsize], rax
    jb .Ltoo_big

// Hand it over.
    preempt_disable_rt
    clear_r_msg r14
    mov rdi, qword ptr [r14 + MSR_r_tsk]
    xor edx, edx                                            // in our pid namespace
    xor esi, esi                                            // PIDTYPE_PID
    call __task_pid_nr_ns
    mov dword ptr [rbx + MSQ_q_lrpid], eax
    call get_seconds
    mov qword ptr [rbx + MSQ_q_rtime], rax
    wake_receiver r14, rsp + FRAME_wake_q
    //@ point handoff_window
    //@ event handed_over reg=rbp
    mov qword ptr [r14 + MSR_r_msg], rbp                    // the last access to *msr: it is on the receiver's stack
    preempt_enable_rt
.Lsent:
    xor r12d, r12d                                          // err = 0
    xor ebp, ebp                                            // msg = NULL: it is no longer ours
.Lunlock:
    spin_unlock [rbx + IPCP_lock]
    receivers_wake_up_q rsp + FRAME_wake_q

// rcu_read_unlock
.Lno_longer_reading:
    test rbp, rbp
    jne .Lfree_message
.Lfreed:
    movsxd rax, r12d
.Lreturn:
    add rsp, FRAME__size
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
    test dword ptr [rsp + .Lmsgflg], IPC_NOWAIT
    jne .Lwould_block
    mov rax, qword ptr gs:[PERCPU_current]                  // ss_add
    mov qword ptr [rsp + FRAME_mss + MSS_tsk], rax
    note_msgsz rsp + FRAME_mss, r12
    mov qword ptr [rax + TASK_state], TASK_INTERRUPTIBLE    // __set_current_state
    list_add_tail_local rsp + FRAME_mss + MSS_list, rbx + MSQ_q_senders
    mov eax, dword ptr [rbx + .Lrefcount]                   // ipc_rcu_getref: atomic_inc_not_zero
.Lreference:
    test eax, eax
    je .Lremoved
    lea edx, [rax + 0x1]
    lock cmpxchg dword ptr [rbx + .Lrefcount], edx
    jne .Lreference
    spin_unlock [rbx + IPCP_lock]
    call schedule
    mov rdi, rbx
    spin_lock
    lock dec dword ptr [rbx + .Lrefcount]                   // ipc_rcu_putref; what call_rcu frees stays until we have read it
    sete byte ptr [rsp + FRAME_last_reference]
    cmp byte ptr [rbx + IPCP_deleted], 0x0                  // raced with RMID?
    jne .Lremoved_in_sleep
    mov rax, qword ptr [rsp + FRAME_mss + MSS_list + LIST_next] // ss_del
    test rax, rax
    je .Loff_the_list
    mov rdx, qword ptr [rsp + FRAME_mss + MSS_list + LIST_prev]
    __list_del rdx, rax
    list_poison rsp + FRAME_mss + MSS_list, rax
.Loff_the_list:
    mov rax, qword ptr gs:[PERCPU_current]
    mov rax, qword ptr [rax + TASK_stack]
    test byte ptr [rax + TI_flags], _TIF_SIGPENDING
    je .Ltry
    mov r12d, -ERESTARTNOHAND
    jmp .Lunlock

// The receiver's buffer is too small: it is told so, and the scan goes on.
.Ltoo_big:
    preempt_disable_rt
    clear_r_msg r14
    wake_receiver r14, rsp + FRAME_wake_q
    //@ point handoff_window
    mov qword ptr [r14 + MSR_r_msg], -E2BIG                 // the last access to *msr
    preempt_enable_rt
    jmp do_msgsnd_no_match

.Linvalid:
    mov rax, -EINVAL
    jmp .Lreturn
.Lno_queue:
    mov r12d, eax                                           // err = PTR_ERR(msq)
    jmp .Lno_longer_reading
.Ldenied:
    mov r12d, -EACCES
    jmp .Lunlock
.Lremoved:
    mov r12d, -EIDRM
    jmp .Lunlock
.Lrefused:
    mov r12d, eax                                           // what the hook said
    jmp .Lunlock
.Lwould_block:
    mov r12d, -EAGAIN
    jmp .Lunlock

// Whoever drops the last reference to a removed queue frees it, once it has read it.
.Lremoved_in_sleep:
    mov r12d, -EIDRM
    spin_unlock [rbx + IPCP_lock]
    receivers_wake_up_q rsp + FRAME_wake_q
    cmp byte ptr [rsp + FRAME_last_reference], 0x0
    je .Lno_longer_reading
    lea rdi, [rbx - IPCRCU__size]
    call msg_rcu_free
    jmp .Lno_longer_reading
