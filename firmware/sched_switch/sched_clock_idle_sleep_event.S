// void sched_clock_idle_sleep_event(void)
// Source: Linux 4.8, kernel/sched/clock.c, sched_clock_idle_sleep_event (2 instructions)
// Entry: interrupts off
// Exit:  rax the clock
// Clobbers: caller-saved registers
// Lock: none held
//@ state idle
sched_clock_idle_sleep_event:
    mov edi, dword ptr gs:[PERCPU_cpu_number]
    jmp sched_clock_cpu
