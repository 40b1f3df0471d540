// pid_t __task_pid_nr_ns(struct task_struct *task, enum pid_type type, struct pid_namespace *ns)
// Source: Linux 4.8, kernel/pid.c, __task_pid_nr_ns with pid_nr_ns
// Entry: rdi task, esi type (0 PIDTYPE_PID, 1 PGID, 2 SID), rdx namespace or NULL for that of the current task
// Exit:  eax the number, 0 if there is none
// Clobbers: rax rcx rdx rsi rdi
// Lock: rcu_read_lock, which is nothing without CONFIG_PREEMPT_RCU
//@ state kernel
__task_pid_nr_ns:
    test rdx, rdx
    jne .Lhave_namespace
    mov rax, qword ptr gs:[PERCPU_current]
    mov rax, qword ptr [rax + TASK_pids_pid]
    test rax, rax
    je .Lhave_namespace
    mov ecx, dword ptr [rax + PID_level]
    shl rcx, 0x5                                            // struct upid: 0x20 bytes
    mov rdx, qword ptr [rax + rcx + PID_ns]
.Lhave_namespace:
    xor eax, eax
    cmp qword ptr [rdi + TASK_pids_pid], 0x0                // pid_alive
    je .Lout
    test esi, esi
    je .Lown
    mov rdi, qword ptr [rdi + TASK_group_leader]            // process group and session are the leader's
.Lown:
    mov esi, esi
    lea rsi, [rsi + rsi*2]                                  // struct pid_link: 0x18 bytes
    mov rdi, qword ptr [rdi + rsi*8 + TASK_pids_pid]
    test rdi, rdi
    je .Lout
    mov ecx, dword ptr [rdx + PIDNS_level]
    cmp ecx, dword ptr [rdi + PID_level]
    ja .Lout                                                // the namespace is below the pid's
    shl rcx, 0x5
    add rdi, rcx
    cmp rdx, qword ptr [rdi + PID_ns]
    jne .Lout
    mov eax, dword ptr [rdi + PID_nr]
.Lout:
    ret
