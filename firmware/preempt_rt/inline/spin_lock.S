// static inline void spin_lock(spinlock_t *lock)
// Source: PREEMPT_RT (4.4.70-rt83), include/linux/spinlock_rt.h, spin_lock; migrate_disable is left out: nothing moves a running task
// Entry: rdi the lock
// Clobbers: caller-saved registers
// Lock: taken; the task may have slept for it
//@ inline spin_lock
    call rt_spin_lock
