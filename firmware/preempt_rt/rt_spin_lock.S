// void __lockfunc rt_spin_lock(spinlock_t *lock)
// Source: PREEMPT_RT (4.4.70-rt83), kernel/locking/rtmutex.c, rt_spin_lock, rt_spin_lock_fastlock
// Entry: rdi lock; preemption enabled
// Exit:  rdi kept on the fast path
// Clobbers: caller-saved registers
// Lock: taken; the task may have slept for it
//@ state kernel
rt_spin_lock:
    mov rdx, qword ptr gs:[PERCPU_current]
    xor eax, eax                                            // expected: nobody owns it, nobody waits
    lock cmpxchg qword ptr [rdi + RTMUTEX_owner], rdx
    jne rt_spin_lock_slowlock
    ret
