// static inline void do_raw_spin_unlock(raw_spinlock_t *lock)
// Source: Linux 4.8, arch/x86/include/asm/qspinlock.h, native_queued_spin_unlock: one byte, released by a plain store
// Entry: \lock the lock, a memory operand
// Clobbers: none
// Lock: released; preemption is the caller's to enable
//@ inline do_raw_spin_unlock lock
    mov byte ptr \lock, 0x0
