// static inline void spin_lock(spinlock_t *lock)
// Source: Linux 4.8, include/linux/spinlock.h, spin_lock: a raw lock without PREEMPT_RT
// Entry: rdi the lock
// Clobbers: caller-saved registers
// Lock: taken
//@ inline spin_lock
    call _raw_spin_lock
