// static int try_to_take_rt_mutex(struct rt_mutex *lock, struct task_struct *task, struct rt_mutex_waiter *waiter)
// Source: PREEMPT_RT (4.4.70-rt83), kernel/locking/rtmutex.c, __try_to_take_rt_mutex with STEAL_LATERAL, rt_mutex_set_owner
// Entry: rdi lock, rsi task (this one), rdx its waiter, or 0 if it is not waiting yet; interrupts off
// Exit:  eax 1: the lock is the task's, 0: it is not, and bit 0 of owner is set
// Clobbers: caller-saved registers
// Lock: lock->wait_lock held; takes task->pi_lock inside it
//@ state kernel
//
// rbx lock, rbp task, r12 waiter, r13 the first waiter that stays
try_to_take_rt_mutex:
    push r13
    push r12
    push rbp
    push rbx
    mov rbx, rdi
    mov rbp, rsi
    mov r12, rdx
    lock or qword ptr [rbx + RTMUTEX_owner], 0x1            // mark_rt_mutex_waiters: from now on wait_lock decides
    xor eax, eax
    mov rcx, qword ptr [rbx + RTMUTEX_owner]
    cmp rcx, 0x1
    jne .Lout                                               // somebody owns it
    lea rcx, [rbx + RTMUTEX_waiters]
    mov rdx, qword ptr [rcx + LIST_next]
    cmp rdx, rcx
    je .Ltake                                               // nobody waits
    lea rdi, [rdx - PLIST_list]                             // the first waiter's entry
    test r12, r12
    jz .Lsteal
    cmp rdi, r12
    jne .Lout                                               // it is not our turn
    call plist_del
    jmp .Ltake
.Lsteal:                                                    // a real-time task has to be higher, others may be equal
    mov ecx, dword ptr [rbp + TASK_prio]
    cmp ecx, dword ptr [rdi + PLIST_prio]
    jg .Lout
    jl .Ltake
    cmp ecx, MAX_RT_PRIO
    jl .Lout
.Ltake:
    lea rdi, [rbp + TASK_pi_lock]
    call _raw_spin_lock
    mov qword ptr [rbp + TASK_pi_blocked_on], 0x0
    mov r13, rbp                                            // the new owner, and whether tasks wait
    lea rcx, [rbx + RTMUTEX_waiters]
    mov rdx, qword ptr [rcx + LIST_next]
    cmp rdx, rcx
    je .Lnone_left
    or r13, RT_MUTEX_HAS_WAITERS
    lea rdi, [rdx - PLIST_list + RTWAITER_pi_entry - RTWAITER_entry]    // it is ours to inherit from
    lea rsi, [rbp + TASK_pi_waiters]
    call plist_add
.Lnone_left:
    raw_spin_unlock [rbp + TASK_pi_lock]
    mov qword ptr [rbx + RTMUTEX_owner], r13
    mov eax, 0x1
.Lout:
    pop rbx
    pop rbp
    pop r12
    pop r13
    ret
