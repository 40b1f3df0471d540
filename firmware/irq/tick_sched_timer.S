// void tick_sched_timer(void)
// Source: Linux 4.8, kernel/time/tick-sched.c, tick_sched_timer, reduced to what the message path can see: jiffies,
//         the scheduler's tick, the next event (no timer wheel, no softirqs, no RCU callbacks)
// Entry: interrupts off, in a timer interrupt
// Exit:  the local timer runs again
// Clobbers: caller-saved registers
// Lock: none held
//@ state interrupt
tick_sched_timer:
    cmp dword ptr gs:[PERCPU_cpu_number], 0x0               // tick_do_timer_cpu
    jne .Ljiffies_current
    inc qword ptr [jiffies_64]
.Ljiffies_current:
    call scheduler_tick
    mov esi, dword ptr [lapic_timer_period]
    mov edi, XAPIC_timer_initial
    jmp native_apic_mem_write
