// static inline void raw_spin_unlock(raw_spinlock_t *lock)
// Source: Linux 4.8, include/linux/spinlock_api_smp.h, __raw_spin_unlock
// Entry: \lock the lock, a memory operand
// Clobbers: flags
// Lock: released
//@ inline raw_spin_unlock lock
    do_raw_spin_unlock \lock
    preempt_enable
