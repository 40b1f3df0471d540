// void sched_clock_idle_wakeup_event(u64 delta_ns)
// Source: Linux 4.8, kernel/sched/clock.c, sched_clock_idle_wakeup_event (4 instructions)
// Entry: rdi ignored with a stable clock; interrupts off
// Exit:  the clock is current
// Clobbers: caller-saved registers
// Lock: none held
//@ state idle
sched_clock_idle_wakeup_event:
    cmp dword ptr [timekeeping_suspended], 0x0
    jne .Lout
    jmp sched_clock_tick
.Lout:
    ret
