// long do_msgrcv(int msqid, void __user *buf, size_t bufsz, long msgtyp, int msgflg, long (*msg_handler)(void __user *, struct msg_msg *, size_t))
// Source: Linux 4.8, ipc/msg.c, do_msgrcv with convert_mode, prepare_copy, free_copy, find_msg, testmsg and ss_wakeup. What a
//         patch changes is an inline routine, in the folder of each variant
// Entry: edi msqid, rsi buf, rdx bufsz, rcx msgtyp, r8d msgflg, r9 msg_handler
// Exit:  rax bytes received, or an error
// Clobbers: caller-saved registers
// Lock: q_perm.lock is taken and released; not held while asleep, nor while r_msg is read without it
//@ state kernel
//
// rbx msq, r12 msg, r13 msgtyp, r14 bufsz, r15d mode. The frame is 16-aligned; msr_d, which senders write into, is on one line.
.set .Lns, 0x0
.set .Lbuf, 0x8
.set .Lmsg_handler, 0x10
.set .Lmaxsize, 0x18
.set .Lmsqid, 0x20                                          // with MSG_COPY, until the id is looked up
.set .Lmsgflg, 0x24                                         // with MSG_COPY, likewise
.set .Lnowait, .Lmsqid                                      // then msgflg & IPC_NOWAIT
.set .Lnoerror, .Lmsgflg                                    // and msgflg & MSG_NOERROR
.set .Lfound, 0x28
.set .Lcount, 0x30
.set .Lcopy_of, 0x38                                         // with MSG_COPY: the message that is filled
.set .Lmsr, 0x40                                            // struct msg_receiver msr_d: r_msgtype to r_msg on a second line
do_msgrcv_frame
.set .Lsaved, 0x28                                          // five registers below the frame pointer
do_msgrcv:
    push rbp
    mov rbp, rsp
    push r15
    push r14
    push r13
    push r12
    push rbx
    and rsp, -0x10
    sub rsp, FRAME__size
    mov rax, qword ptr gs:[PERCPU_current]
    mov rax, qword ptr [rax + TASK_nsproxy]
    mov rax, qword ptr [rax + NSPROXY_ipc_ns]
    mov qword ptr [rsp + .Lns], rax
    test edi, edi
    js .Linvalid
    test rdx, rdx
    js .Linvalid
    mov r14, rdx                                            // bufsz
    mov r13, rcx                                            // msgtyp
    mov qword ptr [rsp + .Lbuf], rsi
    mov qword ptr [rsp + .Lmsg_handler], r9
    mov qword ptr [rsp + .Lcopy_of], 0x0
    senders_WAKE_Q rsp + FRAME_wake_q
    test r8d, MSG_COPY
    jne .Lcopy

// convert_mode
    mov r15d, SEARCH_ANY
    test r13, r13
    je .Lconverted
    js .Lnegative
    xor r15d, r15d
    test r8d, MSG_EXCEPT
    setne r15b
    add r15d, SEARCH_EQUAL                                  // or SEARCH_NOTEQUAL
.Lconverted:
    mov ecx, r8d
    and ecx, IPC_NOWAIT
    mov dword ptr [rsp + .Lnowait], ecx
    and r8d, MSG_NOERROR
    mov dword ptr [rsp + .Lnoerror], r8d
    mov ecx, INT_MAX                                        // any length, it is cut
    cmove rcx, r14
    mov qword ptr [rsp + .Lmaxsize], rcx

// rcu_read_lock: no instruction without CONFIG_PREEMPT_RCU; nor has rcu_read_unlock.
    mov esi, edi
    lea rdi, [rax + IPCNS_msg_ids_in_use]                   // &msg_ids(ns)
    call ipc_obtain_object_check
    IS_ERR rax, .Lno_queue
    mov rbx, rax                                            // msq: q_perm is its first field, the lock q_perm's

.Ltry:
    mov rdi, qword ptr [rsp + .Lns]
    mov rsi, rbx
    mov edx, S_IRUGO
    call ipcperms
    test eax, eax
    jne .Ldenied
    mov rdi, rbx
    spin_lock
    cmp byte ptr [rbx + IPCP_deleted], 0x0                  // raced with RMID?
    jne .Lremoved

