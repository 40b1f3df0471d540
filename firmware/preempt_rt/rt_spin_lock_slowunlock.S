// static void noinline __sched rt_spin_lock_slowunlock(struct rt_mutex *lock)
// Source: PREEMPT_RT (4.4.70-rt83), kernel/locking/rtmutex.c, rt_spin_lock_slowunlock, unlock_rt_mutex_safe, mark_wakeup_next_waiter,
//         wake_up_lock_sleeper, rt_mutex_adjust_prio
// Entry: rdi lock, which this task owns
// Exit:  the lock is free for its first waiter, who has been woken; this task has its own priority again
// Clobbers: caller-saved registers
// Lock: released; wait_lock is taken and released with interrupts off, pi_lock inside it
//@ state kernel
//
// rbx lock, rbp self, r12 flags, r13 the first waiter's task
rt_spin_lock_slowunlock:
    push r13
    push r12
    push rbp
    push rbx
    mov rbx, rdi
    mov rbp, qword ptr gs:[PERCPU_current]
.Lagain:
    lea rdi, [rbx + RTMUTEX_wait_lock]
    call _raw_spin_lock_irqsave
    mov r12, rax                                            // flags
    lea rcx, [rbx + RTMUTEX_waiters]
    mov r13, qword ptr [rcx + LIST_next]
    cmp r13, rcx
    je .Lnobody_waits
    lea rdi, [rbp + TASK_pi_lock]
    call _raw_spin_lock
    lea rdi, [r13 - PLIST_list + RTWAITER_pi_entry - RTWAITER_entry]    // nothing to inherit from it any more
    call plist_del
    mov r13, qword ptr [r13 - PLIST_list + RTWAITER_task - RTWAITER_entry]
    mov qword ptr [rbx + RTMUTEX_owner], 0x1                // free, but not for the fast path
    raw_spin_unlock [rbp + TASK_pi_lock]
    preempt_disable                                         // until our priority is our own: the wakeup may be of a higher one
    mov rsi, r12
    lea rdi, [rbx + RTMUTEX_wait_lock]
    call _raw_spin_unlock_irqrestore
    xor edx, edx                                            // wake_flags
    mov esi, TASK_UNINTERRUPTIBLE                           // only if it still waits for a lock
    mov rdi, r13
    call try_to_wake_up
    lea rdi, [rbp + TASK_pi_lock]                           // rt_mutex_adjust_prio
    call _raw_spin_lock_irqsave
    mov r12, rax
    mov rdi, rbp
    call __rt_mutex_adjust_prio
    mov rsi, r12
    lea rdi, [rbp + TASK_pi_lock]
    call _raw_spin_unlock_irqrestore
    preempt_enable
.Lout:
    pop rbx
    pop rbp
    pop r12
    pop r13
    ret
.Lnobody_waits:                                             // bit 0 without a waiter: who set it went away again, or has yet to come
    mov qword ptr [rbx + RTMUTEX_owner], rbp
    mov rsi, r12
    lea rdi, [rbx + RTMUTEX_wait_lock]
    call _raw_spin_unlock_irqrestore
    mov rax, rbp
    xor edx, edx
    lock cmpxchg qword ptr [rbx + RTMUTEX_owner], rdx
    je .Lout
    jmp .Lagain
