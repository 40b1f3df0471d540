// static void __tick_nohz_idle_enter(struct tick_sched *ts)
// Source: Linux 4.8, kernel/time/tick-sched.c, __tick_nohz_idle_enter with tick_nohz_start_idle, can_stop_idle_tick and
//         tick_nohz_stop_sched_tick inlined (62 instructions when the tick is kept)
// Entry: rdi ts, interrupts off
// Exit:  idle time is counted from now; RCU still needs the tick, so it goes on
// Clobbers: caller-saved registers
// Lock: none held
//@ state idle
    .set TICK_NSEC, 0x3d0900                                // HZ=250
__tick_nohz_idle_enter:
    push r15
    push r14
    push r13
    push r12
    push rbp
    push rbx
    sub rsp, 0x8                                            // next_rcu
    mov rbx, rdi                                            // ts
    mov r13d, dword ptr gs:[PERCPU_cpu_number]
    call ktime_get
    mov r12, rax                                            // now
    mov qword ptr [rbx + TS_idle_entrytime], rax
    mov dword ptr [rbx + TS_idle_active], 0x1
    call sched_clock_idle_sleep_event
// can_stop_idle_tick
    bt qword ptr [__cpu_online_mask], r13
    jnc .Lunsupported
    cmp dword ptr [rbx + TS_nohz_mode], 0x0
    je .Lno_nohz
    mov rax, qword ptr gs:[PERCPU_kernel_stack]
    test byte ptr [rax + TI_flags - THREAD__size], _TIF_NEED_RESCHED
    jnz .Lout
    cmp dword ptr gs:[PERCPU_softirq_pending], 0x0
    jne .Lunsupported
    mov r14d, dword ptr [rbx + TS_tick_stopped]             // was_stopped
    inc qword ptr [rbx + TS_idle_calls]
// tick_nohz_stop_sched_tick
    mov rbp, qword ptr gs:[PERCPU_evtdev]                   // dev
.Lretry:
    mov eax, dword ptr [jiffies_lock]
    test al, 0x1
    jnz .Lwriter
    mov r15, qword ptr [last_jiffies_update]                // basemono
    mov rcx, qword ptr [jiffies_64]                         // basejiff
    cmp dword ptr [jiffies_lock], eax
    jne .Lretry
    mov qword ptr [rbx + TS_last_jiffies], rcx
    mov rsi, rsp                                            // &next_rcu
    mov rdi, r15
    call rcu_needs_cpu
    test eax, eax
    jz .Lunsupported                                        // the tick could be stopped: not modelled
    lea rax, [r15 + TICK_NSEC]                              // next_tick
    sub rax, r15                                            // delta
    cmp rax, TICK_NSEC
    ja .Lunsupported
    call timer_clear_idle
    test r14d, r14d
    jnz .Lunsupported                                       // never stopped before
    mov rax, qword ptr [rbp + EVTDEV_next_event]
    sub rax, r12
    mov qword ptr [rbx + TS_sleep_length], rax
// Nothing expires: idle_sleeps and idle_jiffies stay
.Lout:
    add rsp, 0x8
    pop rbx
    pop rbp
    pop r12
    pop r13
    pop r14
    pop r15
    ret
.Lwriter:
    pause
    jmp .Lretry
.Lno_nohz:
    mov qword ptr [rbx + TS_sleep_length], TICK_NSEC
    jmp .Lout
.Lunsupported:
    //@ event unsupported
    ud2
