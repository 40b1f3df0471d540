// void scheduler_ipi(void)
// Source: Linux 4.8, kernel/sched/core.c, scheduler_ipi with got_nohz_idle_kick (26 instructions)
// Entry: interrupts off, on the interrupt stack
// Exit:  a NEED_RESCHED set by another core is folded into this core's preempt count; tasks on the wake list are queued
// Clobbers: caller-saved registers if there are any, else rax rdx
// Lock: rq->lock, if there are any
//@ state interrupt
scheduler_ipi:
    push rbp
    push rbx
    mov rax, qword ptr gs:[PERCPU_kernel_stack]
    test dword ptr [rax + TI_flags - THREAD__size], _TIF_NEED_RESCHED // of the interrupted task
    jz .Lfolded
    and dword ptr gs:[PERCPU_preempt_count], 0x7fffffff     // bit 31 clear: a reschedule is due
.Lfolded:
    mov rbx, qword ptr gs:[PERCPU_runqueue]
    cmp qword ptr [rbx + RQ_wake_list], 0x0                 // tasks queued from afar
    jne .Lslow
    mov ebp, dword ptr gs:[PERCPU_cpu_number]
    mov rdx, qword ptr [__per_cpu_offset + rbp*8]
    mov rdx, qword ptr [rdx + PERCPU_runqueue]
    mov rax, qword ptr [rdx + RQ_nohz_flags]
    shr rax, 0x1                                            // NOHZ_BALANCE_KICK
    test al, 0x1
    jnz .Lslow
    pop rbx
    pop rbp
    ret
.Lslow:
    jmp scheduler_ipi_slow
