// void schedule_tail(struct task_struct *prev)
// Source: own, a stand-in for tests of boot, entry and interrupts: nothing is held here: interrupts on
// Entry: as the prototype
// Exit:  as the prototype
// Clobbers: caller-saved registers
// Lock: none
//@ state scheduler
schedule_tail:
    sti
    ret
