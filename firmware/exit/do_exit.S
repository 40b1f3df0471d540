// void __noreturn do_exit(long code)
// Source: Linux 4.8, kernel/exit.c, do_exit, of what this guest has: no parent waits, so the task is reaped at once
//         (release_task with __exit_signal and detach_pid); its task_struct stays with whoever holds the last reference
// Entry: edi code; interrupts on
// Exit:  never
// Clobbers: all
// Lock: none held
//@ state kernel
do_exit:
    //@ event task_exit
    mov rbx, qword ptr gs:[PERCPU_current]
    mov dword ptr [rbx + TASK_exit_code], edi
    or dword ptr [rbx + TASK_flags], PF_EXITING             // no more signals
    mov r12, qword ptr [rbx + TASK_sighand]
    cli
    lea rdi, [r12 + SIGHAND_siglock]
    call _raw_spin_lock
    mov rax, qword ptr [rbx + TASK_pids_node + HLIST_next]  // detach_pid: nobody finds the task any more
    mov rdx, qword ptr [rbx + TASK_pids_node + HLIST_pprev]
    mov qword ptr [rdx], rax
    test rax, rax
    je .Ldetached
    mov qword ptr [rax + HLIST_pprev], rdx
.Ldetached:
    mov qword ptr [rbx + TASK_sighand], 0x0
    raw_spin_unlock [r12 + SIGHAND_siglock]
    sti
    lock dec dword ptr [r12 + SIGHAND_count]                // the handlers stay where they are: nothing frees them
    mov dword ptr [rbx + TASK_exit_state], EXIT_DEAD        // nobody will wait for it
    mov qword ptr [rbx + TASK_state], TASK_DEAD             // schedule takes it off its queue
    call schedule
    //@ event unsupported
    ud2                                                     // a dead task was scheduled
