// void _raw_spin_lock(raw_spinlock_t *lock)
// Source: Linux 4.8, kernel/locking/spinlock.c, _raw_spin_lock; include/asm-generic/qspinlock.h, queued_spin_lock
// Entry: rdi lock
// Exit:  rdi lock
// Clobbers: caller-saved registers; rdi is kept on the fast path
// Lock: taken
//@ state kernel
_raw_spin_lock:
    preempt_disable
    xor eax, eax                                            // expected: nobody holds it, nobody waits
    mov edx, _Q_LOCKED_VAL
    lock cmpxchg dword ptr [rdi], edx
    test eax, eax
    jne .Lcontended
    ret
.Lcontended:
    mov esi, eax                                            // the value seen
    jmp queued_spin_lock_slowpath
