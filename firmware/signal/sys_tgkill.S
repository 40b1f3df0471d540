// long sys_tgkill(pid_t tgid, pid_t pid, int sig)
// Source: Linux 4.8, kernel/signal.c, SYSCALL_DEFINE3(tgkill) with do_tkill and do_send_specific
// Entry: edi tgid, esi pid, edx sig; 0 only asks whether it could be sent
// Exit:  rax 0, or an error
// Clobbers: caller-saved registers
// Lock: none held
//@ state kernel
sys_tgkill:
    push r13
    push r12
    push rbx
    test esi, esi
    jle .Linvalid
    test edi, edi
    jle .Linvalid
    mov r12d, edi                                           // tgid
    mov r13d, edx                                           // sig
    mov edi, esi
    call find_task_by_vpid
    test rax, rax
    je .Lno_task
    mov rbx, rax                                            // p
    mov rdi, qword ptr [rax + TASK_group_leader]            // task_tgid_vnr(p)
    mov rdi, qword ptr [rdi + TASK_pids_pid]
    call pid_vnr
    cmp eax, r12d
    jne .Lno_task
    mov edi, r13d
    mov rsi, rbx
    call check_kill_permission
    test eax, eax
    jne .Lout
    test r13d, r13d
    je .Lout                                                // the null signal
    mov edi, r13d
    mov rsi, rbx
    call do_send_sig_info
    xor eax, eax                                            // a task that is gone by now has got its signal before
.Lout:
    movsxd rax, eax
    pop rbx
    pop r12
    pop r13
    ret
.Linvalid:
    mov eax, -EINVAL
    jmp .Lout
.Lno_task:
    mov eax, -ESRCH
    jmp .Lout