// find_msg
    mov r12, qword ptr [rbx + MSQ_q_messages + LIST_next]
    lea rax, [rbx + MSQ_q_messages]
    cmp r12, rax
    jne .Lsearch

// No message waiting: wait for one.
.Lno_message:
    cmp dword ptr [rsp + .Lnowait], 0x0
    jne .Lwould_block
    list_add_tail_local rsp + .Lmsr + MSR_r_list, rbx + MSQ_q_receivers
    mov rax, qword ptr gs:[PERCPU_current]
    mov qword ptr [rsp + .Lmsr + MSR_r_tsk], rax
    mov qword ptr [rsp + .Lmsr + MSR_r_msgtype], r13
    mov dword ptr [rsp + .Lmsr + MSR_r_mode], r15d
    mov rdx, qword ptr [rsp + .Lmaxsize]
    mov qword ptr [rsp + .Lmsr + MSR_r_maxsize], rdx
    mov qword ptr [rsp + .Lmsr + MSR_r_msg], -EAGAIN
    mov qword ptr [rax + TASK_state], TASK_INTERRUPTIBLE    // __set_current_state
    spin_unlock [rbx + IPCP_lock]
    call schedule

// Lockless receive
    lockless_receive r12, rsp + .Lmsr
    cmp r12, -EAGAIN
    je .Lwoken_for_nothing

// rcu_read_unlock; the message is ours alone.
.Lreceived:
    IS_ERR r12, .Lerror
    mov rdi, qword ptr [rsp + .Lbuf]
    mov rsi, r12
    mov rdx, r14
    call qword ptr [rsp + .Lmsg_handler]
    mov rbx, rax                                            // bufsz
    mov rdi, r12
    call free_msg
    mov rax, rbx
.Lreturn:
    lea rsp, [rbp - .Lsaved]
    pop rbx
    pop r12
    pop r13
    pop r14
    pop r15
    pop rbp
    ret

// Awake without a message: look again under the lock, where no sender can be half-way.
.Lwoken_for_nothing:
    mov rdi, rbx
    spin_lock
    //@ load r_msg
    mov r12, qword ptr [rsp + .Lmsr + MSR_r_msg]
    cmp r12, -EAGAIN
    jne .Lunlock
    list_del rsp + .Lmsr + MSR_r_list, rax, rdx
    mov rax, qword ptr gs:[PERCPU_current]
    mov rax, qword ptr [rax + TASK_stack]
    test byte ptr [rax + TI_flags], _TIF_SIGPENDING
    jne .Lsignal
    spin_unlock [rbx + IPCP_lock]
    jmp .Ltry

// find_msg, the queue not being empty: the first that matches; for SEARCH_LESSEQUAL the first of the lowest type.
.Lsearch:
    mov qword ptr [rsp + .Lfound], 0x0
    mov qword ptr [rsp + .Lcount], 0x0
.Lmessage:
    cmp r15d, SEARCH_NUMBER                                 // the last mode
    ja do_msgrcv_no_match
    mov eax, r15d
    jmp qword ptr [do_msgrcv_testmsg + rax*8]
do_msgrcv_equal:
    cmp r13, qword ptr [r12 + MSG_m_type]
    je do_msgrcv_match
do_msgrcv_no_match:
    mov r12, qword ptr [r12 + MSG_m_list + LIST_next]
    lea rax, [rbx + MSQ_q_messages]
    cmp r12, rax
    jne .Lmessage
    mov r12, qword ptr [rsp + .Lfound]
    test r12, r12
    je .Lno_message
    jmp .Ltake
do_msgrcv_notequal:
    cmp r13, qword ptr [r12 + MSG_m_type]
    je do_msgrcv_no_match
    jmp do_msgrcv_match
do_msgrcv_lessequal:
    cmp qword ptr [r12 + MSG_m_type], r13
    jg do_msgrcv_no_match
do_msgrcv_match:
    mov rdi, rbx
    mov rsi, r12
    mov rdx, qword ptr gs:[PERCPU_current]
    mov rcx, r13
    mov r8d, r15d
    call security_msg_queue_msgrcv
    test eax, eax
    jne do_msgrcv_no_match
    cmp r15d, SEARCH_LESSEQUAL
    jne .Lnumber
    mov rax, qword ptr [r12 + MSG_m_type]
    cmp rax, 0x1
    je .Ltake                                               // there is none lower
    lea r13, [rax - 0x1]
    mov qword ptr [rsp + .Lfound], r12
    jmp .Lcounted
