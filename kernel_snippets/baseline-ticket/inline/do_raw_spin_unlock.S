// static inline void do_raw_spin_unlock(raw_spinlock_t *lock)
// Source: Linux 4.1, arch/x86/include/asm/spinlock.h, arch_spin_unlock without paravirtual locks: head is the owner's, so the
//         addition needs no LOCK
// Entry: \lock the lock, a memory operand
// Clobbers: none
// Lock: the next ticket's
//@ inline do_raw_spin_unlock lock
    add word ptr \lock, 0x1                                 // head
