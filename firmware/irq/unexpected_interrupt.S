// asmlinkage void unexpected_interrupt(void)
// Source: emu: what every gate leads to that no code here expects; the engine stops at an exception before it gets here
// Entry: by an interrupt, interrupts off
// Exit:  never
// Clobbers: none
// Lock: as at the interrupted place
//@ state interrupt
unexpected_interrupt:
    //@ event unsupported
    ud2
