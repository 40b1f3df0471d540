// asmlinkage void reschedule_interrupt(void)
// Source: Linux 4.8, arch/x86/entry/entry_64.S, apicinterrupt3 RESCHEDULE_VECTOR (26 instructions)
// Entry: by interrupt 0xfd; rsp the hardware's five words, interrupts off, GS base as interrupted
// Exit:  to ret_from_intr
// Clobbers: none for the interrupted code: ret_from_intr restores all
// Lock: as at the interrupted place
//@ state interrupt
reschedule_interrupt:
    apicinterrupt RESCHEDULE_VECTOR, smp_reschedule_interrupt
