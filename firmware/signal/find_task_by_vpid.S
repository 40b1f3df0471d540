// struct task_struct *find_task_by_vpid(pid_t vnr)
// Source: Linux 4.8, kernel/pid.c, find_task_by_vpid with find_pid_ns and pid_task; include/linux/hash.h, hash_64
// Entry: edi vnr, a number in the pid namespace of the caller
// Exit:  rax the task, or NULL
// Clobbers: rcx, rdx
// Lock: rcu_read_lock is held (nothing, without CONFIG_PREEMPT_RCU)
//@ state kernel
.set .LGOLDEN_RATIO_64, 0x61c8864680b583eb
.set .LSHIFT, 0x38                                          // 64 - pidhash_shift
.set .LUPID_SHIFT, 0x5
find_task_by_vpid:
    mov rax, qword ptr gs:[PERCPU_current]                  // task_active_pid_ns(current)
    mov rax, qword ptr [rax + TASK_pids_pid]
    mov ecx, dword ptr [rax + PID_level]
    shl rcx, .LUPID_SHIFT
    mov rdx, qword ptr [rax + rcx + PID_ns]                 // ns
    movsxd rax, edi
    add rax, rdx
    mov rcx, .LGOLDEN_RATIO_64
    imul rax, rcx
    shr rax, .LSHIFT
    mov rax, qword ptr [pid_hash + rax*8]
.Lnode:
    test rax, rax                                           // the pid_chain of a struct upid
    je .Lout
    cmp dword ptr [rax - UPID_pid_chain + UPID_nr], edi
    jne .Lnext
    cmp qword ptr [rax - UPID_pid_chain + UPID_ns], rdx
    je .Lfound
.Lnext:
    mov rax, qword ptr [rax]
    jmp .Lnode
.Lfound:
    mov ecx, dword ptr [rdx + PIDNS_level]
    shl rcx, .LUPID_SHIFT
    sub rax, rcx
    mov rax, qword ptr [rax - UPID_pid_chain - PID_nr + PID_tasks] // first of tasks[PIDTYPE_PID]
    test rax, rax
    je .Lout                                                // its task has gone
    sub rax, TASK_pids_node
.Lout:
    ret
