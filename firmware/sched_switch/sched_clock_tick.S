// void sched_clock_tick(void)
// Source: Linux 4.8, kernel/sched/clock.c, sched_clock_tick (2 instructions): a stable clock needs no correction
// Entry: interrupts off
// Exit:  nothing done
// Clobbers: none
// Lock: none held
//@ state idle
sched_clock_tick:
    ret
