// void cpu_startup_entry(int state)
// Source: own, a stand-in for tests of boot, entry and interrupts: the idle loop: run whoever can, else halt
// Entry: as the prototype
// Exit:  as the prototype
// Clobbers: caller-saved registers
// Lock: none
//@ state idle
cpu_startup_entry:
    cli
    call schedule
    sti
    hlt
    jmp cpu_startup_entry
