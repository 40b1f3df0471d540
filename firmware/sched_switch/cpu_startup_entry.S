// void cpu_startup_entry(enum cpuhp_state state)
// Source: Linux 4.8, kernel/sched/idle.c, cpu_startup_entry, cpu_idle_loop, cpuidle_idle_call (54 instructions an idle episode)
// Entry: edi state (CPUHP_ONLINE), on the idle task's stack, interrupts off
// Exit:  never
// Clobbers: all
// Lock: none held
//@ state idle
    thread_flags
cpu_startup_entry:
    sti
    mov rbx, qword ptr gs:[PERCPU_kernel_stack]
    lea rbx, [rbx - THREAD__size]                           // thread_info
    mov r12d, dword ptr gs:[PERCPU_cpu_number]
.Lepisode:
    lock or byte ptr [rbx + TI_flags + TI_POLLING_BYTE], TIF_POLLING // from now on a flag suffices to wake this core
    call quiet_vmstat
    call tick_nohz_idle_enter
    mov eax, dword ptr [rbx + TI_flags]
    test al, _TIF_NEED_RESCHED
    jnz .Lleave
.Lidle:
    lfence                                                  // rmb: what woke this core is loaded anew
    bt qword ptr [__cpu_online_mask], r12
    jnc .Lunsupported
    cli
    call arch_cpu_idle_enter
    mov eax, dword ptr [cpu_idle_force_poll]
    test eax, eax
    jnz .Lunsupported
    call tick_check_broadcast_expired
    test eax, eax
    jnz .Lunsupported
// cpuidle_idle_call
    mov rbp, qword ptr gs:[PERCPU_cpuidle_devices]          // dev
    mov rdi, rbp
    call cpuidle_get_cpu_driver
    mov r13, rax                                            // drv
    mov eax, dword ptr [rbx + TI_flags]
    test al, _TIF_NEED_RESCHED
    jnz .Lawake
    call rcu_idle_enter
    mov rsi, rbp
    mov rdi, r13
    call cpuidle_not_available
    test eax, eax
    jz .Lunsupported                                        // a driver would choose a deeper state
    call default_idle_call
    lock or byte ptr [rbx + TI_flags + TI_POLLING_BYTE], TIF_POLLING
    pushfq
    pop rax
    test ah, 0x2                                            // IF: whatever idled must have enabled interrupts
    jz .Lunsupported
    call rcu_idle_exit
.Lidled:
    call arch_cpu_idle_exit
    mov eax, dword ptr [rbx + TI_flags]
    test al, _TIF_NEED_RESCHED
    jz .Lidle
.Lleave:
    and dword ptr gs:[PERCPU_preempt_count], 0x7fffffff     // preempt_set_need_resched: the bit is inverted
    call tick_nohz_idle_exit
    lock and byte ptr [rbx + TI_flags + TI_POLLING_BYTE], ~TIF_POLLING
// smp_mb__after_atomic: the wake list is read after polling is seen to be off; the LOCK prefix does it
    call sched_ttwu_pending
    call schedule_preempt_disabled
    jmp .Lepisode
.Lawake:
    sti
    jmp .Lidled
.Lunsupported:
    //@ event unsupported
    ud2
