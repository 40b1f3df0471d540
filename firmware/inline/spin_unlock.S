// static inline void spin_unlock(spinlock_t *lock)
// Source: Linux 4.8, include/linux/spinlock.h, spin_unlock: a raw lock without PREEMPT_RT
// Entry: \lock the lock, a memory operand
// Clobbers: none here; a caller counts on the callee-saved registers alone, as other kernels call a routine
// Lock: released
//@ inline spin_unlock lock
    mov byte ptr \lock, 0x0
