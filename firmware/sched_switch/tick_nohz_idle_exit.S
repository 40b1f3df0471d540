// void tick_nohz_idle_exit(void)
// Source: Linux 4.8, kernel/time/tick-sched.c, tick_nohz_idle_exit, tick_nohz_stop_idle, update_ts_time_stats (34 instructions)
// Entry: interrupts on
// Exit:  the idle time is accounted; interrupts on
// Clobbers: caller-saved registers
// Lock: none held
//@ state idle
tick_nohz_idle_exit:
    push rbp
    push rbx
    mov rbx, qword ptr gs:[PERCPU_this_cpu_off]
    lea rbx, [rbx + PERCPU_tick_sched]                      // ts
    cli
    cmp dword ptr [rbx + TS_inidle], 0x0
    je .Lunsupported
    mov dword ptr [rbx + TS_inidle], 0x0
    mov eax, dword ptr [rbx + TS_idle_active]
    or eax, dword ptr [rbx + TS_tick_stopped]
    jz .Lrestart
    call ktime_get
    mov rbp, rax                                            // now
    cmp dword ptr [rbx + TS_idle_active], 0x0
    je .Lrestart
    mov edi, dword ptr gs:[PERCPU_cpu_number]
    call nr_iowait_cpu
    mov rdx, rbp
    sub rdx, qword ptr [rbx + TS_idle_entrytime]
    test rax, rax
    jnz .Liowait
    add qword ptr [rbx + TS_idle_sleeptime], rdx
.Laccounted:
    mov qword ptr [rbx + TS_idle_entrytime], rbp
    mov dword ptr [rbx + TS_idle_active], 0x0
    xor edi, edi
    call sched_clock_idle_wakeup_event
.Lrestart:
    cmp dword ptr [rbx + TS_tick_stopped], 0x0
    jne .Lunsupported                                       // the tick is never stopped
    sti
    pop rbx
    pop rbp
    ret
.Liowait:
    add qword ptr [rbx + TS_iowait_sleeptime], rdx
    jmp .Laccounted
.Lunsupported:
    //@ event unsupported
    ud2
