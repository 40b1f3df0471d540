// static inline void raw_spin_unlock(raw_spinlock_t *lock)
// Source: Linux 4.8, arch/x86/include/asm/qspinlock.h, native_queued_spin_unlock: one byte, released by a plain store
// Entry: \lock the lock, a memory operand
// Clobbers: none
// Lock: released
//@ inline raw_spin_unlock lock
    mov byte ptr \lock, 0x0
