// void scheduler_tick(void)
// Source: Linux 4.8, kernel/sched/core.c, scheduler_tick (no load balancing and no global load average: not modelled)
// Entry: interrupts off, in the timer interrupt
// Exit:  the running task has been charged, and told to make room if its slice is over
// Clobbers: caller-saved registers
// Lock: takes and releases this core's rq->lock
//@ state interrupt
scheduler_tick:
    push rbp
    push rbx
    mov eax, dword ptr gs:[PERCPU_cpu_number]
    mov rbx, qword ptr [__per_cpu_offset + rax*8]
    mov rbx, qword ptr [rbx + PERCPU_runqueue]              // rq
    call sched_clock_tick
    lea rdi, [rbx + RQ_lock]
    call _raw_spin_lock
    mov rdi, rbx
    call update_rq_clock
    mov rbp, qword ptr [rbx + RQ_curr]
    mov rax, qword ptr [rbp + TASK_sched_class]
    xor edx, edx                                            // queued
    mov rsi, rbp
    mov rdi, rbx
    call qword ptr [rax + SCLASS_task_tick]
    mov rax, qword ptr [jiffies_64]
    mov qword ptr [rbx + RQ_last_load_update_tick], rax     // cpu_load_update_active
    inc qword ptr [rbx + RQ_nr_load_updates]
    mov rax, qword ptr [rbx + RQ_cfs + CFS_runnable_load_avg]
    mov qword ptr [rbx + RQ_cpu_load], rax                  // cpu_load[0]; the slower averages serve balancing only
    raw_spin_unlock [rbx + RQ_lock]
    mov edi, dword ptr [rbx + RQ_cpu]
    call idle_cpu
    mov dword ptr [rbx + RQ_idle_balance], eax
    pop rbx
    pop rbp
    ret
