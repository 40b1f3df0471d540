// void _raw_spin_unlock_irqrestore(raw_spinlock_t *lock, unsigned long flags)
// Source: Linux 4.8, kernel/locking/spinlock.c, _raw_spin_unlock_irqrestore
// Entry: rdi lock, rsi flags from _raw_spin_lock_irqsave
// Exit:  interrupts as they were
// Clobbers: none
// Lock: released
//@ state kernel
_raw_spin_unlock_irqrestore:
    do_raw_spin_unlock [rdi]
    push rsi
    popfq
    preempt_enable
    ret
