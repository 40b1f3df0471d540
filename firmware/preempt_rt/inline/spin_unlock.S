// static inline void spin_unlock(spinlock_t *lock)
// Source: PREEMPT_RT (4.4.70-rt83), include/linux/spinlock_rt.h, spin_unlock
// Entry: \lock the lock, a memory operand
// Clobbers: caller-saved registers
// Lock: released
//@ inline spin_unlock lock
    lea rdi, \lock
    call rt_spin_unlock
