// static int task_blocks_on_rt_mutex(struct rt_mutex *lock, struct rt_mutex_waiter *waiter, struct task_struct *task)
// Source: PREEMPT_RT (4.4.70-rt83), kernel/locking/rtmutex.c, task_blocks_on_rt_mutex. Chains are not followed: a task of the message
//         path waits for a lock only while it owns none, so an owner that waits itself stops the run
// Entry: rdi lock, rsi task (this one), rdx waiter, not filled in; interrupts off
// Exit:  the task is among the waiters; the owner has at least its priority
// Clobbers: caller-saved registers
// Lock: lock->wait_lock held; takes the pi_lock of the task, then of the owner
//@ state kernel
//
// rbx lock, rbp task, then owner, r12 waiter, r13 the waiter that was first before
task_blocks_on_rt_mutex:
    push r13
    push r12
    push rbp
    push rbx
    mov rbx, rdi
    mov rbp, rsi
    mov r12, rdx
    lea rdi, [rbp + TASK_pi_lock]
    call _raw_spin_lock
    mov qword ptr [r12 + RTWAITER_task], rbp
    mov qword ptr [r12 + RTWAITER_lock], rbx
    mov eax, dword ptr [rbp + TASK_prio]
    mov dword ptr [r12 + RTWAITER_entry + PLIST_prio], eax
    mov dword ptr [r12 + RTWAITER_pi_entry + PLIST_prio], eax
    xor r13d, r13d
    lea rsi, [rbx + RTMUTEX_waiters]
    mov rax, qword ptr [rsi + LIST_next]
    cmp rax, rsi
    je .Lnobody_before
    lea r13, [rax - RTWAITER_entry - PLIST_list]
.Lnobody_before:
    lea rdi, [r12 + RTWAITER_entry]
    call plist_add
    mov qword ptr [rbp + TASK_pi_blocked_on], r12
    raw_spin_unlock [rbp + TASK_pi_lock]
    mov rbp, qword ptr [rbx + RTMUTEX_owner]
    and rbp, -0x2                                           // rt_mutex_owner
    jz .Lout                                                // it has just been released to the first waiter
    mov rax, qword ptr [rbx + RTMUTEX_waiters + LIST_next]
    sub rax, RTWAITER_entry + PLIST_list
    cmp rax, r12
    jne .Lout                                               // not the first: the owner has that one's priority already
    lea rdi, [rbp + TASK_pi_lock]
    call _raw_spin_lock
    test r13, r13
    jz .Lno_other
    lea rdi, [r13 + RTWAITER_pi_entry]
    call plist_del
.Lno_other:
    lea rsi, [rbp + TASK_pi_waiters]
    lea rdi, [r12 + RTWAITER_pi_entry]
    call plist_add
    mov rdi, rbp
    call __rt_mutex_adjust_prio
    cmp qword ptr [rbp + TASK_pi_blocked_on], 0x0
    jne .Lunsupported                                       // rt_mutex_adjust_prio_chain
    raw_spin_unlock [rbp + TASK_pi_lock]
.Lout:
    pop rbx
    pop rbp
    pop r12
    pop r13
    ret
.Lunsupported:
    //@ event unsupported
    ud2