.Lnumber:
    cmp r15d, SEARCH_NUMBER
    jne .Ltake
    cmp r13, qword ptr [rsp + .Lcount]
    je .Ltake
.Lcounted:
    inc qword ptr [rsp + .Lcount]
    jmp do_msgrcv_no_match

// Found: take it off the queue.
.Ltake:
    cmp r14, qword ptr [r12 + MSG_m_ts]
    jae .Lfits
    cmp dword ptr [rsp + .Lnoerror], 0x0
    je .Ltoo_big
.Lfits:
    mov rsi, qword ptr [rsp + .Lcopy_of]
    test rsi, rsi
    jne .Lcopy_it
    list_del r12 + MSG_m_list, rax, rdx
    dec qword ptr [rbx + MSQ_q_qnum]
    call get_seconds
    mov qword ptr [rbx + MSQ_q_rtime], rax
    mov rax, qword ptr gs:[PERCPU_current]
    mov rax, qword ptr [rax + TASK_group_leader]            // task_tgid_vnr(current)
    mov rdi, qword ptr [rax + TASK_pids_pid]
    call pid_vnr
    mov dword ptr [rbx + MSQ_q_lrpid], eax
    mov rax, qword ptr [r12 + MSG_m_ts]
    sub qword ptr [rbx + MSQ_q_cbytes], rax
    mov rdx, qword ptr [rsp + .Lns]
    lock sub dword ptr [rdx + IPCNS_msg_bytes], eax
    lock dec dword ptr [rdx + IPCNS_msg_hdrs]

// ss_wakeup: the senders that wait for room
    senders_of_receive rsp + FRAME_wake_q, .Lsenders
.Lunlock:
    spin_unlock [rbx + IPCP_lock]
    senders_wake_up_q rsp + FRAME_wake_q
    jmp .Lreceived
    senders_of_receive_loop rsp + .Lfound, .Lsenders, .Lunlock

.Lnegative:
    mov r15d, SEARCH_LESSEQUAL
    neg r13                                                 // the lowest number of all stays as it is, and finds nothing
    jmp .Lconverted

// prepare_copy: a message of the buffer's size, filled from the buffer to see that it is one.
.Lcopy:
    test r8d, MSG_EXCEPT
    jne .Linvalid
    test r8d, IPC_NOWAIT
    je .Linvalid
    mov dword ptr [rsp + .Lmsqid], edi
    mov dword ptr [rsp + .Lmsgflg], r8d
    mov esi, dword ptr [rax + IPCNS_msg_ctlmax]
    cmp rsi, r14
    cmova rsi, r14
    mov qword ptr [rsp + .Lcount], rsi
    mov rdi, qword ptr [rsp + .Lbuf]
    call load_msg
    IS_ERR rax, .Lreturn
    mov qword ptr [rsp + .Lcopy_of], rax
    mov rsi, qword ptr [rsp + .Lcount]
    mov qword ptr [rax + MSG_m_ts], rsi
    mov edi, dword ptr [rsp + .Lmsqid]
    mov r8d, dword ptr [rsp + .Lmsgflg]
    mov rax, qword ptr [rsp + .Lns]
    mov r15d, SEARCH_NUMBER
    jmp .Lconverted
.Lcopy_it:
    mov rdi, r12
    call copy_msg
    mov r12, rax
    jmp .Lunlock

.Lno_queue:
    mov r12, rax
    jmp .Lerror
.Ldenied:
    mov r12, -EACCES
    jmp .Lerror
.Lremoved:
    mov r12, -EIDRM
    jmp .Lunlock
.Lwould_block:
    mov r12, -ENOMSG
    jmp .Lunlock
.Ltoo_big:
    mov r12, -E2BIG
    jmp .Lunlock
.Lsignal:
    mov r12, -ERESTARTNOHAND
    jmp .Lunlock

// free_copy
.Lerror:
    mov rdi, qword ptr [rsp + .Lcopy_of]
    test rdi, rdi
    je .Lno_copy
    call free_msg
.Lno_copy:
    mov rax, r12
    jmp .Lreturn
.Linvalid:
    mov rax, -EINVAL
    jmp .Lreturn
