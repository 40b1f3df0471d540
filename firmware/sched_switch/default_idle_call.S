// void default_idle_call(void)
// Source: Linux 4.8, kernel/sched/idle.c, default_idle_call (7 instructions)
// Entry: interrupts off
// Exit:  an interrupt came, or a reschedule was due already; interrupts on
// Clobbers: caller-saved registers
// Lock: none held
//@ state idle
thread_flags
default_idle_call:
    mov rax, qword ptr gs:[PERCPU_kernel_stack]
    lock and byte ptr [rax + TI_flags - THREAD__size + TI_POLLING_BYTE], ~TIF_POLLING // from here only an interrupt wakes
// smp_mb__after_atomic: NEED_RESCHED is loaded after POLLING_NRFLAG is off; the LOCK prefix does it
    test byte ptr [rax + TI_flags - THREAD__size], _TIF_NEED_RESCHED
    jnz .Ldue
    jmp arch_cpu_idle
.Ldue:
    sti
    ret
