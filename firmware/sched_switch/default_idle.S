// void default_idle(void)
// Source: Linux 4.8, arch/x86/kernel/process.c, default_idle (3 instructions)
// Entry: interrupts off
// Exit:  an interrupt came; interrupts on
// Clobbers: none
// Lock: none held
//@ state idle
default_idle:
    sti
    hlt                                                     // no interrupt between the two
    ret
