// pid_t pid_vnr(struct pid *pid)
// Source: Linux 4.8, kernel/pid.c, pid_vnr with pid_nr_ns and task_active_pid_ns
// Entry: rdi pid, may be NULL
// Exit:  eax its number in the pid namespace of the current task, 0 if it has none there
// Clobbers: rax rcx rdx rdi
// Lock: any
//@ state kernel
pid_vnr:
    mov rax, qword ptr gs:[PERCPU_current]
    mov rax, qword ptr [rax + TASK_pids_pid]
    xor edx, edx                                            // ns, if the current task has no pid any more
    test rax, rax
    je .Lin_namespace
    mov ecx, dword ptr [rax + PID_level]
    shl rcx, 0x5                                            // struct upid: 0x20 bytes
    mov rdx, qword ptr [rax + rcx + PID_ns]
.Lin_namespace:
    xor eax, eax
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
