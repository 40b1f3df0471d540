// static void noinline __sched rt_spin_lock_slowlock(struct rt_mutex *lock)
// Source: PREEMPT_RT (4.4.70-rt83), kernel/locking/rtmutex.c, rt_spin_lock_slowlock with adaptive_wait. saved_state is left out: no
//         caller here takes a lock with its state set to sleep, which is checked
// Entry: rdi lock; preemption enabled
// Exit:  the lock is ours
// Clobbers: caller-saved registers
// Lock: taken; wait_lock is taken and released with interrupts off, pi_lock inside it
//@ state kernel
//
// rbx lock, rbp self, r12 flags, r13 the lock's owner as it was
rt_spin_lock_slowlock:
    push r13
    push r12
    push rbp
    push rbx
    sub rsp, RTWAITER__size
    mov rbx, rdi
    mov rbp, qword ptr gs:[PERCPU_current]
    lea rdi, [rbx + RTMUTEX_wait_lock]
    call _raw_spin_lock_irqsave
    mov r12, rax                                            // flags
    cmp qword ptr [rbx + RTMUTEX_waiters + LIST_next], 0x0  // init_lists: the first to wait for it
    jne .Llist_there
    lea rax, [rbx + RTMUTEX_waiters]
    mov qword ptr [rax + LIST_next], rax
    mov qword ptr [rax + LIST_prev], rax
.Llist_there:
    xor edx, edx                                            // not waiting yet
    mov rsi, rbp
    mov rdi, rbx
    call try_to_take_rt_mutex
    test eax, eax
    jnz .Ltaken
    cmp qword ptr [rbp + TASK_state], TASK_RUNNING
    jne .Lunsupported
    mov qword ptr [rbp + TASK_state], TASK_UNINTERRUPTIBLE
    mov rdx, rsp                                            // waiter
    mov rsi, rbp
    mov rdi, rbx
    //@ event lock_slept_for reg=rbx
    call task_blocks_on_rt_mutex
.Lwait:
    mov rdx, rsp
    mov rsi, rbp
    mov rdi, rbx
    call try_to_take_rt_mutex
    test eax, eax
    jnz .Lours
    mov r13, qword ptr [rbx + RTMUTEX_owner]
    and r13, -0x2                                           // rt_mutex_owner
    mov rax, qword ptr [rbx + RTMUTEX_waiters + LIST_next]  // the first waiter's entry.list
    sub rax, RTWAITER_entry + PLIST_list
    cmp rax, rsp
    sete al
    movzx eax, al
    neg rax
    and r13, rax                                            // only the first waiter watches the owner
    mov rsi, r12
    lea rdi, [rbx + RTMUTEX_wait_lock]
    call _raw_spin_unlock_irqrestore
    test r13, r13
    jz .Lsleep
// adaptive_wait: an owner that runs on another core will soon be done
.Ladaptive:
    mov rax, qword ptr [rbx + RTMUTEX_owner]
    and rax, -0x2
    cmp rax, r13
    jne .Lawake
    cmp dword ptr [r13 + TASK_on_cpu], 0x0
    je .Lsleep
    pause
    jmp .Ladaptive
.Lsleep:
    call schedule
.Lawake:
    lea rdi, [rbx + RTMUTEX_wait_lock]
    call _raw_spin_lock_irqsave
    mov r12, rax
    lea rdi, [rbp + TASK_pi_lock]
    call _raw_spin_lock
    mov qword ptr [rbp + TASK_state], TASK_UNINTERRUPTIBLE
    raw_spin_unlock [rbp + TASK_pi_lock]
    jmp .Lwait
.Lours:
    lea rdi, [rbp + TASK_pi_lock]
    call _raw_spin_lock
    mov qword ptr [rbp + TASK_state], TASK_RUNNING
    raw_spin_unlock [rbp + TASK_pi_lock]
.Ltaken:
    mov rsi, r12
    lea rdi, [rbx + RTMUTEX_wait_lock]
    call _raw_spin_unlock_irqrestore
    add rsp, RTWAITER__size
    pop rbx
    pop rbp
    pop r12
    pop r13
    ret
.Lunsupported:
    //@ event unsupported
    ud2
