// void irq_enter(void)
// Source: Linux 4.8, kernel/softirq.c, irq_enter
// Entry: interrupts off
// Exit:  the preempt count says: in a hard interrupt
// Clobbers: none
// Lock: none taken
//@ state interrupt
irq_enter:
    add dword ptr gs:[PERCPU_preempt_count], HARDIRQ_OFFSET
    ret
