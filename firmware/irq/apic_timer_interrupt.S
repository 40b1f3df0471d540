// asmlinkage void apic_timer_interrupt(void)
// Source: Linux 4.8, arch/x86/entry/entry_64.S, apicinterrupt3 LOCAL_TIMER_VECTOR
// Entry: by interrupt 0xef; rsp the hardware's five words, interrupts off, GS base as interrupted
// Exit:  to ret_from_intr
// Clobbers: none for the interrupted code: ret_from_intr restores all
// Lock: as at the interrupted place
//@ state interrupt
apic_timer_interrupt:
    apicinterrupt LOCAL_TIMER_VECTOR, smp_apic_timer_interrupt
