// u64 sched_clock_cpu(int cpu)
// Source: Linux 4.8, kernel/sched/clock.c, sched_clock_cpu where the TSC is stable (2 instructions)
// Entry: edi cpu
// Exit:  rax nanoseconds
// Clobbers: rcx rdx rsi
// Lock: any
//@ state scheduler
sched_clock_cpu:
    nop                                                     // sched_clock_stable() is a patched-out jump
    jmp sched_clock
