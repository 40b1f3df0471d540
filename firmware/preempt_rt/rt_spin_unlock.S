// void __lockfunc rt_spin_unlock(spinlock_t *lock)
// Source: PREEMPT_RT (4.4.70-rt83), kernel/locking/rtmutex.c, rt_spin_unlock, rt_spin_lock_fastunlock
// Entry: rdi lock
// Exit:  this task has its own priority again
// Clobbers: caller-saved registers
// Lock: released, and its first waiter woken
//@ state kernel
rt_spin_unlock:
    mov rax, qword ptr gs:[PERCPU_current]                  // expected: ours, and nobody waits
    xor edx, edx
    lock cmpxchg qword ptr [rdi + RTMUTEX_owner], rdx
    jne rt_spin_lock_slowunlock
    ret
