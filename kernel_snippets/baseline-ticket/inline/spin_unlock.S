// static inline void spin_unlock(spinlock_t *lock)
// Source: Linux 4.1, include/linux/spinlock.h, spin_unlock; arch/x86/include/asm/spinlock.h, arch_spin_unlock
// Entry: \lock the lock, a memory operand
// Clobbers: none here; a caller counts on the callee-saved registers alone, as other kernels call a routine
// Lock: the next ticket's
//@ inline spin_unlock lock
    add word ptr \lock, 0x1                                 // head
