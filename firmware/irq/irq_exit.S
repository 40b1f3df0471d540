// void irq_exit(void)
// Source: Linux 4.8, kernel/softirq.c, irq_exit
// Entry: interrupts off
// Exit:  the hard interrupt is over; softirqs are not modelled, and none may be pending
// Clobbers: eax
// Lock: none taken
//@ state interrupt
irq_exit:
    sub dword ptr gs:[PERCPU_preempt_count], HARDIRQ_OFFSET
    cmp dword ptr gs:[PERCPU_softirq_pending], 0x0
    jne .Lsoftirq
    ret
.Lsoftirq:
    //@ event unsupported
    ud2
