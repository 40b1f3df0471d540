// static int check_kill_permission(int sig, struct task_struct *t)
// Source: Linux 4.8, kernel/signal.c, check_kill_permission with kill_ok_by_cred
// Entry: edi sig, rsi t
// Exit:  eax 0, or an error
// Clobbers: caller-saved registers
// Lock: rcu_read_lock is held (nothing, without CONFIG_PREEMPT_RCU)
//@ state kernel
.set .LNSIG, 0x40
check_kill_permission:
    cmp edi, .LNSIG                                         // valid_signal
    ja .Linvalid
    mov rax, qword ptr gs:[PERCPU_current]
    mov rcx, qword ptr [rax + TASK_group_leader]
    cmp rcx, qword ptr [rsi + TASK_group_leader]            // same_thread_group
    je .Lpermitted
    mov rax, qword ptr [rax + TASK_cred]
    mov rdx, qword ptr [rsi + TASK_cred]                    // tcred
    mov ecx, dword ptr [rax + CRED_euid]
    cmp ecx, dword ptr [rdx + CRED_suid]
    je .Lpermitted
    cmp ecx, dword ptr [rdx + CRED_uid]
    je .Lpermitted
    mov ecx, dword ptr [rax + CRED_uid]
    cmp ecx, dword ptr [rdx + CRED_suid]
    je .Lpermitted
    cmp ecx, dword ptr [rdx + CRED_uid]
    je .Lpermitted
    mov rdi, qword ptr [rdx + CRED_user_ns]
    mov esi, CAP_KILL
    call ns_capable
    test al, al
    jne .Lpermitted
    mov eax, -EPERM
    ret
.Lpermitted:
    xor eax, eax
    ret
.Linvalid:
    mov eax, -EINVAL
    ret
