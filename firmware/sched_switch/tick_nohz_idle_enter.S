// void tick_nohz_idle_enter(void)
// Source: Linux 4.8, kernel/time/tick-sched.c, tick_nohz_idle_enter (10 instructions)
// Entry: interrupts on
// Exit:  idle time is being counted; interrupts on
// Clobbers: caller-saved registers
// Lock: none held
//@ state idle
tick_nohz_idle_enter:
    pushfq
    pop rax
    test ah, 0x2                                            // IF
    jz .Lunsupported
    call set_cpu_sd_state_idle
    cli
    mov rdi, qword ptr gs:[PERCPU_this_cpu_off]
    lea rdi, [rdi + PERCPU_tick_sched]
    mov dword ptr [rdi + TS_inidle], 0x1
    call __tick_nohz_idle_enter
    sti
    ret
.Lunsupported:
    //@ event unsupported
    ud2
